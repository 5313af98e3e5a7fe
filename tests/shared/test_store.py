"""What the storage of one entity promises, on the real database and through both drivers."""

import asyncio
from collections.abc import Sequence
from typing import ClassVar

import pytest

from shared.act import Scope
from shared.errors import AlreadyThere, NotFound, Stale
from shared.events.base import Event
from shared.outbox.pending import Pending
from shared.storage.mongo import Database, Document
from shared.storage.store import TAKEN, Store
from tests.shared.notes import Note, NoteRead, NoteWritten, act, note, note_store, pending_of, writes

pytestmark = pytest.mark.live


async def test_what_is_added_is_read_back_as_it_was(notes: Store[Note]) -> None:
    added = await notes.add(note(lines=("一", "二")), [], act())
    read = await notes.get("note-1")
    assert read == added
    assert (read.version, read.day, read.at) == (1, note().day, note().at)


async def test_what_was_never_added_is_not_found(notes: Store[Note]) -> None:
    with pytest.raises(NotFound):
        await notes.get("note-1")
    with pytest.raises(NotFound):
        await notes.change("note-1", act(), writes("one"))


async def test_the_same_act_adds_once_and_is_answered_with_what_stands(notes: Store[Note]) -> None:
    first = await notes.add(note(), [NoteWritten(line="one")], act("a1"))
    await notes.change("note-1", act(), writes("two"))
    again = await notes.add(note(), [NoteWritten(line="one")], act("a1"))
    assert (first.version, again.version, again.lines) == (1, 2, ("two",))
    assert len(await pending_of(notes)) == 2


async def test_another_act_cannot_add_what_is_there(notes: Store[Note]) -> None:
    await notes.add(note(), [], act())
    with pytest.raises(AlreadyThere):
        await notes.add(note(), [], act())


async def test_a_change_raises_the_version_and_is_kept(notes: Store[Note]) -> None:
    await notes.add(note(), [], act())
    changed = await notes.change("note-1", act(), writes("one"))
    assert (changed.version, changed.lines) == (2, ("one",))
    assert await notes.get("note-1") == changed


async def test_a_repeated_act_changes_nothing(notes: Store[Note]) -> None:
    await notes.add(note(), [], act())
    first = await notes.change("note-1", act("a1"), writes("one"))
    again = await notes.change("note-1", act("a1"), writes("one"))
    assert again == first
    assert len(await pending_of(notes)) == 1


async def test_a_decision_that_changes_nothing_writes_nothing(notes: Store[Note]) -> None:
    await notes.add(note(), [], act())
    same = await notes.change("note-1", act(), lambda found: (found, []))
    assert same.version == (await notes.get("note-1")).version == 1


async def test_a_refused_decision_leaves_everything_as_it_was(notes: Store[Note]) -> None:
    def refuse(_: Note) -> tuple[Note, Sequence[Event]]:
        raise Stale("not now")

    added = await notes.add(note(), [], act())
    with pytest.raises(Stale):
        await notes.change("note-1", act(), refuse)
    assert await notes.get("note-1") == added


async def test_fifty_changes_at_once_lose_none(notes: Store[Note]) -> None:
    await notes.add(note(), [], act())
    await asyncio.gather(*(notes.change("note-1", act(), writes(f"line {n}")) for n in range(50)))
    standing = await notes.get("note-1")
    assert sorted(standing.lines) == sorted(f"line {n}" for n in range(50))
    assert standing.version == 51
    assert [row["sequence"] for row in await pending_of(notes)] == list(range(2, 52))


async def test_the_same_act_ten_times_at_once_has_one_effect(notes: Store[Note]) -> None:
    await notes.add(note(), [], act())
    seen = await asyncio.gather(*(notes.change("note-1", act("a1"), writes("one")) for _ in range(10)))
    assert {row.lines for row in seen} == {("one",)}
    assert len(await pending_of(notes)) == 1


async def test_a_change_that_expects_an_older_version_is_refused(notes: Store[Note]) -> None:
    await notes.add(note(), [], act())
    await notes.change("note-1", act(), writes("one"), expect=1)
    with pytest.raises(Stale):
        await notes.change("note-1", act(), writes("two"), expect=1)
    assert (await notes.get("note-1")).lines == ("one",)


