"""What the storage of many entities at once promises, on the real database and through both drivers."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from shared.act import Act
from shared.errors import AlreadyThere, Contended
from shared.outbox.pending import Pending
from shared.storage.mongo import Database, IndexModel
from shared.storage.store import Decision, Store
from tests.shared.notes import Note, NoteWritten, act, note, note_store, pending_of, writes

pytestmark = pytest.mark.live
NAMES = [f"note-{n:02}" for n in range(20)]


def new(*names: str, by: str | None = None) -> list[tuple[Decision[Note], Act]]:
    return [((note(name), [NoteWritten(line="one")]), act(by)) for name in names]


async def test_many_are_added_at_once_with_their_events(notes: Store[Note]) -> None:
    assert await notes.add_all(new(*NAMES)) == set()
    assert [row.id for row in await notes.find({})] == NAMES
    assert {len(await pending_of(notes, name)) for name in NAMES} == {1}


async def test_those_that_stood_already_are_named_and_left_as_they_are(notes: Store[Note]) -> None:
    await notes.add(note("note-01", lines=("kept",)), [], act())
    assert await notes.add_all(new(*NAMES[:3])) == {"note-01"}
    assert [row.lines for row in await notes.find({})] == [(), ("kept",), ()]


async def test_adding_none_is_no_error(notes: Store[Note]) -> None:
    assert await notes.add_all([]) == set()
    assert await notes.change_all({}) == set()


async def test_a_new_one_that_holds_what_is_anothers_is_not_lost_silently(either_database: Database) -> None:
    store = note_store(either_database, indexes=[IndexModel([("unit", 1)], unique=True)])
    await store.prepare()
    await store.add(note("note-01", unit="unit-33-001"), [], act())
    with pytest.raises(AlreadyThere):
        await store.add_all([((note("note-02", unit="unit-33-001"), []), act())])


async def test_what_is_anothers_is_told_apart_from_what_stood_and_the_rest_is_added(
    either_database: Database,
) -> None:
    store = note_store(either_database, indexes=[IndexModel([("unit", 1)], unique=True)])
    await store.prepare()
    await store.add(note("note-01", unit="unit-33-001"), [], act())
    announced: list[str] = []
    store.announce = lambda _, pending: announced.extend(item.subject for item in pending)
    units = {"note-01": "unit-33-009", "note-02": "unit-33-001", "note-03": "unit-33-003"}
    rows = [((note(name, unit=unit), [NoteWritten(line="one")]), act()) for name, unit in units.items()]
    assert await store.add_apart(rows) == ({"note-01"}, {"note-02"})
    assert {row.id: row.unit for row in await store.find({})} == {"note-01": "unit-33-001", "note-03": "unit-33-003"}
    assert announced == ["note-03"]


async def test_many_are_changed_at_once_each_under_its_own_act(notes: Store[Note]) -> None:
    await notes.add_all(new(*NAMES))
    acts = {name: act() for name in NAMES}
    missing = await notes.change_all({name: (acts[name], writes(f"on {name}")) for name in NAMES})
    assert missing == set()
    for row in await notes.find({}):
        assert (row.version, row.lines, row.taken[-1]) == (2, (f"on {row.id}",), acts[row.id].id)


async def test_those_that_are_not_there_are_named(notes: Store[Note]) -> None:
    await notes.add_all(new("note-01"))
    missing = await notes.change_all({name: (act(), writes("two")) for name in ("note-01", "note-99")})
    assert missing == {"note-99"}
    assert (await notes.get("note-01")).lines == ("two",)


async def test_a_repeated_bulk_changes_nothing(notes: Store[Note]) -> None:
    await notes.add_all(new(*NAMES))
    wanted = {name: (act(), writes("two")) for name in NAMES}
    await notes.change_all(wanted)
    standing = await notes.find({})
    assert await notes.change_all(wanted) == set()
    assert await notes.find({}) == standing


async def test_a_bulk_beside_other_writers_loses_nothing(notes: Store[Note]) -> None:
    await notes.add_all(new(*NAMES))
    bulks = [notes.change_all({name: (act(), writes(f"bulk {n}")) for name in NAMES}) for n in range(3)]
    singles = [notes.change(name, act(), writes("single")) for name in NAMES]
    await asyncio.gather(*bulks, *singles)
    for row in await notes.find({}):
        assert sorted(row.lines) == ["bulk 0", "bulk 1", "bulk 2", "single"]
        assert [item["sequence"] for item in await pending_of(notes, row.id)] == [1, 2, 3, 4, 5]


async def test_everything_saved_is_handed_to_the_relay_though_others_wrote_meanwhile(notes: Store[Note]) -> None:
    announced: list[str] = []

    def keep(_: Store[Any], pending: Sequence[Pending]) -> None:
        announced.extend(item.id for item in pending)

    notes.announce = keep
    await notes.add_all(new(*NAMES))
    bulks = [notes.change_all({name: (act(), writes(f"bulk {n}")) for name in NAMES}) for n in range(3)]
    singles = [notes.change(name, act(), writes("single")) for name in NAMES]
    await asyncio.gather(*bulks, *singles)
    saved = [item["id"] for name in NAMES for item in await pending_of(notes, name)]
    assert set(announced) == set(saved)


async def test_a_bulk_of_events_is_struck_in_one_write(notes: Store[Note]) -> None:
    await notes.add_all(new(*NAMES))
    await notes.strike([Pending.stored(item) for name in NAMES for item in await pending_of(notes, name)])
    assert await notes.collection.count({"pending.0": {"$exists": True}}) == 0


async def test_what_was_left_behind_comes_oldest_first_and_bounded(notes: Store[Note]) -> None:
    for name in ("note-03", "note-01", "note-02"):
        await notes.add(*new(name)[0][0], act())
    left = await notes.left_behind(float("inf"), 2)
    assert [item.subject for item in left] == ["note-03", "note-01"]


async def test_a_change_that_would_hold_what_is_anothers_is_given_up_after_the_turns_allowed(
    either_database: Database,
) -> None:
    store = note_store(either_database, indexes=[IndexModel([("unit", 1)], unique=True)])
    await store.prepare()
    await store.add_all([((note(f"note-0{n}", unit=f"unit-33-00{n}"), []), act()) for n in (1, 2)])
    with pytest.raises(Contended):
        await store.change_all({"note-02": (act(), lambda found: (found.having(unit="unit-33-001"), []))}, turns=2)
    assert (await store.get("note-02")).unit == "unit-33-002"
