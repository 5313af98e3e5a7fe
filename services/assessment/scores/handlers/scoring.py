"""Score sheets are taken in bulk, row by row; each is its assessor's own, and decides at once what follows from it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from services.assessment.batches.domain import EXAMINED, Batch
from services.assessment.batches.storage import taking_rows
from services.assessment.entries.domain import Entry
from services.assessment.entries.storage import owners
from services.assessment.mirrors.handlers import Mirrors
from services.assessment.scores.commands import SheetRow
from services.assessment.scores.domain import Paper, SheetRefused, Signed, WrongPaper, part_of, scored, signed, spelled
from services.assessment.scores.handlers.papers import ScorePapers
from services.assessment.scores.storage import batch_for
from shared.act import EVERYTHING, Act, Scope
from shared.auth import Caller, Role
from shared.clock import Clock
from shared.errors import Fault
from shared.http.rows import Line, Refused, RowsTaken, refused_by, runs
from shared.storage.store import Decision, Store

Read = Line[SheetRow] | Refused
Outcomes = dict[int, Fault | None]
Lines = dict[str, list[tuple[int, Signed]]]
RULE = "sheets are taken from the beginning of the exam until they are sealed"


@dataclass(frozen=True)
class Reading:
    """One request: by what its rows are read, whose cards they may name, and which sheets it named so far."""

    batch: Batch
    papers: Mapping[str, Paper]
    known: Mapping[str, str]
    caller: Caller | None
    seen: set[tuple[str, str, str]]


@dataclass(frozen=True)
class Scoring:
    """The sheets of candidates."""

    entries: Store[Entry]
    batches: Store[Batch]
    papers: ScorePapers
    mirrors: Mirrors
    clock: Clock

    async def score(self, act: Act, batch_id: str, rows: Iterable[Read]) -> RowsTaken:
        """Good rows are signed sheets, bad rows are named; the same rows again change nothing.

        Rows of one file may come in several calls under one act, if their lines count through the file.
        """
        taken = RowsTaken(accepted=0, refused=[])
        await batch_for(self.batches, batch_id, act.caller, act.scope)
        writing = replace(act, scope=EVERYTHING)  # the caller's reach was just looked at
        async with taking_rows(self.batches, batch_id, writing, EXAMINED, RULE) as batch:
            reading = await self._reading(batch, act.caller)
            for run in runs(rows):
                await self._take(reading, writing, run, taken)
        taken.refused.sort(key=lambda row: row.line)
        return taken

    async def check(
        self, batch_id: str, rows: Iterable[Read], caller: Caller | None = None, scope: Scope = EVERYTHING
    ) -> RowsTaken:
        """What `score` would answer; nothing is changed."""
        taken = RowsTaken(accepted=0, refused=[])
        batch = await batch_for(self.batches, batch_id, caller, scope)
        batch.must_be(EXAMINED, RULE)
        reading = await self._reading(batch, caller)
        for run in runs(rows):
            await self._take(reading, None, run, taken)
        taken.refused.sort(key=lambda row: row.line)
        return taken

    async def _reading(self, batch: Batch, caller: Caller | None) -> Reading:
        papers = {paper.part: paper for paper in await self.papers.all_of(batch)}
        return Reading(batch, papers, await self._known(batch), caller, set())

    async def _known(self, batch: Batch) -> Mapping[str, str]:
        """Who somebody is that signs with whatever is written on a card of theirs."""
        cards = await self.mirrors.cards_known(batch.assignment.cards)
        held = await self.mirrors.cards_held(cards.values())
        return {
            spelled(name): cards[card].who
            for card, rows in held.items()
            for row in rows
            for name in (row.id, row.number)
        }

    async def _take(self, reading: Reading, act: Act | None, run: Iterable[Read], taken: RowsTaken) -> None:
        """One run of rows; without an act they are only looked at."""
        outcomes: Outcomes = {}
        lines = await self._lines(reading, self._signed(reading, run, taken.refused), outcomes)
        if act:
            wanted = {
                entry: (_part_of(act, rows), partial(_decided, batch=reading.batch, rows=rows, outcomes=outcomes))
                for entry, rows in lines.items()
            }
            await self.entries.change_all(wanted)
        # what an earlier try of this very request wrote, and all that is only looked at
        left = [entry for entry, rows in lines.items() if any(line not in outcomes for line, _ in rows)]
        for found in await self.entries.find({"_id": {"$in": left}}) if left else ():
            _decided(found, reading.batch, lines[found.id], outcomes)
        taken.refused += [refused_by(line, fault) for line, fault in outcomes.items() if fault]
        taken.accepted += sum(fault is None for fault in outcomes.values())

    def _signed(self, reading: Reading, run: Iterable[Read], refused: list[Refused]) -> dict[int, Signed]:
        made: dict[int, Signed] = {}
        at = self.clock.now()
        for row in run:
            if isinstance(row, Refused):
                refused.append(row)
                continue
            line, asked = row
            try:
                _must_be_own(reading.caller, asked)
                part_of(reading.batch, asked.part)
                made[line] = _first(reading, _signed(reading, asked, at))
            except (SheetRefused, WrongPaper) as fault:
                refused.append(refused_by(line, fault))
        return made

    async def _lines(self, reading: Reading, made: Mapping[int, Signed], outcomes: Outcomes) -> Lines:
        """The rows by entry; a work piece that nobody has is refused."""
        pieces = {row.work_piece for row in made.values()}
        whose = await owners(self.entries, reading.batch.id, pieces) if pieces else {}
        lines: Lines = {}
        for line, row in made.items():
            if entry := whose.get((row.part, row.work_piece)):
                lines.setdefault(entry, []).append((line, row))
            else:
                told = "nobody has this work piece at this part; look at the tickets of the batch"
                outcomes[line] = SheetRefused(told, field="/work_piece", rule="work-piece-unknown")
        return lines


def _decided(entry: Entry, batch: Batch, rows: Sequence[tuple[int, Signed]], outcomes: Outcomes) -> Decision[Entry]:
    """The entry with its sheets; what became of each row is noted, and noted anew when it is decided anew."""
    for line, row in rows:
        try:
            entry = scored(entry, batch, row)
            outcomes[line] = None
        except SheetRefused as fault:
            outcomes[line] = fault
    return entry, []


def _part_of(act: Act, rows: Sequence[tuple[int, Signed]]) -> Act:
    """An act of its own for the rows of one entry in one run: another run may hold further rows of the same entry."""
    return replace(act, id=f"{act.id}.{rows[0][0]}-{rows[-1][0]}")


def _must_be_own(caller: Caller | None, row: SheetRow) -> None:
    if caller and caller.role is Role.ASSESSOR and row.scorer != caller.subject:
        told = "an assessor sends their own sheets only; the scorer is your card"
        raise SheetRefused(told, field="/scorer", rule="not-own-sheet")


def _signed(reading: Reading, asked: SheetRow, at: datetime) -> Signed:
    return signed(reading.batch, reading.papers[asked.part], asked, at, reading.known)


def _first(reading: Reading, row: Signed) -> Signed:
    if row.key in reading.seen:
        told = "this sheet stands on an earlier row; send one row for it"
        raise SheetRefused(told, field="/work_piece", rule="duplicate")
    reading.seen.add(row.key)
    return row