async def test_a_repeat_is_answered_although_the_version_it_expected_is_gone(notes: Store[Note]) -> None:
    await notes.add(note(), [], act())
    first = await notes.change("note-1", act("a1"), writes("one"), expect=1)
    assert await notes.change("note-1", act("a1"), writes("one"), expect=1) == first


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        (Scope(authority="33"), 2),
        (Scope(authority="33", unit="unit-33-001"), 1),
        (Scope(authority="44"), 0),
        (Scope(authority="44", unit="unit-33-001"), 0),
    ],
)
async def test_what_lies_outside_the_scope_is_not_there(notes: Store[Note], scope: Scope, seen: int) -> None:
    await notes.add(note("note-2", unit="unit-33-002"), [], act())
    await notes.add(note("note-1", unit="unit-33-001"), [], act())
    assert await notes.count({}, scope) == len(await notes.find({}, scope)) == seen
    if seen < 2:
        with pytest.raises(NotFound):
            await notes.get("note-2", scope)
        with pytest.raises(NotFound):
            await notes.change("note-2", act(scope=scope), writes("one"))


async def test_a_list_is_sorted_and_limited(notes: Store[Note]) -> None:
    for name in ("note-2", "note-3", "note-1"):
        await notes.add(note(name), [], act())
    assert [row.id for row in await notes.find({}, limit=2)] == ["note-1", "note-2"]
    assert [row.id for row in await notes.find({}, sort=[("_id", -1)], limit=1)] == ["note-3"]


async def test_events_stand_with_the_entity_until_they_are_struck(notes: Store[Note]) -> None:
    await notes.add(note(), [NoteWritten(line="one")], act("a1"))
    await notes.change("note-1", act(), lambda found: (found, [NoteRead(reader="li"), NoteRead(reader="wu")]))
    pending = await pending_of(notes)
    stem = f"{notes.source[1:].replace('/', '.')}.note-1"
    assert [row["id"] for row in pending] == [f"{stem}@1", f"{stem}@2", f"{stem}@2.1"]
    assert [row["sequence"] for row in pending] == [1, 2, 2]
    assert {(row["subject"], row["authority"]) for row in pending} == {("note-1", "33")}
    assert pending[0]["correlation"] == "work-a1"


async def test_a_strike_takes_out_its_own_events_only(notes: Store[Note]) -> None:
    for name in ("note-1", "note-2"):
        await notes.add(note(name), [NoteWritten(line="one")], act())
        await notes.change(name, act(), writes("two"))
    first = Pending.stored((await pending_of(notes))[0])
    await notes.strike([first])
    assert [row["sequence"] for row in await pending_of(notes, "note-1")] == [2]
    assert [row["sequence"] for row in await pending_of(notes, "note-2")] == [1, 2]


async def test_a_strike_does_not_count_as_a_change(notes: Store[Note]) -> None:
    added = await notes.add(note(), [NoteWritten(line="one")], act())
    await notes.strike([Pending.stored(row) for row in await pending_of(notes)])
    assert await notes.get("note-1") == added


async def test_only_events_older_than_asked_are_left_behind(notes: Store[Note]) -> None:
    await notes.add(note("note-2"), [NoteWritten(line="one")], act())
    await notes.add(note("note-1"), [], act())
    at = (await pending_of(notes, "note-2"))[0]["at"]
    assert await notes.left_behind(at, 10) == []
    assert [row.subject for row in await notes.left_behind(at + 0.001, 10)] == ["note-2"]


async def test_the_acts_an_entity_remembers_are_bounded(notes: Store[Note]) -> None:
    await notes.add(note(), [], act("a0"))
    for n in range(1, TAKEN + 2):
        await notes.change("note-1", act(f"a{n}"), lambda found: (found.having(lines=()), []))
    assert (await notes.get("note-1")).taken == tuple(f"a{n}" for n in range(2, TAKEN + 2))


async def test_an_older_document_is_upgraded_when_it_is_read(either_database: Database) -> None:
    class NewNote(Note):
        SCHEMA: ClassVar[int] = 3
        title: str

    def titled(old: Document) -> Document:
        return {**old, "title": old["lines"][0]}

    def capital(old: Document) -> Document:
        return {**old, "title": old["title"].upper()}

    before = note_store(either_database)
    await before.add(note(lines=("one",)), [], act())
    after = Store(either_database, before.source, NewNote, upgrades={1: titled, 2: capital})
    assert (await after.get("note-1")).title == "ONE"
    await after.change("note-1", act(), lambda found: (found.having(title="Two"), []))
    assert (await after.get("note-1")).title == "Two"
    assert (await before.get("note-1")).lines == ("one",)
