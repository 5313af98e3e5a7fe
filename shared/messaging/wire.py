"""The only file that knows the AMQP driver: connecting, declaring, and publishing with confirms."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Any, NamedTuple, cast

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage
from aio_pika.connection import make_url
from aiormq import spec
from aiormq.channel import Channel as UnderlayChannel
from aiormq.exceptions import AMQPError, ChannelClosed
from pamqp.common import FieldValue

from shared.errors import Fault, Kind

WAIT = 4.0  # seconds; below the five within which every door answers
WAIT_TO_DECLARE = 30.0  # seconds for all queues of a service; nobody waits at a door for it
WAIT_TO_FINISH, WAIT_TO_CLOSE = 3.0, 1.0  # seconds; a process that is told to stop has ten, its requests take four
HEARTBEAT = 10
WIRE_ERRORS = (AMQPError, ConnectionError, OSError, TimeoutError, RuntimeError)


class BrokerUnavailable(Fault):
    """RabbitMQ does not answer; what was said stays pending and is announced when it does."""

    slug, kind = "broker-unavailable", Kind.UNAVAILABLE


class BrokerRefuses(Fault):
    """RabbitMQ refuses this; mend the rights, or delete the queue whose settings have changed."""

    slug, kind = "broker-refuses", Kind.UNAVAILABLE


class Outgoing(NamedTuple):
    """One message; headers are text or integers, the body is passed on as it is."""

    exchange: str
    routing_key: str
    headers: Mapping[str, FieldValue]
    body: bytes
    content_type: str = "application/json"


class Wire:
    """One publishing connection; consuming has its own, since an alarm blocks connections that publish."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._opening = asyncio.Lock()

    async def channel(self) -> AbstractChannel:
        """The confirming channel, opened on first use and again after a loss."""
        async with answered(WAIT), self._opening:
            connection = await self._connected()
            if self._channel is None or self._channel.is_closed:
                self._channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
            return self._channel

    @asynccontextmanager
    async def declaring(self) -> AsyncIterator[AbstractChannel]:
        """A channel of its own for declarations: a refused one closes it, and no channel that publishes."""
        async with answered(WAIT_TO_DECLARE):
            async with self._opening:
                connection = await self._connected()
            async with connection.channel() as channel:
                yield channel

    async def _connected(self) -> AbstractConnection:
        # Not aio-pika's robust connection: given up while it opens, it would go on trying by itself for ever.
        if self._connection is None or not self._connection.connected.is_set():
            if self._connection is not None:
                await self._connection.close()
            url = make_url(self._url, heartbeat=HEARTBEAT)
            self._connection = aio_pika.Connection(url, client_properties={"connection_name": self._name})
            await self._connection.connect()
        return self._connection

    async def publish(self, messages: Sequence[Outgoing]) -> list[bool]:
        """Publish persistently; for each message whether the broker confirmed that a queue holds it.

        Never raises for a broker that is gone or frozen: what is not confirmed within four seconds is False.
        """
        until = monotonic() + WAIT
        try:
            channel = cast("UnderlayChannel", await (await self.channel()).get_underlay_channel())
        except (BrokerUnavailable, BrokerRefuses, *WIRE_ERRORS):
            return [False] * len(messages)
        sending = [asyncio.ensure_future(_sent(channel, message)) for message in messages]
        if sending:
            _, late = await asyncio.wait(sending, timeout=max(0.0, until - monotonic()))
            for task in late:
                task.cancel()
        return [_confirmed(task) for task in sending]

    async def ping(self, queue: str) -> None:
        """A confirmed canary into a queue of ours: an open socket proves nothing (a frozen broker keeps it)."""
        if not all(await self.publish([Outgoing(queue, "canary", {}, b"{}")])):
            raise BrokerUnavailable("a canary message was not confirmed")

    async def close(self) -> None:
        """Say goodbye; a broker that does not answer is left without."""
        with suppress(BrokerUnavailable):
            async with answered(WAIT_TO_CLOSE):
                if self._connection is not None:
                    await self._connection.close()


@asynccontextmanager
async def answered(within: float | None) -> AsyncIterator[None]:
    """Whatever keeps RabbitMQ from answering (within so many seconds) becomes a fault that says so."""
    try:
        async with asyncio.timeout(within):
            yield
    except asyncio.CancelledError as error:
        if _asked_to_stop():
            raise
        raise BrokerUnavailable("the connection to RabbitMQ was lost") from error
    except ChannelClosed as error:
        raise BrokerRefuses(str(error)) from error
    except ExceptionGroup as errors:  # of hearers that are stopped together
        if errors.split(WIRE_ERRORS)[1] is not None:
            raise
        raise BrokerUnavailable("RabbitMQ does not answer") from errors
    except WIRE_ERRORS as error:
        raise BrokerUnavailable(f"RabbitMQ does not answer ({type(error).__name__})") from error


def _asked_to_stop() -> bool:
    # a connection lost during a call cancels the call, which looks as if this task were to stop
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _sent(channel: UnderlayChannel, message: Outgoing) -> None:
    # aiormq itself, not aio-pika's Message and Exchange: they cost as much again as everything else here.
    # wait=False: not for the socket to drain; the confirm is awaited all the same, and the relay bounds the window.
    properties = spec.Basic.Properties(
        headers=dict(message.headers),
        content_type=message.content_type,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
    )
    await channel.basic_publish(
        message.body,
        exchange=message.exchange,
        routing_key=message.routing_key,
        properties=properties,
        mandatory=True,
        wait=False,
    )


def _confirmed(task: asyncio.Future[Any]) -> bool:
    # a connection lost while waiting for the confirm cancels the task, which is no Exception
    return task.done() and not task.cancelled() and task.exception() is None


__all__ = ["AbstractIncomingMessage", "BrokerUnavailable", "Outgoing", "Wire"]
