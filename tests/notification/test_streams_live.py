"""The feed over AMQP on the real servers: all of it, in order, read again from anywhere, whatever dies on the way."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import aio_pika
import pymongo
import pytest

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.notification.feed.domain.event import FeedEvent
from services.notification.feed.growth import Growth
from services.notification.feed.storage import FeedLog, Reached
from services.notification.rooms import DATA
from services.notification.streams.broker import Outlet
from services.notification.streams.handlers import RUN, Out
from shared.act import NATIONAL
from shared.clock import Clock
from shared.digests import DIGESTED, chained, digest_of
from shared.messaging.wire import BrokerUnavailable, Wire
from shared.rulebook import Rulebook
from shared.storage.leases import Lease
from shared.storage.mongo import Database
from tests.live import eventually, running
from tests.notification.amqp import Taken, rises, stream, without_streams
from tests.notification.examples import feed_event
from tests.notification.story import center, say

pytestmark = pytest.mark.live


class Died(Exception):  # noqa: N818 - a process that is no more
    """The process ends here."""


class Dying(Reached):
    """A process that dies after its first run is confirmed and before it is noted."""

    async def move(self, position: int) -> None:
        raise Died(position)


@pytest.fixture
async def database(servers: Servers) -> AsyncIterator[Database]:
    """An empty database, and no streams."""
    with pymongo.MongoClient[dict[str, object]](servers.admin_mongo_url) as client:
        client.drop_database("notification")
    await without_streams(servers)
    made = Database(servers.mongo_url("notification"), "notification")
    await FeedLog(made).prepare()
    yield made
    await made.close()


def process(servers: Servers, database: Database, reached: Reached | None = None, holder: str = "one") -> Out:
    """What one process publishes with."""
    log = FeedLog(database)
    wire = Wire(servers.amqp_url("notification"), f"out-{holder}")
    outlet = Outlet(wire, Rulebook.load(DATA / "rules.json"), Clock(None))
    lease = Lease(database, "out", holder=holder)
    return Out(log, Growth(log.newest), reached or Reached(database, "out"), outlet, lease, 0.05)


@asynccontextmanager
async def at_work(out: Out) -> AsyncIterator[asyncio.Task[None]]:
    """It publishes while the block lasts."""
    working = asyncio.create_task(out.run())
    try:
        yield working
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError, Died):
            await working


async def said(database: Database, count: int, lines: Sequence[str] = ("33", "44", NATIONAL)) -> list[FeedEvent]:
    """So many new events of these lines in turn, recorded in the feed."""
    events = [feed_event(event=f"e-{uuid4().hex}", authority=lines[at % len(lines)]) for at in range(count)]
    await FeedLog(database).append(events)
    return events


def check_proof(taken: Taken) -> None:
    """Whoever reads computes digest and chain anew from headers and body, and misses no place of any line."""
    heads: dict[str, tuple[int, str]] = {}
    for message in taken:
        named: dict[str, Any] = {name: message.headers[f"ce-{name}"] for name in DIGESTED if name != "data"}
        digest = digest_of({**named, "data": json.loads(message.body)})
        place, before = heads.get(named["authority"], (0, ""))
        assert message.headers["ce-digest"] == digest
        assert message.headers["ce-place"] == place + 1
        assert message.headers["ce-chain"] == chained(before, digest)
        heads[named["authority"]] = (place + 1, chained(before, digest))


async def test_every_event_goes_out_in_order_with_what_proves_it(servers: Servers, database: Database) -> None:
    events = await said(database, 3 * RUN + 7)
    async with at_work(process(servers, database)):
        await eventually(Reached(database, "out").position)
        more = await said(database, 5)
        async with stream(servers, "notification.stream") as taken:
            await taken.reach(len(events) + len(more))
    assert taken.positions == list(range(1, len(events) + len(more) + 1))
    assert taken.header("ce-id") == [event.event for event in (*events, *more)]
    check_proof(taken)
    first = taken[0]
    assert (first.routing_key, first.content_type, first.delivery_mode) == (
        "33.registry.plan.filed.v1",
        "application/json",
        aio_pika.DeliveryMode.PERSISTENT,
    )


async def test_a_running_service_lets_its_feed_out_as_the_feed_itself_shows_it(
    servers: Servers, issuer: Issuer, tmp_path: Path
) -> None:
    await without_streams(servers)
    async with running("notification", servers, issuer, tmp_path) as service:
        trace = f"00-{uuid4().hex}-{uuid4().hex[:16]}-01"
        names = [await say(service, authority=line, trace=trace) for line in ("33", "44")]
        shown = {row["id"]: row for name in names for row in await center(service).in_feed(name)}
        async with at_position(service.process.tools.database, 2), stream(servers, "notification.stream") as taken:
            await taken.reach(2)
        for message in taken:
            row = shown[message.headers["ce-id"]]
            assert json.loads(message.body) == row.pop("data")
            assert {f"ce-{name}" for name in row if name != "traceparent"} < message.headers.keys()
            for name, value in row.items():
                key = name if name == "traceparent" else f"ce-{name}"
                assert message.headers[key] == value, name


async def test_without_the_broker_s_management_nobody_is_promised_anything(
    servers: Servers, issuer: Issuer, tmp_path: Path
) -> None:
    async with running("notification", servers, issuer, tmp_path) as service:
        answer = await center(service).post("/readers", {"kind": "stream"})
        assert (answer.status_code, answer.json()["type"].rsplit(":")[-1]) == (503, "no-broker-management")
        assert (await center(service).get("/readers")).json()["rows"] == []


async def test_a_line_reads_itself_and_what_concerns_every_line(servers: Servers, database: Database) -> None:
    await said(database, 30)
    async with at_work(process(servers, database)), at_position(database, 30):
        for line, other in (("33", "44"), ("44", "33")):
            async with stream(servers, f"notification.stream.{line}") as taken:
                await taken.reach(20)
            assert other not in taken.header("ce-authority")
            assert set(taken.header("ce-authority")) == {line, NATIONAL}
            assert rises(taken.positions)


@asynccontextmanager
async def at_position(database: Database, position: int) -> AsyncIterator[None]:
    """Everything up to a position is out."""

    async def out() -> bool:
        return await Reached(database, "out").position() >= position

    await eventually(out)
    yield


async def test_a_stream_is_read_again_from_an_offset_or_a_time(servers: Servers, database: Database) -> None:
    async with at_work(process(servers, database)):
        await said(database, 20)
        async with at_position(database, 20):
            await asyncio.sleep(1.1)  # a time in AMQP has whole seconds
        between = datetime.now(UTC).replace(microsecond=0)
        await said(database, 20)
        async with at_position(database, 40):
            async with stream(servers, "notification.stream", 25) as taken:
                assert (await taken.reach(15)).positions == list(range(26, 41))
            async with stream(servers, "notification.stream", between) as taken:
                assert (await taken.reach(20)).positions == list(range(21, 41))
            async with stream(servers, "notification.stream", "next") as taken:
                await said(database, 1)
                assert (await taken.reach(1)).positions == [41]


async def test_what_was_confirmed_and_not_noted_goes_out_again_and_nothing_is_left_out(
    servers: Servers, database: Database
) -> None:
    events = await said(database, RUN + 40)
    async with at_work(process(servers, database, Dying(database, "out"), "dying")) as dying:
        with pytest.raises(Died):
            await dying
    assert await Reached(database, "out").position() == 0
    async with (
        at_work(process(servers, database, holder="next")),
        at_position(database, len(events)),
        stream(servers, "notification.stream") as taken,
    ):
        await taken.reach(len(events) + RUN)
    assert taken.positions == [*range(1, RUN + 1), *range(1, len(events) + 1)]


async def test_what_the_broker_refuses_holds_up_what_comes_after_it_and_goes_out_first(
    servers: Servers, database: Database
) -> None:
    out = process(servers, database)
    await said(database, 1)
    await out.follow()
    async with await aio_pika.connect(servers.admin_amqp_url) as connection:
        channel = await connection.channel()
        full: dict[str, Any] = {"x-max-length": 5, "x-overflow": "reject-publish"}
        queue = await channel.declare_queue("full", exclusive=True, arguments=full)
        await queue.bind("notification.out", "33.#")
        await said(database, 60, lines=("33",))
        for _ in range(3):
            with pytest.raises(BrokerUnavailable):
                await out.follow()
        noted = await Reached(database, "out").position()
        assert noted < 61
        await queue.delete(if_empty=False)
    await out.follow()
    assert await Reached(database, "out").position() == 61
    async with stream(servers, "notification.stream.33") as taken:
        await eventually(lambda: _ends(taken, noted + 1, 61))
    assert set(taken.positions) == set(range(1, 62))
    assert len(taken) < 200
    await out.outlet.wire.close()


async def _ends(taken: Taken, first: int, last: int) -> bool:
    """Whether the event that was refused three times has come once more, with all after it in their order."""
    tries = [at for at, position in enumerate(taken.positions) if position == first]
    return len(tries) > 3 and taken.positions[tries[-1] :] == list(range(first, last + 1))


async def test_one_process_publishes_and_another_goes_on_when_it_stops(servers: Servers, database: Database) -> None:
    first, second = (process(servers, database, holder=name) for name in ("first", "second"))
    async with at_work(second):
        async with at_work(first):
            for _ in range(10):
                await said(database, 50)
            async with at_position(database, 500):
                assert (first._ours_until > 0) != (second._ours_until > 0)
        await said(database, 50)
        async with at_position(database, 550), stream(servers, "notification.stream") as taken:
            await taken.reach(550)
    assert taken.positions == list(range(1, 551))


async def test_a_stream_that_is_gone_is_made_anew_before_anything_else_goes_out(
    servers: Servers, database: Database
) -> None:
    out = process(servers, database)
    await said(database, 3, lines=(NATIONAL,))
    await out.follow()
    await without_streams(servers)
    await said(database, 3, lines=(NATIONAL,))
    with pytest.raises(BrokerUnavailable):
        await out.follow()
    await out.follow()
    async with stream(servers, "notification.stream") as taken:
        assert (await taken.reach(3)).positions == [4, 5, 6]
    await out.outlet.wire.close()
