"""Says events as a service does, through the registry's exchange, in the words of the frozen examples; percentiles."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from statistics import quantiles
from uuid import uuid4

import aio_pika

from infra.local.stack import ROOT
from shared.messaging.envelope import outgoing
from shared.messaging.topology import speaking
from shared.outbox.pending import Pending

LINE = "33"
TOPICS = (
    "registry.plan.returned.v1",
    "registry.plan.withdrawn.v1",
    "registry.plan.expired.v1",
    "registry.card.lapsed.v1",
    "registry.card.suspended.v1",
    "registry.report.noted.v1",
    "registry.report.returned.v1",
    "registry.site.removed.v1",
)
"""Eight kinds of events, none of which makes a notice."""
TRACE = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"


@cache
def words(of_type: str) -> bytes:
    """The body of an event of this type, as the frozen example has it."""
    example = json.loads((ROOT / "tests" / "contracts" / f"{of_type}.json").read_text(encoding="utf-8"))
    return json.dumps(example["body"], ensure_ascii=False).encode()


def pending(place: int) -> Pending:
    """The event at a place: the kinds take turns, each event is of an entity of its own."""
    subject, kind = f"bench-{uuid4().hex}", TOPICS[place % len(TOPICS)]
    now = datetime.now(UTC)
    return Pending(
        f"registry.bench.{subject}@1", kind, "/registry/bench", subject, now, 1, LINE, subject, None, TRACE,
        words(kind), time.time(),
    )  # fmt: skip


@dataclass
class Sayer:
    """Says events, each confirmed by the broker; `said` holds by id when that began, seconds of the day."""

    exchange: aio_pika.abc.AbstractExchange
    said: dict[str, float] = field(default_factory=dict)

    async def say(self, place: int) -> str:
        """The event at a place; its id."""
        event = pending(place)
        message = outgoing(event, TRACE)
        self.said[event.id] = time.time()
        await self.exchange.publish(
            aio_pika.Message(message.body, headers=dict(message.headers), delivery_mode=2), message.routing_key
        )
        return event.id

    def waits(self, came: Sequence[tuple[str, float]]) -> list[float]:
        """How long each event took to come, in seconds; what others said is passed over."""
        return [at - self.said[event] for event, at in came if event in self.said]


@asynccontextmanager
async def sayer(url: str) -> AsyncIterator[Sayer]:
    """One that says it as the registry."""
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel(publisher_confirms=True)
        yield Sayer(await channel.get_exchange(speaking("registry")))


async def paced(per_s: float, count: int, say: Callable[[int], Awaitable[object]]) -> float:
    """Say so many at an even pace, whatever each takes; how many a second it came to."""
    begun = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for place in range(count):
            await asyncio.sleep(begun + place / per_s - time.perf_counter())
            tasks.create_task(_said(say, place))
    return count / (time.perf_counter() - begun)


async def _said(say: Callable[[int], Awaitable[object]], place: int) -> None:
    await say(place)


def p50_p99(seconds: Sequence[float]) -> tuple[float, float]:
    """The median and the 99th percentile, in milliseconds."""
    cuts = quantiles(seconds, n=100, method="inclusive")
    return round(cuts[49] * 1000, 1), round(cuts[98] * 1000, 1)
