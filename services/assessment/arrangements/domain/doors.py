"""What stands on a ticket and on the list at a room's door."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta

from services.assessment.arrangements.domain.rooms import is_online
from services.assessment.batches.domain import Batch, Room
from services.assessment.entries.domain import Entry, Place
from shared.errors import Fault, Kind
from shared.events.base import Record


class NoTicket(Fault):
    """The entry has no ticket of the batch's present arrangement."""

    slug, kind = "no-ticket", Kind.CONFLICT


class PartOnTicket(Record):
    """When and where a candidate sits one part; a turn after the first begins about then."""

    part: str
    on: date
    begins: str
    arrive: str
    turn: int
    room: str
    station: int
    online: bool
    where: str


class RowAtDoor(Record):
    """One line of the list at the door: no name in full, no work-piece number."""

    turn: int
    station: int
    ticket: str
    holder: str
    id_masked: str


def parts_on_ticket(batch: Batch, entry: Entry, early: int, places: dict[str, str]) -> tuple[PartOnTicket, ...]:
    """The parts of a ticket; `early` is in minutes, `places` the names of sites."""
    if not entry.ticket or entry.arrangement != batch.arrangement:
        raise NoTicket("tickets are being given, or the entry is not examined; read the entry and the batch")
    return tuple(_on_ticket(batch, place, early, places) for place in entry.places)


def _on_ticket(batch: Batch, place: Place, early: int, names: dict[str, str]) -> PartOnTicket:
    held = batch.sitting(place.part)
    begins = begins_at(batch, place.part, place.turn)
    return PartOnTicket(
        part=place.part,
        on=held.on,
        begins=f"{begins:%H:%M}",
        arrive=f"{begins - timedelta(minutes=early):%H:%M}",
        turn=place.turn,
        room=place.room,
        station=place.station,
        online=is_online(batch, place.part),
        where=" ".join(text for text in (names.get(held.site), held.place) if text),
    )


def begins_at(batch: Batch, part: str, turn: int) -> datetime:
    """When a turn begins, local time: each turn takes the minutes of the part."""
    held = batch.sitting(part)
    minutes = next(row.minutes for row in batch.parts if row.id == part)
    start = datetime.combine(held.on, time.fromisoformat(held.begins))
    return start + timedelta(minutes=minutes * (turn - 1))


def rows_at_door(room: Room, entries: Iterable[Entry]) -> Sequence[RowAtDoor]:
    """Who sits in a room, in the order of turns and stations."""
    rows = [
        RowAtDoor(
            turn=place.turn,
            station=place.station,
            ticket=entry.ticket,
            holder=entry.holder,
            id_masked=entry.id_masked,
        )
        for entry in entries
        for place in entry.places
        if (place.part, place.room) == (room.part, room.name)
    ]
    return sorted(rows, key=lambda row: (row.turn, row.station))
