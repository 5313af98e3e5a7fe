"""Attendance is noted in bulk, row by row, and read back as counts and as each room's record."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from pydantic import BaseModel, Field

from services.assessment.arrangements.commands import AttendanceRow
from services.assessment.arrangements.domain import (
    NotNoted,
    Roll,
    RoomCount,
    attended,
    must_be_notable,
    must_name_one,
    noted,
    room_counts,
)
from services.assessment.arrangements.storage import last_roll, marked, named, noted_in_room, withdrawn
from services.assessment.batches.domain import EXAMINED, Batch, Room
from services.assessment.batches.storage import taking_rows
from services.assessment.entries.domain import Attendance, Entry
from shared.act import Act, Scope
from shared.clock import Clock
from shared.errors import NotFound
from shared.http.rows import Line, Refused, RowsTaken, at_most, refused_by, runs
from shared.rulebook import Rulebook
from shared.storage.store import Store
from shared.workdays import local_day

Read = Line[AttendanceRow] | Refused
Rows = list[tuple[int, AttendanceRow]]
MOST_ROWS = 5_000  # each changes the result of its candidate, and the request is answered within five seconds
RULE = "attendance is noted from the beginning of the exam until sheets are sealed"


class RowNoted(BaseModel):
    """What was noted of one candidate in a room, by whom and when."""

    entry: str
    ticket: str
    holder: str = Field(description="masked name")
    station: int
    turn: int
    mark: str
    minutes: int
    note: str
    at: datetime
    by: str


class RoomRecord(BaseModel):
    """The record of a room (考场记录): the counts, and everybody of whom something was noted."""

    batch: str
    counts: RoomCount
    rows: list[RowNoted]


@dataclass
class Book:
    """What one request notes of a batch: by which rules, when and by whom, and what became of its rows."""

    batch: Batch
    latest: int
    at: datetime
    by: str
    taken: RowsTaken
    seen: set[tuple[str, str]] = field(default_factory=set)

    def kept(self, line: int, asked: AttendanceRow, found: Entry | None) -> tuple[Entry, Attendance] | None:
        """The entry and what is noted of it; None for a row that is refused."""
        try:
            entry = self._checked(asked, found)
        except NotNoted as fault:
            self.taken.refused.append(refused_by(line, fault))
            return None
        self.taken.accepted += 1
        return entry, noted(asked, self.at, self.by)

    def _checked(self, asked: AttendanceRow, found: Entry | None) -> Entry:
        must_name_one(asked)
        entry = must_be_notable(asked, found, self.batch, self.latest, local_day(self.at))
        if (entry.id, asked.part) in self.seen:
            raise NotNoted("an earlier row notes this candidate at this part; send one", rule="duplicate")
        self.seen.add((entry.id, asked.part))
        return entry


@dataclass(frozen=True)
class Attendances:
    """Who was present, late or absent, or broke the rules."""

    entries: Store[Entry]
    batches: Store[Batch]
    rolls: Store[Roll]
    rules: Rulebook
    clock: Clock

    async def note(self, act: Act, batch_id: str, rows: Iterable[Read]) -> RowsTaken:
        """Good rows are noted, a later one in place of an earlier; bad rows are named."""
        taken, few = RowsTaken(accepted=0, refused=[]), at_most(MOST_ROWS, rows, "whoever is not named was present")
        async with taking_rows(self.batches, batch_id, act, EXAMINED, RULE) as batch:
            latest = self.rules.integer("exam.latest_minutes", on=batch.exam_on)
            book = Book(batch, latest, self.clock.now(), act.actor, taken)
            for number, run in enumerate(runs(few)):
                # Each run is an act of its own: a candidate may stand in two of them, for two parts.
                await self._save(replace(act, id=f"{act.id}.{number}"), book, _readable(run, taken))
        taken.refused.sort(key=lambda row: row.line)
        return taken

    async def _save(self, act: Act, book: Book, rows: Rows) -> None:
        known = await self._known(book.batch, [row for _, row in rows])
        wanted: dict[str, list[Attendance]] = {}
        for line, asked in rows:
            if kept := book.kept(line, asked, known.get(asked.entry or asked.ticket or "")):
                entry, attendance = kept
                wanted.setdefault(entry.id, []).append(attendance)
        await self.entries.change_all(
            {entry: (act, partial(attended, batch=book.batch, rows=mine)) for entry, mine in wanted.items()}
        )

    async def _known(self, batch: Batch, rows: Sequence[AttendanceRow]) -> Mapping[str, Entry]:
        """The entries that rows name, by whichever name a row can use."""
        ids = [row.entry for row in rows if row.entry]
        tickets = [row.ticket for row in rows if row.ticket]
        found = await named(self.entries, batch.id, ids, tickets)
        return {name: entry for entry in found for name in (entry.id, entry.ticket) if name}

    async def summary(self, batch_id: str, scope: Scope) -> Sequence[RoomCount]:
        """How many attended in each room, and how."""
        batch = await self.batches.get(batch_id, scope)
        return await self._counts(batch)

    async def record(self, batch_id: str, number: int, scope: Scope) -> RoomRecord:
        """The record of one room."""
        batch = await self.batches.get(batch_id, scope)
        room = room_of(batch, number)
        entries = await noted_in_room(self.entries, batch, room)
        rows = [row for entry in entries for row in _noted_in(entry, room)]
        counts = (await self._counts(batch))[number - 1]
        return RoomRecord(batch=batch.id, counts=counts, rows=sorted(rows, key=lambda row: (row.turn, row.station)))

    async def _counts(self, batch: Batch) -> Sequence[RoomCount]:
        last = await last_roll(self.rolls, batch)
        gone = await withdrawn(self.entries, batch)
        return room_counts(batch, last.after if last else {}, gone, await marked(self.entries, batch.id))


def room_of(batch: Batch, number: int) -> Room:
    """A room by its place in the batch's list, from 1."""
    if not 1 <= number <= len(batch.rooms):
        raise NotFound(f"the batch has {len(batch.rooms)} rooms, counted from 1")
    return batch.rooms[number - 1]


def _readable(run: Iterable[Read], taken: RowsTaken) -> Rows:
    found: Rows = []
    for row in run:
        if isinstance(row, Refused):
            taken.refused.append(row)
        else:
            found.append(row)
    return found


def _noted_in(entry: Entry, room: Room) -> Iterable[RowNoted]:
    for place in entry.places:
        for row in entry.attendance:
            if (place.part, place.room) == (room.part, room.name) and row.part == room.part:
                yield RowNoted(
                    entry=entry.id,
                    ticket=entry.ticket,
                    holder=entry.holder,
                    station=place.station,
                    turn=place.turn,
                    **row.model_dump(exclude={"part"}),
                )
