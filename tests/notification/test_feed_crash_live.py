"""Notification as a process of its own, killed again and again: nothing is lost, doubled, misplaced or left unsent."""

import asyncio
import json
import os
import random
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import aio_pika
import httpx
import pymongo
import pytest

from infra.drive.caller import Caller, pages
from infra.drive.spine import until
from infra.local.stack import Stack, stack
from services.notification.notices.domain.causes import identity_of
from shared.digests import chained, digest_of
from shared.events.assessment import ResultsPublicised
from shared.events.base import Event
from shared.events.notification import NoticePublished
from shared.messaging.envelope import outgoing
from shared.messaging.topology import EVENTS
from shared.outbox.pending import Pending
from tests.notification.receiver import Receiver, receiver
from tests.notification.story import returned

pytestmark = [
    pytest.mark.live,
    pytest.mark.timeout(120),
    pytest.mark.skipif(
        bool(os.environ.get("AMQP_URL") or os.environ.get("MONGO_URL")), reason="counts all that a new database holds"
    ),
]

BURST, KILLS = 600, 4  # events said before each kill
RESULTS_EVERY, AGAIN_EVERY = 20, 7
LINES = ("33", "44", "national")
WITHIN = 60.0
FROZEN = Path(__file__).parents[1] / "contracts/assessment.results.publicised.v1.json"
Row = dict[str, Any]


@dataclass
class World:
    """The running process, who speaks to it and who is told by it."""

    running: Stack
    center: Caller
    hooks: Receiver
    exchange: aio_pika.abc.AbstractExchange
    rows: Any
    said: dict[str, Event] = field(default_factory=dict)

    async def burst(self, number: int) -> None:
        """Many events of several lines, some of them said twice, as a speaker that crashed does."""
        for begin in range(0, BURST, 100):
            places = range(number * BURST + begin, number * BURST + begin + 100)
            await asyncio.gather(*(self.say(place) for place in places))

    async def say(self, place: int) -> None:
        event = results(place) if place % RESULTS_EVERY == 0 else returned(f"plan-{place}", f"unit-{place % 9}")
        name = f"{event.type.split('.')[0]}.crash.{place}@1"
        self.said[name] = event
        for _ in range(2 if place % AGAIN_EVERY == 0 else 1):
            await self.publish(name, event, LINES[place % len(LINES)])

    async def publish(self, name: str, event: Event, line: str) -> None:
        now = datetime.now(UTC)
        source = f"/{event.type.split('.')[0]}/crash"
        body = event.model_dump_json().encode()
        message = outgoing(
            Pending(name, event.type, source, name, now, 1, line, name, None, None, body, time.time()), None
        )
        told = aio_pika.Message(message.body, headers=dict(message.headers), delivery_mode=2)
        await self.exchange.publish(told, message.routing_key)

    async def newest(self) -> int:
        """How far the log goes by now, asked of the database itself: the process may be dead."""
        row = await asyncio.to_thread(self.rows.find_one, {}, {"_id": 1}, sort=[("_id", -1)])
        return int(row["_id"]) if row else 0

    async def subscribe(self, path: str, **asked: Any) -> str:
        made: Row = await self.center.post(
            "notification", "/v1/subscriptions", {"url": self.hooks.url(path), "types": [], **asked}
        )
        assert made["state"] == "active", made
        return str(made["id"])

    async def replay(self, subscription: str) -> str:
        asked = {"subscription": subscription, "from_position": 0}
        return str((await self.center.post("notification", "/v1/replays", asked))["id"])

    async def announce(self) -> str:
        closes = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
        asked = {"title_zh": "鉴定安排公告", "text_zh": "本季度鉴定安排如下。", "closes_on": closes}
        return str((await self.center.post("notification", "/v1/notices", asked))["id"])

    async def get(self, path: str, **query: str | int) -> Any:
        return await self.center.get("notification", f"/v1{path}", **query)

    async def kill(self) -> None:
        """SIGKILL, and a new process in its place."""
        service = self.running.services["notification"]
        await asyncio.to_thread(service.kill)
        service.start()
        await asyncio.to_thread(service.await_ready)

    @cached_property
    def results(self) -> set[str]:
        return {name for name, event in self.said.items() if event.type == ResultsPublicised.type}

    def came(self, path: str) -> Counter[str]:
        """How often each event came to an endpoint."""
        return Counter(one.headers["webhook-id"] for one in self.hooks.at(path))


