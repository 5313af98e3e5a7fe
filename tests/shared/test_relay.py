"""From a saved event to a confirmed announcement, on the real servers, with a crash at every step between."""

from collections.abc import AsyncIterator
from statistics import median
from time import monotonic

import aio_pika
import pytest

from infra.local.ports import free_ports
from infra.local.servers import Servers
from shared.messaging.envelope import heard, outgoing
from shared.messaging.topology import topology
from shared.messaging.wire import Wire
from shared.outbox.pending import Pending
from shared.outbox.relay import BACKLOG, RUN, Relay
from shared.storage.leases import Lease
from shared.storage.mongo import Database
from shared.storage.store import Store
from tests.live import Said, listening
from tests.shared.notes import Note, NoteRead, NoteWritten, act, note, note_store, pending_of, writes
from tests.shared.relaying import NEVER, heard_of, nothing_is_pending, relaying, struck

pytestmark = pytest.mark.live


@pytest.fixture
async def store(database: Database) -> Store[Note]:
    store = note_store(database)
    await store.prepare()
    return store


@pytest.fixture
async def wire(servers: Servers) -> AsyncIterator[Wire]:
    wire = Wire(servers.amqp_url("registry"), "tests")
    yield wire
    await wire.close()


@pytest.fixture
async def said(servers: Servers) -> AsyncIterator[list[Said]]:
    async with listening(servers, "registry.note.#") as said:
        yield said


async def test_what_is_saved_is_announced_within_a_fifth_of_a_second_and_struck(
    wire: Wire, database: Database, store: Store[Note], said: list[Said]
) -> None:
    async with relaying(wire, database, store):
        await store.add(note(), [NoteWritten(line="one")], act())
        await heard_of(said, 1)
        took = []
        for n in range(2, 9):
            begun = monotonic()
            await store.change("note-1", act(), writes("more"))
            await heard_of(said, n)
            took.append(monotonic() - begun)
        await struck(store)
    assert median(took) < 0.2


async def test_events_of_one_entity_are_announced_in_the_order_they_happened(
    wire: Wire, database: Database, store: Store[Note], said: list[Said]
) -> None:
    async with relaying(wire, database, store):
        await store.add(note(), [], act())
        for n in range(40):
            await store.change("note-1", act(), writes(str(n)))
        await heard_of(said, 40)
    assert [one.headers["ce-sequence"] for one in said] == list(range(2, 42))


async def test_a_bulk_is_announced_and_struck_whole(
    wire: Wire, database: Database, store: Store[Note], said: list[Said]
) -> None:
    names = [f"note-{n}" for n in range(3 * RUN)]
    async with relaying(wire, database, store):
        await store.add_all([((note(name), [NoteWritten(line="one")]), act()) for name in names])
        await heard_of(said, len(names))
        await nothing_is_pending(store)
    assert {one.headers["ce-subject"] for one in said} == set(names)
    assert len(said) == len(names)


async def test_without_a_broker_the_write_succeeds_and_the_event_is_swept_later(
    wire: Wire, database: Database, store: Store[Note], said: list[Said]
) -> None:
    away = Wire(f"amqp://127.0.0.1:{free_ports(1)[0]}/", "tests")
    async with relaying(away, database, store, sweep_every=0.01) as relay:
        saved = await store.add(note(), [NoteWritten(line="one")], act())
        assert (saved.version, await relay.sweep()) == (1, 0)
    await away.close()
    assert len(await pending_of(store)) == 1
    assert said == []
    async with relaying(wire, database, store, sweep_every=0.01):
        await struck(store)
    assert await heard_of(said, 1) == [f"registry.{store.collection.name}.note-1@1"]


async def test_a_crash_between_saving_and_announcing_is_healed_by_the_sweep(
    wire: Wire, database: Database, store: Store[Note], said: list[Said]
) -> None:
    await store.add(note(), [NoteWritten(line="one"), NoteRead(reader="li")], act())  # nobody is told of it
    async with relaying(wire, database, store, sweep_every=0.01):
        await struck(store)
    stem = f"registry.{store.collection.name}.note-1@1"
    assert await heard_of(said, 2) == [stem, f"{stem}.1"]


