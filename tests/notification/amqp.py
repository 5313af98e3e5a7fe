"""What the tests of streams and readers do at the broker, as another system would."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import aio_pika
from aio_pika.abc import AbstractConnection, AbstractIncomingMessage
from aio_pika.connection import make_url

from infra.local.servers import Servers
from tests.live import eventually

LINES = ("33", "44", "66")
STREAMS = ("notification.stream", *(f"notification.stream.{line}" for line in LINES))
OFFSET = "x-stream-offset"


async def without_streams(servers: Servers) -> None:
    """What earlier tests left at the broker is no more."""
    async with await aio_pika.connect(servers.admin_amqp_url) as connection:
        channel = await connection.channel()
        for name in STREAMS:
            await channel.queue_delete(name)
        await channel.exchange_delete("notification.out")


class Taken(list[AbstractIncomingMessage]):
    """Messages in the order in which they came."""

    def header(self, name: str) -> list[Any]:
        return [message.headers[name] for message in self]

    @property
    def positions(self) -> list[int]:
        return self.header("ce-position")

    async def reach(self, most: int, within: float = 20.0) -> "Taken":
        """Wait until there are so many."""

        async def enough() -> bool:
            return len(self) >= most

        await eventually(enough, within=within)
        return self


@asynccontextmanager
async def taking(
    connection: AbstractConnection, queue: str, arguments: Mapping[str, Any] | None = None
) -> AsyncIterator[Taken]:
    """A list that grows by what a queue or stream holds; each message is acknowledged."""
    taken = Taken()

    async def take(message: AbstractIncomingMessage) -> None:
        await message.ack()
        taken.append(message)

    channel = await connection.channel()
    await channel.set_qos(prefetch_count=200)
    source = await channel.get_queue(queue, ensure=False)
    tag = await source.consume(take, arguments=dict(arguments or {}))
    try:
        yield taken
    finally:
        if not channel.is_closed and connection.connected.is_set():
            await source.cancel(tag)
            await channel.close()


@asynccontextmanager
async def stream(servers: Servers, name: str, begin: Any = "first") -> AsyncIterator[Taken]:
    """A stream from an offset or time, read by the administrator."""
    async with (
        await aio_pika.connect(servers.admin_amqp_url) as connection,
        taking(connection, name, {OFFSET: begin}) as taken,
    ):
        yield taken


def rises(values: Iterable[int]) -> bool:
    """Whether each is higher than the one before it."""
    return all(one < other for one, other in pairwise(values))


async def is_closed(connection: AbstractConnection) -> bool:
    """Whether the broker ended a connection."""
    return not connection.connected.is_set()


def address(shown: Mapping[str, Any]) -> str:
    """The URL of a reader's user, from what its door showed."""
    return str(shown["amqp"]).replace("://", f"://{shown['user']}:{shown['password']}@")


@asynccontextmanager
async def let_in(shown: Mapping[str, Any]) -> AsyncIterator[AbstractConnection]:
    """Connected as a reader."""
    connection = aio_pika.Connection(make_url(address(shown)))
    try:
        await connection.connect(timeout=10)
        yield connection
    finally:
        await connection.close()  # one that was refused or ended as well, or it closes itself when nobody looks


@asynccontextmanager
async def reading(shown: Mapping[str, Any], begin: Any = "first") -> AsyncIterator[Taken]:
    """What a reader reads, a stream from an offset."""
    arguments = {OFFSET: begin} if shown["kind"] == "stream" else None
    async with let_in(shown) as connection, taking(connection, shown["queue"], arguments) as taken:
        yield taken
