"""Scores are taken in bulk, row by row, and decide at once who passes."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from services.assessment.batches.domain import EXAMINED, Batch
from services.assessment.batches.storage import taking_rows
from services.assessment.entries.domain import Entry, State
from services.assessment.entries.storage import among
from services.assessment.scores.commands import ScoreRow
from services.assessment.scores.domain import Scores, TwiceScored, UnknownEntry, Unmarked, has_passed, marked
from shared.act import Act
from shared.clock import Clock
from shared.http.rows import Line, Refused, RowsTaken, refused_by, runs
from shared.rulebook import Rulebook
from shared.storage.store import Decision, Store

Read = Line[ScoreRow] | Refused
RULE = "scores are taken from the beginning of the exam until sheets are sealed"
Marks = dict[str, tuple[int, Scores]]


@dataclass(frozen=True)
class Scoring:
    """The scores room."""

    entries: Store[Entry]
    batches: Store[Batch]
    rules: Rulebook
    clock: Clock

    async def score(self, act: Act, batch_id: str, rows: Iterable[Read]) -> RowsTaken:
        """Good rows are scored, or scored anew; bad rows are named."""
        taken = RowsTaken(accepted=0, refused=[])
        step = self.rules.number("score.step", on=self.clock.today())
        seen: set[str] = set()
        async with taking_rows(self.batches, batch_id, act, EXAMINED, RULE) as batch:
            for run in runs(rows):
                await self._save(act, batch, _marks(batch, step, run, seen, taken.refused), taken)
        taken.refused.sort(key=lambda row: row.line)
        return taken

    async def _save(self, act: Act, batch: Batch, marks: Marks, taken: RowsTaken) -> None:
        known = await among(self.entries, batch.id, marks) if marks else set()
        for entry, (line, _) in marks.items():
            if entry not in known:
                fault = UnknownEntry("the batch has no such entry; list its entries", field="/entry")
                taken.refused.append(refused_by(line, fault))
        await self.entries.change_all({entry: (act, _scoring(batch, marks[entry][1])) for entry in known})
        taken.accepted += len(known)


def _scoring(batch: Batch, scores: Scores) -> "partial[Decision[Entry]]":
    state = State.PASSED if has_passed(batch.parts, scores) else State.FAILED
    return partial(_scored, scores=scores, state=state)


def _scored(entry: Entry, scores: Scores, state: State) -> Decision[Entry]:
    return entry.having(scores=scores, state=state), []


def _marks(batch: Batch, step: float, run: Iterable[Read], seen: set[str], refused: list[Refused]) -> Marks:
    marks: Marks = {}
    for row in run:
        if isinstance(row, Refused):
            refused.append(row)
            continue
        line, asked = row
        try:
            marks[asked.entry] = (line, _first(batch, step, asked, seen))
        except (Unmarked, TwiceScored) as fault:
            refused.append(refused_by(line, fault))
    return marks


def _first(batch: Batch, step: float, asked: ScoreRow, seen: set[str]) -> Scores:
    if asked.entry in seen:
        raise TwiceScored("this entry stands on an earlier row; send one row for it", field="/entry")
    scores = marked(batch.parts, asked.given(), step)
    seen.add(asked.entry)
    return scores
