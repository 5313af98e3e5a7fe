"""Attendance: what can be noted of a candidate at a part, and how many there were in each room."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from services.assessment.arrangements.commands import AttendanceRow
from services.assessment.arrangements.domain.rooms import blocks
from services.assessment.batches.domain import Batch, Room
from services.assessment.entries.domain import Attendance, Entry, State, judged
from shared.errors import Fault, Kind
from shared.events.base import Event, Record

MARKS = ("present", "late", "absent", "violation")
SAT = (State.ENROLLED, State.PASSED, State.FAILED)


class NotNoted(Fault):
    """The attendance of a row cannot be noted; `rule` says why."""

    slug, kind = "attendance-refused", Kind.INVALID


class RoomCount(Record):
    """How many were expected in a room, and how they attended; `room` is its place in the batch's list, from 1."""

    room: int
    part: str
    name: str
    on: date
    expected: int
    present: int
    late: int
    absent: int
    violation: int


class Marked(NamedTuple):
    """Where a candidate has places, as part and room, and what was noted of them, as part and mark."""

    places: Sequence[tuple[str, str]]
    marks: Sequence[tuple[str, str]]


def must_name_one(asked: AttendanceRow) -> None:
    """Refuse a row that names nobody, or perhaps two."""
    if (asked.ticket is None) == (asked.entry is None):
        raise NotNoted("name the ticket or the entry, one of them", field="/ticket", rule="one-candidate")


def must_be_notable(asked: AttendanceRow, entry: Entry | None, batch: Batch, latest: int, today: date) -> Entry:
    """The entry whose attendance can be noted that way; `latest` is in minutes."""
    if entry is None:
        field = "/entry" if asked.entry else "/ticket"
        raise NotNoted("the batch has no such candidate; list its tickets", field=field, rule="unknown-entry")
    if entry.state not in SAT:
        raise NotNoted(f"this candidate is {entry.state} and not examined; leave the row out", rule="not-examined")
    sat = [part.id for part in entry.to_sit(batch.parts)]
    if asked.part not in sat:
        raise NotNoted(f"this candidate sits: {', '.join(sat)}", field="/part", rule="part-not-sat")
    if batch.sitting(asked.part).on > today:
        raise NotNoted(
            f"this part is on {batch.sitting(asked.part).on}; note it then", field="/part", rule="part-later"
        )
    _must_fit_mark(asked, latest)
    _must_be_told(asked, entry)
    return entry


def _must_fit_mark(asked: AttendanceRow, latest: int) -> None:
    if asked.mark != "late" and asked.minutes:
        raise NotNoted("minutes are for who is late; leave them out", field="/minutes", rule="minutes-not-late")
    if asked.mark == "late" and not asked.minutes:
        raise NotNoted("say how many minutes", field="/minutes", rule="minutes-missing")
    if asked.mark == "late" and asked.minutes > latest:
        raise NotNoted(
            f"nobody is let in more than {latest} minutes late; mark it absent", field="/minutes", rule="too-late"
        )


def _must_be_told(asked: AttendanceRow, entry: Entry) -> None:
    """A mark that takes a result away says why: a violation, and an absence of whom sheets are signed."""
    if asked.note.strip():
        return
    if asked.mark == "violation":
        raise NotNoted("say what happened", field="/note", rule="note-missing")
    if asked.mark == "absent" and any(sheet.part == asked.part for sheet in entry.sheets):
        told = "sheets of this candidate at this part are signed; say whose they are or why they do not count"
        raise NotNoted(told, field="/note", rule="note-missing")


def noted(asked: AttendanceRow, at: datetime, by: str) -> Attendance:
    """A row as it is kept."""
    return Attendance(**asked.model_dump(include={"part", "mark", "minutes", "note"}), at=at, by=by)


def attended(entry: Entry, batch: Batch, rows: Sequence[Attendance]) -> tuple[Entry, Sequence[Event]]:
    """The entry with what was noted last of each part, and the result that follows."""
    newest = {row.part: row for row in (*entry.attendance, *rows)}
    return judged(entry.having(attendance=tuple(newest.values())), batch), []


def room_counts(
    batch: Batch, sat: Mapping[str, int], gone: Iterable[Marked], marked: Iterable[Marked]
) -> tuple[RoomCount, ...]:
    """The record of each room: `sat` are all with a place by part, `gone` those withdrawn, `marked` who was noted."""
    out = Counter(place for one in gone for place in one.places)
    marks = Counter(
        (*place, mark) for one in marked for part, mark in one.marks for place in one.places if place[0] == part
    )
    return tuple(
        _count(batch, at, room, _filled(batch, room, sat.get(room.part, 0)) - out[room.part, room.name], marks)
        for at, room in enumerate(batch.rooms, start=1)
    )


def _filled(batch: Batch, room: Room, many: int) -> int:
    mine = [block for block in blocks(batch.rooms, room.part) if block.room == room]
    return sum(max(0, min(block.end, many) - block.first) for block in mine)


def _count(batch: Batch, at: int, room: Room, expected: int, marks: Mapping[tuple[str, str, str], int]) -> RoomCount:
    late, absent, violation = (marks.get((room.part, room.name, mark), 0) for mark in MARKS[1:])
    return RoomCount(
        room=at,
        part=room.part,
        name=room.name,
        on=batch.sitting(room.part).on,
        expected=expected,
        present=expected - late - absent - violation,
        late=late,
        absent=absent,
        violation=violation,
    )