def results(place: int) -> ResultsPublicised:
    frozen = json.loads(FROZEN.read_text(encoding="utf-8"))["body"]
    closes = datetime.now(UTC) + timedelta(days=7)
    changed = {"batch": f"batch-crash-{place}", "closes_on": closes.date(), "ends_at": closes}
    return ResultsPublicised.model_validate({**frozen, **changed})


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    context = stack(folder, only=("notification",))
    running = await asyncio.to_thread(context.__enter__)
    try:
        async with (
            httpx.AsyncClient() as http,
            receiver() as hooks,
            await aio_pika.connect(running.servers.admin_amqp_url) as bus,
        ):
            exchange = await (await bus.channel()).get_exchange(EVENTS)
            with pymongo.MongoClient[Row](running.servers.admin_mongo_url) as client:
                center = Caller(running, http, "center", "center")
                yield World(running, center, hooks, exchange, client["notification"]["feed"])
    finally:
        await asyncio.to_thread(context.__exit__, None, None, None)


async def reached(world: World, position: int) -> int | None:
    now = await world.newest()
    return now if now >= position else None


async def killed_while_it_works(world: World, again: str, seed: int) -> tuple[list[str], set[str]]:
    """Kill it at random moments while others speak and it is asked for things; the replays and notices asked for."""
    chance, replays, announced = random.Random(seed), list[str](), set[str]()  # noqa: S311 - another moment each run
    for number in range(KILLS):
        before = await world.newest()
        speaking = asyncio.create_task(world.burst(number))
        announced.add(await world.announce())
        if number >= KILLS // 2:
            replays.append(await world.replay(again))
        await until(partial(reached, world, before + chance.randrange(1, BURST)), "the burst", WITHIN)
        await asyncio.sleep(chance.uniform(0, 0.2))
        await world.kill()
        await speaking
    return replays, announced


async def whole_feed(world: World, announced: set[str]) -> list[Row]:
    """All of it, read page by page, once everything said is in it, by others and by notification itself."""

    async def all_there() -> list[Row] | None:
        rows, after = list[Row](), "0"
        while page := (answer := await world.get("/events", after=after, limit=1000))["rows"]:
            rows, after = rows + page, answer["next"]
        own = {row["subject"] for row in rows if row["type"] == NoticePublished.type}
        return rows if world.said.keys() <= {row["id"] for row in rows} and announced <= own else None

    return await until(all_there, "every event", WITHIN)


async def all_sent(world: World, subscription: str, wanted: set[str]) -> list[Row]:
    """Every delivery of a subscription, once it has been told of all this and nothing of it waits any more."""

    async def over() -> list[Row] | None:
        if (await world.get("/deliveries", subscription=subscription, state="waiting", limit=1))["rows"]:
            return None
        rows = await pages(world.center, "notification", "/v1/deliveries", subscription=subscription)
        return rows if wanted <= {row["event"] for row in rows if not row["replay"]} else None

    return await until(over, "every delivery", WITHIN)


async def all_replayed(world: World, replays: Sequence[str]) -> list[Row]:
    """The replays, once they are done."""

    async def done() -> list[Row] | None:
        rows = [await world.get(f"/replays/{replay}") for replay in replays]
        return rows if all(row["state"] == "done" for row in rows) else None

    return await until(done, "every replay", WITHIN)


