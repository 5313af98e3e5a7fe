"""The figure of webhooks: deliveries fanned out, signed and recorded per second, against the best bare httpx loop."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any
from uuid import uuid4

import httpx
import pymongo
from standardwebhooks import Webhook

from infra.bench.saying import TOPICS, Sayer, paced, sayer, words
from infra.bench.taking import Taker, taker
from infra.drive.caller import Caller
from infra.drive.spine import until
from infra.local.stack import Stack, stack
from services.notification.subscriptions.handlers import new_secret

ROUNDS = 3
SUBSCRIPTIONS, EVENTS = 4, 2_000
POSTS = 2_000  # of one bare loop
LAYOUTS = ((1, 1), (4, 1), (8, 1), (4, 4), (16, 4))
"""Transports, and connections of each; 16 and 4 are what our own four endpoints have together."""
FAST = 1_000.0  # events said a second
WITHIN = 120.0


@dataclass(frozen=True)
class Round:
    """Rates of one round, per second; `bare` by layout."""

    ours: float
    bare: dict[tuple[int, int], float]

    @property
    def best(self) -> float:
        return max(self.bare.values())


def measure() -> dict[str, Any]:
    """Rounds of ours and of every bare loop, one after the other, to the same receiver."""
    with stack(only=("registry", "notification")) as running, taker(running.folder) as receiver:
        return figures(asyncio.run(_rounds(running, receiver)))


def figures(rounds: list[Round]) -> dict[str, Any]:
    """The ratio to the fastest loop of each round, and the rates it is made of."""
    last = rounds[-1].bare
    return {
        "fanout.of_limit": round(median(row.ours / row.best for row in rounds), 3),
        "fanout.per_s": round(median(row.ours for row in rounds)),
        "fanout.bare_per_s": round(median(row.best for row in rounds)),
        "fanout.bare_layout": "{} x {}".format(*max(last, key=last.__getitem__)),
        "fanout.rounds": len(rounds),
        "fanout.deliveries": SUBSCRIPTIONS * EVENTS,
    }


async def _rounds(running: Stack, receiver: Taker) -> list[Round]:
    async with httpx.AsyncClient(timeout=30) as http, sayer(running.servers.admin_amqp_url) as saying:
        center = Caller(running, http, "center", "center")
        subscriptions = [await subscribed(center, receiver.url(f"/{place}")) for place in range(SUBSCRIPTIONS)]
        await _ours(running, center, receiver, saying, subscriptions, EVENTS // 10)  # connections, code: all is warm
        return [
            Round(
                await _ours(running, center, receiver, saying, subscriptions, EVENTS),
                {layout: await bare(receiver, *layout) for layout in LAYOUTS},
            )
            for _ in range(ROUNDS)
        ]


async def subscribed(caller: Caller, url: str) -> str:
    """A subscription to the bench's topics, active; its id."""
    made = await caller.post("notification", "/v1/subscriptions", {"url": url, "types": list(TOPICS)})

    async def active() -> bool | None:
        row = await caller.get("notification", f"/v1/subscriptions/{made['id']}")
        return row["state"] == "active" or None

    await until(active, "an active subscription", within=20)
    return str(made["id"])


async def _ours(
    running: Stack, center: Caller, receiver: Taker, saying: Sayer, subscriptions: list[str], events: int
) -> float:
    """Deliveries a second of events that are in the feed when their subscriptions are enabled."""
    await _each(center, subscriptions, "disable")
    with _notification(running) as database:
        start = database["feed"].estimated_document_count()
        await paced(FAST, events, saying.say)

        async def in_feed() -> bool | None:
            return database["feed"].estimated_document_count() >= start + events or None

        await until(in_feed, "the last event in the feed")
        await receiver.forget()
        begun = time.perf_counter()
        await _each(center, subscriptions, "enable")
        await saying.say(0)  # whatever is said next wakes the fan-out, as ever
        count = len(subscriptions) * (events + 1)

        async def all_recorded() -> bool | None:
            if await receiver.look() < count or len({row[:2] for row in receiver.rows}) < count:
                return None
            return database["deliveries"].find_one({"state": "waiting"}, {"_id": 1}) is None or None

        await until(all_recorded, "the last delivery", within=WITHIN)
        return count / (time.perf_counter() - begun)


async def _each(center: Caller, subscriptions: list[str], verb: str) -> None:
    for identity in subscriptions:
        await center.post("notification", f"/v1/subscriptions/{identity}/{verb}")


async def bare(receiver: Taker, transports: int, connections: int) -> float:
    """Signed posts a second of a loop that does nothing else."""
    webhook, url, body = Webhook(new_secret()), receiver.url("/bare"), words(TOPICS[0]).decode()
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    pools = [httpx.AsyncHTTPTransport(trust_env=False, limits=limits) for _ in range(transports)]
    left = iter(range(POSTS))

    async def work(place: httpx.AsyncHTTPTransport) -> None:
        for _ in left:
            identity, now = uuid4().hex, datetime.now(UTC)
            headers = {
                "content-type": "application/cloudevents+json",
                "webhook-id": identity,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": webhook.sign(identity, now, body),
            }
            request = httpx.Request("POST", url, content=body.encode(), headers=headers)
            response = await place.handle_async_request(request)
            await response.aread()

    begun = time.perf_counter()
    await asyncio.gather(*(work(place) for place in pools * connections))
    rate = POSTS / (time.perf_counter() - begun)
    for pool in pools:
        await pool.aclose()
    await receiver.forget()
    return rate


@contextmanager
def _notification(running: Stack) -> Iterator[Any]:
    client: pymongo.MongoClient[Any] = pymongo.MongoClient(running.servers.admin_mongo_url)
    with client:
        yield client["notification"]
