"""The load shape MOSIP published: ten subscribers to eight topics, 240 events a second; over AMQP and by webhooks.

There the 90th percentile of an event's way was 5,778 s. Over AMQP it goes on for five minutes
(`LOAD_SECONDS` in the environment says otherwise); by webhooks the highest rate is looked for that keeps up.
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import httpx
from rich.console import Console

from infra.bench.fanout import subscribed
from infra.bench.reading import Reader, reading
from infra.bench.saying import TOPICS, Sayer, p50_p99, paced, sayer
from infra.bench.taking import Taker, taker
from infra.drive.caller import Caller
from infra.drive.spine import until
from infra.local.stack import Stack, stack

SUBSCRIBERS = 10
PER_S = 240.0
SECONDS = float(os.environ.get("LOAD_SECONDS", "300"))
STEP = 10.0  # seconds for which one rate of webhooks is held
FIRST, LAST = 7.5, 240.0  # events a second
HALVINGS = 2  # between the highest rate that kept up and the lowest that did not
MOST_MS = 1_000.0
WITHIN = 180.0
LAG = "skillcert_delivery_lag_seconds "

console = Console()


@dataclass(frozen=True)
class Step:
    """What one rate came to: events said a second, how long they took, and the lag the service itself told of."""

    per_s: float
    p50_ms: float
    p99_ms: float
    lag_s: float

    @property
    def keeps_up(self) -> bool:
        return self.p99_ms <= MOST_MS


def measure() -> dict[str, Any]:
    """AMQP first, then webhooks, on the same servers."""
    with stack(only=("registry", "notification")) as running, taker(running.folder) as receiver:
        found = asyncio.run(_amqp(running))
        return {**found, **figures(asyncio.run(_webhooks(running, receiver)))}


def figures(steps: list[Step]) -> dict[str, Any]:
    """The highest rate of webhooks that keeps up with all below it, and the lag beyond; in deliveries a second."""
    missed = min((row.per_s for row in steps if not row.keeps_up), default=float("inf"))
    best = max((row for row in steps if row.keeps_up and row.per_s < missed), key=lambda row: row.per_s, default=None)
    beyond = next((row for row in steps if row.per_s == missed), None)
    found: dict[str, Any] = {"load.webhooks_per_s": round(best.per_s * SUBSCRIBERS) if best else 0}
    if best:
        found["load.webhooks_p99_ms"] = best.p99_ms
    if beyond:
        found["load.beyond_per_s"] = round(beyond.per_s * SUBSCRIBERS)
        found |= {"load.beyond_p99_ms": beyond.p99_ms, "load.beyond_lag_s": round(beyond.lag_s, 1)}
    return found


# -- over AMQP -----------------------------------------------------------------------------------------


async def _amqp(running: Stack) -> dict[str, Any]:
    count = round(PER_S * SECONDS)
    async with httpx.AsyncClient(timeout=30) as http, sayer(running.servers.admin_amqp_url) as saying:
        center = Caller(running, http, "center", "center")
        readers = [await _reader(center) for _ in range(SUBSCRIBERS)]
        with reading(running.folder, readers, count) as read:
            console.print(f"{SUBSCRIBERS} readers over AMQP, {PER_S:.0f} events a second for {SECONDS:.0f} s…")
            per_s = await paced(PER_S, count, saying.say)
            waits = await asyncio.to_thread(read.waits, WITHIN)
    half, most = p50_p99(waits)
    return {
        "load.amqp_p99_ms": most,
        "load.amqp_p50_ms": half,
        "load.amqp_events_per_s": round(per_s, 1),
        "load.amqp_seconds": SECONDS,
        "load.amqp_messages": len(waits),
    }


async def _reader(center: Caller) -> Reader:
    """One that reads the topics from a queue of its own, once the broker lets it in."""
    made = await center.post("notification", "/v1/readers", {"kind": "queue", "types": list(TOPICS)})

    async def let_in() -> bool | None:
        row = await center.get("notification", f"/v1/readers/{made['id']}")
        return row["state"] == "open" or None

    await until(let_in, "a reader's queue", within=30)
    return Reader(address(made["amqp"], made["user"], made["password"]), made["queue"])


def address(amqp: str, user: str, password: str) -> str:
    """Where to connect as this user."""
    parts = urlsplit(amqp)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{host}"))


# -- by webhooks ---------------------------------------------------------------------------------------


async def _webhooks(running: Stack, receiver: Taker) -> list[Step]:
    async with httpx.AsyncClient(timeout=30) as http, sayer(running.servers.admin_amqp_url) as saying:
        center = Caller(running, http, "center", "center")
        for place in range(SUBSCRIBERS):
            await subscribed(center, receiver.url(f"/{place}"))
        await _step(running, receiver, saying, FIRST)  # connections, code: all is warm
        steps: list[Step] = []
        for rate in rates(steps):
            steps.append(await _step(running, receiver, saying, rate))
            console.print(
                f"{rate * SUBSCRIBERS:.0f} webhooks a second: p99 {steps[-1].p99_ms:.0f} ms, "
                f"lag by the service's own figure {steps[-1].lag_s:.1f} s"
            )
        return steps


def rates(steps: list[Step]) -> Iterator[float]:
    """Twice as much each time while it keeps up, then halfway between what did and what did not."""
    low, high = 0.0, FIRST
    while high <= LAST:
        yield high
        if not steps[-1].keeps_up:
            break
        low, high = high, high * 2
    else:
        return
    for _ in range(HALVINGS if low else 0):
        between = (low + high) / 2
        yield between
        low, high = (between, high) if steps[-1].keeps_up else (low, between)


async def _step(running: Stack, receiver: Taker, saying: Sayer, per_s: float) -> Step:
    await receiver.forget()
    saying.said.clear()
    count = round(per_s * STEP)
    with _watched(running) as lags:
        await paced(per_s, count, saying.say)

        async def all_came() -> bool | None:
            return await receiver.look() >= count * SUBSCRIBERS or None

        await until(all_came, "the last webhook", within=WITHIN)
    half, most = p50_p99(saying.waits([row[1:] for row in receiver.rows]))
    return Step(per_s, half, most, max(lags, default=0.0))


@contextmanager
def _watched(running: Stack) -> Iterator[list[float]]:
    """What the service says of its lag, twice a second."""
    lags: list[float] = []

    async def look() -> None:
        async with httpx.AsyncClient(timeout=10) as http:
            while True:
                lags.append(lag_of((await http.get(f"{running.url('notification')}/metrics")).text))
                await asyncio.sleep(0.5)

    looking = asyncio.create_task(look())
    try:
        yield lags
    finally:
        looking.cancel()


def lag_of(metrics: str) -> float:
    """The lag in what a service tells Prometheus."""
    return next((float(line.removeprefix(LAG)) for line in metrics.splitlines() if line.startswith(LAG)), 0.0)
