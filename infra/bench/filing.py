"""The filing figure: certificates stored and announced per second, against two limits of the same run."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Any

import aio_pika
import pymongo

from infra.bench.limits import KEY, raw, textbook
from infra.bench.load import chunks
from infra.drive.people import people
from infra.drive.plans import overall_plans, plan_for
from infra.drive.spine import authorise, until
from infra.drive.world import World, world
from infra.local.stack import Stack, stack
from shared.messaging.topology import EVENTS, QUORUM
from shared.messaging.wire import Outgoing
from shared.privacy import Sealer

ROUNDS = 3
FILED = "bench.filed"


@dataclass(frozen=True)
class Round:
    """Rates of one round, per second."""

    raw: float
    textbook: float
    ours: float


def measure(count: int = 10_000) -> dict[str, Any]:
    """Rounds of raw, textbook and ours, one after the other; the medians of their ratios."""
    with stack(only=("registry",)) as running:
        rounds = asyncio.run(_rounds(running, count))
    return {
        "filing.of_limit": round(median(row.ours / row.raw for row in rounds), 3),
        "filing.of_textbook": round(median(row.ours / row.textbook for row in rounds), 2),
        "filing.per_s": round(median(row.ours for row in rounds)),
        "filing.raw_per_s": round(median(row.raw for row in rounds)),
        "filing.textbook_per_s": round(median(row.textbook for row in rounds)),
        "filing.rounds": len(rounds),
        "filing.certificates": count,
    }


async def _rounds(running: Stack, count: int) -> list[Round]:
    async with world(running) as around:
        today = date.today()  # noqa: DTZ011 - the business clock is not moved here
        units = await _authorised(around, today)
        sealer = _sealer(running)
        connection = await aio_pika.connect(running.servers.admin_amqp_url)
        async with connection:
            channel = await connection.channel()
            await _queue(channel)
            crowd = people(seed=1)  # one crowd: nobody comes twice and is refused as already certified
            loads = [list(chunks(sealer, units, count, today, crowd)) for _ in range(ROUNDS)]
            return [await _round(running, channel, load, count) for load in loads]


async def _round(running: Stack, channel: aio_pika.abc.AbstractChannel, load: list[Outgoing], count: int) -> Round:
    servers = running.servers
    ours = await _ours(running, channel, load, count)
    body, headers = await _sample(channel)
    bare = await raw(servers.admin_amqp_url, count, body, headers)
    await _queue(channel)
    chain = await textbook(servers.admin_amqp_url, servers.admin_mongo_url, count // 2)
    await _queue(channel)
    return Round(raw=bare, textbook=chain, ours=ours)


async def _ours(running: Stack, channel: aio_pika.abc.AbstractChannel, load: list[Outgoing], count: int) -> float:
    exchange = await channel.get_exchange(EVENTS)
    with _certificates(running) as certificates:
        before = certificates.estimated_document_count()
        started = time.perf_counter()
        for message in load:
            sent = aio_pika.Message(message.body, headers=dict(message.headers), delivery_mode=2)
            await exchange.publish(sent, message.routing_key)

        async def all_announced() -> bool | None:
            if certificates.estimated_document_count() < before + count:
                return None
            return certificates.find_one({"pending.0": {"$exists": True}}, {"_id": 1}) is None or None

        await until(all_announced, "the last certificate", within=120)
        took = time.perf_counter() - started
    return count / took


async def _sample(channel: aio_pika.abc.AbstractChannel) -> tuple[bytes, dict[str, Any]]:
    """One of our own filed events, so that the raw limit publishes messages of the same size; counts the others."""
    queue = await channel.declare_queue(FILED, passive=True)
    message = await queue.get(no_ack=True)
    return message.body, {name: str(value) for name, value in message.headers.items()}


async def _queue(channel: aio_pika.abc.AbstractChannel) -> None:
    """An empty quorum queue that hears what is filed: what every run publishes into."""
    queue = await channel.declare_queue(FILED, durable=True, arguments={**QUORUM})
    await queue.bind(EVENTS, KEY)
    await queue.purge()


async def _authorised(around: World, today: date) -> list[tuple[str, str]]:
    pairs = []
    start, end = today - timedelta(days=1), today + timedelta(days=300)
    await overall_plans(around, start, end)
    for unit in around.units:
        await authorise(around, unit, plan_for(unit, start, end))

        async def standing(identity: str = unit.id) -> bool | None:
            found = await around.center.get("registry", "/v1/standings")
            return any(row["id"] == identity and row["grants"] for row in found["rows"]) or None

        await until(standing, f"the standing of {unit.id}")
        pairs.append((unit.id, unit.occupations[0]))
    return pairs


def _sealer(running: Stack) -> Sealer:
    environment = running.services["registry"].environment
    return Sealer(environment["SEAL_KEYS"], environment["INDEX_KEY"])


@contextmanager
def _certificates(running: Stack) -> Iterator[Any]:
    client: pymongo.MongoClient[Any] = pymongo.MongoClient(running.servers.admin_mongo_url)
    try:
        yield client["registry"]["certificates"]
    finally:
        client.close()