async def test_the_feed_its_webhooks_notices_and_replays_survive_kills_at_any_moment(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        everything = await here.subscribe("/everything")
        again = await here.subscribe("/again", authorities=["33"], types=["registry.*"])
        replays, announced = await killed_while_it_works(here, again, seed=int(time.time()))
        feed = await whole_feed(here, announced)
        each_once_in_its_place(here, feed)
        await each_on_the_board_once(here, announced, feed)
        await each_sent_to_its_endpoint(here, everything, feed)
        await each_replayed_once_by_each(here, again, await all_replayed(here, replays), feed)


def each_once_in_its_place(world: World, feed: Sequence[Row]) -> None:
    """No event missing and none twice, positions and places without a gap, chains that hold."""
    names = Counter(row["id"] for row in feed)
    assert set(names.values()) == {1}
    assert len(world.said) == KILLS * BURST
    assert world.said.keys() <= names.keys()
    assert [row["position"] for row in feed] == list(range(1, len(feed) + 1))
    assert {row["id"]: row["data"] for row in feed if row["id"] in world.said} == {
        name: event.model_dump(mode="json") for name, event in world.said.items()
    }
    reached: dict[str, tuple[int, str]] = defaultdict(lambda: (0, ""))
    for row in feed:
        place, before = reached[row["authority"]]
        assert (row["place"], row["digest"]) == (place + 1, digest_of(row))
        assert row["chain"] == chained(before, row["digest"])
        reached[row["authority"]] = row["place"], row["chain"]
    assert set(LINES) <= reached.keys()


async def each_on_the_board_once(world: World, announced: set[str], feed: Sequence[Row]) -> None:
    """Of each publicised result one notice, of each announcement one; all proved by the event they belong to."""
    proofs = {identity_of(row["id"]): row["position"] for row in feed if row["type"] == ResultsPublicised.type}
    proofs |= {row["subject"]: row["position"] for row in feed if row["type"] == NoticePublished.type}

    async def proved() -> list[Row] | None:
        rows = await pages(world.center, "notification", "/v1/notices", run=100)
        return rows if sum(row["position"] > 0 for row in rows) >= len(proofs) else None

    board = await until(proved, "every notice", WITHIN)
    assert {row["id"]: row["position"] for row in board} == proofs
    assert len(board) == len(proofs) == len(world.results) + KILLS
    assert proofs.keys() == {identity_of(name) for name in world.results} | announced
    assert [row["type"] for row in feed].count(NoticePublished.type) == len(announced) == KILLS


async def each_sent_to_its_endpoint(world: World, subscription: str, feed: Sequence[Row]) -> None:
    """A webhook for everything got every event at least once, and each has one delivery, which was taken."""
    begun = (await world.get(f"/subscriptions/{subscription}"))["from_position"]
    wanted = {row["id"] for row in feed if row["position"] > begun}
    rows = await all_sent(world, subscription, wanted)
    assert Counter(row["event"] for row in rows if row["event"] in wanted) == Counter(wanted)
    assert {row["state"] for row in rows} == {"delivered"}
    assert wanted <= world.came("/everything").keys()


async def each_replayed_once_by_each(
    world: World, subscription: str, replays: Sequence[Row], feed: Sequence[Row]
) -> None:
    """Each replay made one delivery of every event of its range, and the endpoint took it."""
    wanted = [row for row in feed if row["authority"] == "33" and row["type"].startswith("registry.")]
    begun = (await world.get(f"/subscriptions/{subscription}"))["from_position"]
    deliveries = await all_sent(world, subscription, {row["id"] for row in wanted if row["position"] > begun})
    sent = Counter((row["replay"], row["event"]) for row in deliveries)
    ranges = {replay["id"]: replay["until_position"] for replay in replays} | {"": len(feed)}
    assert sent == Counter(
        (name, row["id"]) for name, end in ranges.items() for row in wanted if row["position"] <= end
    )
    assert {replay["id"]: replay["made"] for replay in replays} == {
        name: sum(row["position"] <= end for row in wanted) for name, end in ranges.items() if name
    }
    assert {row["state"] for row in deliveries} == {"delivered"}
    assert world.came("/again") >= Counter(event for _, event in sent)
