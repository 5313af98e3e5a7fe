"""The figures of latency: from an event said on the bus to its webhook and its pull, against a raw chain of the run."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import aio_pika
import httpx
from motor.motor_asyncio import AsyncIOMotorClient

from infra.bench.fanout import subscribed
from infra.bench.saying import Sayer, p50_p99, paced, sayer
from infra.bench.taking import Taker, taker
from infra.drive.caller import Caller
from infra.drive.spine import until
from infra.local.stack import Stack, stack
from shared.messaging.topology import QUORUM

ROUNDS = 5
EVENTS = 100  # of one round
PER_S = 20.0  # so slow that one is over before the next begins
RAW = "bench.raw"


@dataclass
class Round:
    """How long each event took in one round, seconds."""

    webhook: list[float]
    pull: list[float]
    raw: list[float]


@dataclass
class Pull:
    """Reads the feed as a subscriber does, by long polls one after the other; `came` holds id and time of day."""

    center: Caller
    after: int | str
    came: list[tuple[str, float]] = field(default_factory=list)

    async def run(self) -> None:
        while True:
            answer = await self.center.get("notification", "/v1/events", after=self.after, limit=100, wait=4)
            now = time.time()
            self.came += [(row["id"], now) for row in answer["rows"]]
            self.after = answer["next"]


def measure() -> dict[str, Any]:
    """Rounds of ours and of the raw chain, one after the other."""
    with stack(only=("registry", "notification")) as running, taker(running.folder) as receiver:
        return figures(asyncio.run(_rounds(running, receiver)))


def figures(rounds: list[Round]) -> dict[str, Any]:
    """The ratio of medians in each round, and all waits together."""
    of_raw = median(p50_p99(row.webhook)[0] / p50_p99(row.raw)[0] for row in rounds)
    figures: dict[str, Any] = {"latency.of_raw": round(of_raw, 2)}
    for name in ("webhook", "pull", "raw"):
        half, most = p50_p99([one for row in rounds for one in getattr(row, name)])
        figures |= {f"latency.{name}_p50_ms": half, f"latency.{name}_p99_ms": most}
    return {**figures, "latency.events": sum(len(row.webhook) for row in rounds), "latency.rounds": len(rounds)}


async def _rounds(running: Stack, receiver: Taker) -> list[Round]:
    async with httpx.AsyncClient(timeout=30) as http, sayer(running.servers.admin_amqp_url) as saying:
        center = Caller(running, http, "center", "center")
        await subscribed(center, receiver.url("/ours"))
        pull = Pull(center, 0)
        reading = asyncio.create_task(pull.run())
        await _ours(receiver, saying, pull, EVENTS // 10)
        rounds = []
        for _ in range(ROUNDS):
            webhook, pulled = await _ours(receiver, saying, pull, EVENTS)
            rounds.append(Round(webhook, pulled, await _raw(running, receiver, EVENTS)))
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
        return rounds


async def _ours(receiver: Taker, saying: Sayer, pull: Pull, count: int) -> tuple[list[float], list[float]]:
    await receiver.forget()
    pull.came.clear()
    saying.said.clear()
    await paced(PER_S, count, saying.say)

    async def all_came() -> bool | None:
        return (await receiver.look() >= count and len(pull.came) >= count) or None

    await until(all_came, "the last webhook and the last pull")
    return saying.waits([row[1:] for row in receiver.rows]), saying.waits(pull.came)


@asynccontextmanager
async def _kept(running: Stack) -> AsyncIterator[Any]:
    client: Any = AsyncIOMotorClient(running.servers.admin_mongo_url, w="majority")
    try:
        yield client["bench"]["raw"]
    finally:
        await client.drop_database("bench")
        client.close()


async def _raw(running: Stack, receiver: Taker, count: int) -> list[float]:
    """The same hops and nothing else: publish, consume, keep the event, keep the delivery, post."""
    await receiver.forget()
    connection = await aio_pika.connect(running.servers.admin_amqp_url)
    async with connection, httpx.AsyncClient(timeout=30) as http, _kept(running) as rows:
        channel = await connection.channel(publisher_confirms=True)
        exchange = await channel.declare_exchange(RAW, "fanout", durable=True)
        queue = await channel.declare_queue(RAW, durable=True, arguments={**QUORUM})
        await queue.bind(exchange)

        async def post(message: aio_pika.abc.AbstractIncomingMessage) -> None:
            await rows.insert_one({"event": message.body})
            await rows.insert_one({"delivery": message.body})
            headers = {"webhook-id": str(message.headers["ce-id"]), "content-type": "application/json"}
            (await http.post(receiver.url("/raw"), content=message.body, headers=headers)).raise_for_status()
            await message.ack()

        await queue.consume(post)
        saying = Sayer(exchange)
        await paced(PER_S, count, saying.say)

        async def all_came() -> bool | None:
            return await receiver.look() >= count or None

        await until(all_came, "the last of the raw chain")
        return saying.waits([row[1:] for row in receiver.rows])