async def test_the_sweep_leaves_alone_what_is_still_young(
    wire: Wire, database: Database, store: Store[Note], said: list[Said]
) -> None:
    await store.add(note(), [NoteWritten(line="one")], act())
    async with relaying(wire, database, store, sweep_after=60) as relay:
        assert await relay.sweep() == 0
    assert said == []


async def test_a_crash_between_confirming_and_striking_announces_again_and_is_heard_once(
    wire: Wire, database: Database, store: Store[Note], said: list[Said]
) -> None:
    await store.add(note(), [NoteWritten(line="one")], act())
    [pending] = [Pending.stored(row) for row in await pending_of(store)]
    assert await wire.publish([outgoing(pending, None)]) == [True]  # and then it crashed
    async with relaying(wire, database, store, sweep_every=0.01):
        await struck(store)
    assert await heard_of(said, 2) == [pending.id, pending.id]

    hearer = note_store(database)
    await hearer.add(note("copy"), [], act())
    for one in said:
        event = heard(one.headers, one.body, NoteWritten)
        await hearer.change("copy", event.act(note().at, None), writes(event.event.line))
    assert (await hearer.get("copy")).lines == ("one",)


async def test_an_event_that_no_queue_takes_is_not_struck(
    servers: Servers, wire: Wire, database: Database, store: Store[Note]
) -> None:
    await _delete_the_feed(servers)  # it hears everything
    async with relaying(wire, database, store) as relay:
        await store.add(note(), [NoteWritten(line="one")], act())
        assert await relay.sweep() == 0
        assert len(await pending_of(store)) == 1
        async with listening(servers, NoteWritten.type) as said:
            assert await relay.sweep() == 1
            await heard_of(said, 1)
    assert await pending_of(store) == []


async def _delete_the_feed(servers: Servers) -> None:
    feed = topology("notification", ["#"], ()).queue("#")
    async with await aio_pika.connect(servers.admin_amqp_url) as connection:
        channel = await connection.channel()
        await channel.queue_delete(feed)


async def test_two_relays_do_not_both_sweep(
    wire: Wire, database: Database, store: Store[Note], said: list[Said]
) -> None:
    names = [f"note-{n}" for n in range(3 * RUN)]
    await store.add_all([((note(name), [NoteWritten(line="one")]), act()) for name in names])

    async with (
        relaying(wire, database, store, sweep_every=0.01, holder="one"),
        relaying(wire, database, store, sweep_every=0.01, holder="other"),
    ):
        await nothing_is_pending(store)
    assert sorted(await heard_of(said, len(names))) == sorted(
        f"registry.{store.collection.name}.{name}@1" for name in names
    )


async def test_a_relay_that_stops_lets_another_sweep_at_once(
    wire: Wire, database: Database, store: Store[Note], said: list[Said]
) -> None:
    await store.add(note(), [NoteWritten(line="one")], act())
    async with relaying(wire, database, store, sweep_every=0.01, holder="one"):
        await struck(store)
    quiet = note_store(database, source=store.source)
    await quiet.change("note-1", act(), writes("two"))
    async with relaying(wire, database, store, sweep_every=0.01, holder="other"):
        await heard_of(said, 2)


async def test_what_a_relay_does_not_keep_in_memory_is_left_to_the_sweep(
    wire: Wire, database: Database, store: Store[Note]
) -> None:
    await store.add(note(), [NoteWritten(line="one")], act())
    [pending] = [Pending.stored(row) for row in await pending_of(store)]
    relay = Relay(wire, Lease(database, "unused"), sweep_every=NEVER, sweep_after=0.0)
    relay.nudge(store, [pending] * (BACKLOG + 1))
    relay.nudge(store, [pending])
    assert len(relay._queue) == BACKLOG


async def test_an_announcement_carries_on_the_trace_of_what_caused_it(
    wire: Wire, database: Database, store: Store[Note], said: list[Said]
) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    doing = act()
    async with relaying(wire, database, store):
        await store.add(
            note(), [NoteWritten(line="one")], type(doing)(doing.id, doing.at, doing.correlation, trace=trace)
        )
        await heard_of(said, 1)
    assert said[0].headers["traceparent"].split("-")[1] == trace.split("-")[1]
