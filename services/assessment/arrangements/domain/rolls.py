"""Rolls: runs of candidates in the order in which they are given tickets and places, written down before any is given.

Who gets which place follows from the roll and the rooms alone. So whoever gives them again, after a crash or at the
same time, gives the same, though somebody may have withdrawn meanwhile.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from services.assessment.arrangements.domain.pieces import Pieces
from services.assessment.arrangements.domain.rooms import block_at, blocks
from services.assessment.batches.domain import Batch
from services.assessment.entries.domain import Entry, Place, State
from shared.entity import Entity
from shared.events.base import Event, Record

TICKETED = (State.ENROLLED, State.WITHDRAWN)
"""Who withdraws after the rooms are arranged keeps the ticket, and is not examined."""


class Sitter(Record):
    """A candidate and the parts that are sat."""

    entry: str
    parts: tuple[str, ...]


class Roll(Entity):
    """One run of an arrangement; `before` and `after` count who sits each part before it and with it."""

    unit: str
    batch: str
    arrangement: int
    number: int
    first: int
    """Serial of its first ticket, counted from 1."""
    before: Mapping[str, int]
    after: Mapping[str, int]
    rows: tuple[Sitter, ...]

    @property
    def last(self) -> int:
        """Serial of its last ticket."""
        return self.first + len(self.rows) - 1


class Series(Entity):
    """The number a batch's arrangement has among those of its line and day; tickets carry it."""

    batch: str
    arrangement: int
    day: date
    number: int

    def ticket(self, pattern: str, serial: int) -> str:
        """A ticket's number, by the rule `ticket.number`."""
        return pattern.format(day=self.day, line=self.authority, batch=self.number, serial=serial)


class Given(NamedTuple):
    """What a candidate is given."""

    ticket: str
    places: tuple[Place, ...]


def roll_id(batch: Batch, number: int) -> str:
    """A roll is known by its batch, arrangement and number: who makes it twice meets the first."""
    return f"{batch.id}.{batch.arrangement}.{number}"


def roll_of(batch: Batch, last: Roll | None, entries: Sequence[Entry]) -> Roll:
    """The roll after another, or the first."""
    rows = tuple(
        Sitter(entry=entry.id, parts=tuple(part.id for part in entry.to_sit(batch.parts))) for entry in entries
    )
    before = dict(last.after) if last else {part.id: 0 for part in batch.parts}
    number = last.number + 1 if last else 1
    return Roll(
        id=roll_id(batch, number),
        authority=batch.authority,
        unit=batch.unit,
        batch=batch.id,
        arrangement=batch.arrangement,
        number=number,
        first=last.last + 1 if last else 1,
        before=before,
        after={part: many + sum(part in row.parts for row in rows) for part, many in before.items()},
        rows=rows,
    )


def given(batch: Batch, roll: Roll, series: Series, pattern: str, pieces: Pieces) -> dict[str, Given]:
    """The ticket and places of everybody on a roll, by entry."""
    filled = {part.id: blocks(batch.rooms, part.id) for part in batch.parts}
    positions = dict(roll.before)
    found: dict[str, Given] = {}
    for serial, row in enumerate(roll.rows, start=roll.first):
        places = []
        for part in row.parts:
            position, positions[part] = positions[part], positions[part] + 1
            block = block_at(filled[part], position)
            places.append(
                Place(
                    part=part,
                    room=block.room.name,
                    station=position - block.first + 1,
                    turn=block.turn,
                    work_piece=pieces.number(part, position),
                )
            )
        found[row.entry] = Given(series.ticket(pattern, serial), tuple(places))
    return found


def ticketed(entry: Entry, arrangement: int, mine: Given) -> tuple[Entry, Sequence[Event]]:
    """The entry with its ticket and places; what a newer arrangement gave stays."""
    if entry.arrangement >= arrangement or entry.state not in TICKETED:
        return entry, []
    return entry.having(ticket=mine.ticket, places=mine.places, arrangement=arrangement), []
