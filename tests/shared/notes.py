"""A small entity and what is said about it, for the tests of what every service shares."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any, ClassVar
from uuid import uuid4

from shared.act import EVERYTHING, Act, Scope
from shared.entity import Entity
from shared.events.base import Event
from shared.storage.mongo import Database
from shared.storage.store import Store

AT = datetime(2019, 9, 1, 8, 30, tzinfo=UTC)


class NoteWritten(Event):
    """A line was written on a note."""

    type: ClassVar[str] = "registry.note.written.v1"
    line: str


class NoteRead(Event):
    """Somebody read a note."""

    type: ClassVar[str] = "registry.note.read.v1"
    reader: str


class Note(Entity):
    """Lines written one below the other, in one unit of one line of authority."""

    unit: str = "unit-33-001"
    lines: tuple[str, ...] = ()
    day: date = date(2019, 9, 1)
    at: datetime = AT

    def with_line(self, line: str) -> "tuple[Note, Sequence[Event]]":
        return self.having(lines=(*self.lines, line)), [NoteWritten(line=line)]


def note(identity: str = "note-1", **content: Any) -> Note:
    return Note(id=identity, authority=content.pop("authority", "33"), **content)


def act(identity: str | None = None, scope: Scope = EVERYTHING) -> Act:
    """An act with this id, or with one of its own."""
    named = identity or uuid4().hex
    return Act(id=named, at=AT, correlation=f"work-{named}", scope=scope)


def writes(line: str) -> "Callable[[Note], tuple[Note, Sequence[Event]]]":
    """The decision to write one more line."""
    return lambda found: found.with_line(line)


def note_store(database: Database, source: str | None = None, **options: Any) -> Store[Note]:
    """A store with a collection of its own, or another store of the same notes."""
    return Store(database, source or f"/registry/notes-{uuid4().hex[:8]}", Note, **options)


async def pending_of(store: Store[Any], identity: str = "note-1") -> list[dict[str, Any]]:
    """The events that stand in the entity's document, as they are stored."""
    found = await store.collection.find_one({"_id": identity})
    assert found is not None
    pending: list[dict[str, Any]] = found["pending"]
    return pending
