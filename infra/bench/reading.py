"""Other systems that read the feed over AMQP: each over a connection of its own; a process for all of them."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import aiormq
from aiormq.abc import DeliveredMessage

from infra.local.leash import Leashed
from infra.local.stack import ROOT
from infra.waiting import wait_until

PREFETCH = 200
TOGETHER = 20  # messages in one acknowledgement
SOURCE = "/registry/bench"


@dataclass(frozen=True)
class Reader:
    """Where one of them reads."""

    url: str
    queue: str


@dataclass(frozen=True)
class Reading:
    """A process that reads; `waits` holds at the end how long each message took, seconds."""

    done: Path

    def waits(self, within: float) -> list[float]:
        """As soon as each reader has all."""
        wait_until(self.done.exists, time.monotonic() + within, "the last message over AMQP did not come", pause=0.2)
        found: list[float] = json.loads(self.done.read_text(encoding="ascii"))
        return found


@contextmanager
def reading(folder: Path, readers: Sequence[Reader], each: int) -> Iterator[Reading]:
    """They read until each has so many of the bench's events."""
    asked, ready, done = (folder / f"reading.{name}" for name in ("asked", "ready", "done"))
    asked.write_text(json.dumps([asdict(row) for row in readers]), encoding="ascii")
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT)}
    command: list[str | Path] = [sys.executable, "-m", "infra.bench.reading", asked, ready, done, str(each)]
    process = Leashed(command, environment, folder / "reading.log")
    try:
        wait_until(ready.exists, time.monotonic() + 30, "the readers do not connect")
        yield Reading(done)
    finally:
        process.stop(grace=3)


async def _read(reader: Reader, each: int, waits: list[float], reads: asyncio.Semaphore) -> None:
    connection = await aiormq.connect(reader.url)
    channel = await connection.channel()
    await channel.basic_qos(prefetch_count=PREFETCH)
    over, seen = asyncio.Event(), set[str]()

    async def take(message: DeliveredMessage) -> None:
        now, headers, tag = time.time(), message.header.properties.headers or {}, message.delivery_tag or 0
        if headers["ce-source"] == SOURCE and headers["ce-id"] not in seen:
            seen.add(str(headers["ce-id"]))
            waits.append(now - datetime.fromisoformat(str(headers["ce-time"])).timestamp())
        if tag % TOGETHER == 0 or len(seen) == each:
            await channel.basic_ack(tag, multiple=True)
        if len(seen) == each:
            over.set()

    await channel.basic_consume(reader.queue, take)
    reads.release()
    await over.wait()
    await connection.close()


async def _all(readers: Sequence[Reader], ready: Path, each: int) -> list[float]:
    waits: list[float] = []
    reads = asyncio.Semaphore(0)
    async with asyncio.TaskGroup() as tasks:
        for reader in readers:
            tasks.create_task(_read(reader, each, waits, reads))
        for _ in readers:
            await reads.acquire()
        await asyncio.to_thread(ready.touch)
    return waits


def _serve(asked: Path, ready: Path, done: Path, each: int) -> None:
    readers = [Reader(**row) for row in json.loads(asked.read_text(encoding="ascii"))]
    waits = asyncio.run(_all(readers, ready, each))
    written = done.with_suffix(".part")
    written.write_text(json.dumps(waits), encoding="ascii")
    written.replace(done)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
