"""What becomes of messages that are handed over many at once, on the real broker."""

from collections.abc import Sequence

import pytest

from infra.local.servers import Servers
from shared.errors import AlreadyThere, StorageUnavailable
from shared.messaging.consumers import Hearers, Taken
from shared.storage.mongo import Database
from tests.live import eventually
from tests.shared.hearing import hearing, prepared
from tests.shared.notes import NoteWritten, act, note, note_store, writes

pytestmark = pytest.mark.live


class Ears:
    """Hears many at once; refuses every run that has a bad line in it, before or after it has begun."""

    def __init__(self) -> None:
        self.runs: list[list[str]] = []

    async def __call__(self, taken: Sequence[Taken[NoteWritten]]) -> None:
        lines = [heard.event.line for heard, _ in taken]
        if "bad" in lines:
            raise AlreadyThere("one of them is bad")
        self.runs.append(lines)

    @property
    def lines(self) -> list[str]:
        return [line for run in self.runs for line in run]

    async def hears(self, lines: Sequence[str]) -> None:
        async def all_there() -> bool:
            return len(self.lines) >= len(lines)

        await eventually(all_there)
        assert sorted(self.lines) == sorted(lines)


def hearers(ears: Ears, most: int = 500) -> Hearers:
    hearers = Hearers()
    hearers.on_many(NoteWritten, ears, most=most, within=0.05)
    return hearers


async def test_many_that_arrive_together_are_handed_over_together_and_in_bounded_runs(servers: Servers) -> None:
    ears = Ears()
    lines = [f"line {n}" for n in range(30)]
    async with prepared(servers, hearers(ears, most=10)) as queues:
        await queues.says(*(NoteWritten(line=line) for line in lines))
        async with queues.at_work():
            await ears.hears(lines)
    assert max(map(len, ears.runs)) == 10


async def test_in_an_outage_a_run_is_not_tried_one_by_one_and_all_of_it_comes_again(servers: Servers) -> None:
    ears = Ears()
    tried: list[int] = []

    async def away_at_first(taken: Sequence[Taken[NoteWritten]]) -> None:
        tried.append(len(taken))
        if len(tried) == 1:
            raise StorageUnavailable("the database does not answer")
        await ears(taken)

    lines = [f"line {n}" for n in range(30)]
    hearers = Hearers()
    hearers.on_many(NoteWritten, away_at_first, most=500, within=0.5)
    async with prepared(servers, hearers) as queues:
        await queues.says(*(NoteWritten(line=line) for line in lines))
        async with queues.at_work():
            await ears.hears(lines)
            assert await queues.parked(0) == []
    assert tried[0] == 30
    assert sum(tried) == 60


async def test_a_few_wait_no_longer_than_they_must(servers: Servers) -> None:
    ears = Ears()
    async with hearing(servers, hearers(ears)) as queues:
        await queues.says(NoteWritten(line="one"))
        await ears.hears(["one"])


async def test_a_malformed_one_in_a_run_is_parked_and_the_others_are_taken_once(servers: Servers) -> None:
    ears = Ears()
    lines = [f"line {n}" for n in range(10)]
    async with prepared(servers, hearers(ears)) as queues:
        await queues.says(*(NoteWritten(line=line) for line in lines[:5]))
        await queues.sends(NoteWritten.type, b"{}")
        await queues.says(*(NoteWritten(line=line) for line in lines[5:]), name="note-2")
        async with queues.at_work():
            await ears.hears(lines)
            assert len(await queues.parked(1)) == 1


async def test_a_refused_one_in_a_run_is_parked_and_the_others_are_taken_once(servers: Servers) -> None:
    ears = Ears()
    lines = [f"line {n}" for n in range(10)]
    async with prepared(servers, hearers(ears)) as queues:
        await queues.says(*(NoteWritten(line=line) for line in (*lines[:5], "bad", *lines[5:])))
        async with queues.at_work():
            await ears.hears(lines)
            assert [row.event for row in await queues.parked(1)] == ["note-1@6"]


async def test_a_run_that_failed_halfway_repeats_no_effect(servers: Servers, database: Database) -> None:
    store = note_store(database)
    await store.add(note(), [], act())

    async def write(taken: Sequence[Taken[NoteWritten]]) -> None:
        for heard, doing in taken:
            if heard.event.line == "bad":
                raise AlreadyThere("it is bad")
            await store.change("note-1", doing, writes(heard.event.line))

    some = Hearers()
    some.on_many(NoteWritten, write, within=0.05)
    async with prepared(servers, some) as queues:
        await queues.says(*(NoteWritten(line=line) for line in ("one", "two", "bad", "three")))
        async with queues.at_work():

            async def three() -> bool:
                return len((await store.get("note-1")).lines) == 3

            await eventually(three)
            assert len(await queues.parked(1)) == 1
    assert sorted((await store.get("note-1")).lines) == ["one", "three", "two"]


async def test_a_hearer_of_everything_hears_what_it_does_not_know(servers: Servers) -> None:
    ears = Ears()
    some = Hearers()
    some.on_many(NoteWritten, ears, key="#")
    async with hearing(servers, some) as queues:
        await queues.sends("registry.note.burnt.v7", b'{"line": "one"}', **_envelope("registry.note.burnt.v7"))
        await ears.hears(["one"])


def _envelope(kind: str) -> dict[str, str]:
    return {
        "ce_id": "e1", "ce_source": "/registry/notes", "ce_type": kind, "ce_subject": "note-1",
        "ce_time": "2019-09-01T08:30:00+00:00", "ce_sequence": "1", "ce_authority": "33",
    }  # fmt: skip
