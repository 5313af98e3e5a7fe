"""The only file that knows the AMQP driver: connecting, declaring, and publishing with confirms."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import aio_pika
from aio_pika.abc import AbstractIncomingMessage, AbstractRobustChannel, AbstractRobustConnection
from aiormq.exceptions import AMQPError
from pamqp.common import FieldValue

from shared.errors import Fault, Kind

WAIT = 4.0  # seconds; below the five within which every door answers
HEARTBEAT = 10
WIRE_ERRORS = (AMQPError, ConnectionError, OSError, TimeoutError, RuntimeError)


class BrokerUnavailable(Fault):
    """RabbitMQ does not answer; what was said stays pending and is announced when it does."""

    slug, kind = "broker-unavailable", Kind.UNAVAILABLE


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
        self._connection: AbstractRobustConnection | None = None
        self._channel: AbstractRobustChannel | None = None
        self._opening = asyncio.Lock()

    async def channel(self) -> AbstractRobustChannel:
        """The confirming channel, opened on first use and again after a loss."""
        async with self._opening:
            if self._connection is None:
                self._connection = await _bounded(
                    aio_pika.connect_robust(
                        self._url,
                        timeout=WAIT,
                        heartbeat=HEARTBEAT,
                        reconnect_interval=1,
                        client_properties={"connection_name": self._name},
                    )
                )
            if self._channel is None or self._channel.is_closed:
                opening = self._connection.channel(publisher_confirms=True, on_return_raises=True)
                self._channel = await _bounded(_opened(opening))
            return self._channel

    async def publish(self, messages: Sequence[Outgoing]) -> list[bool]:
        """Publish persistently; for each message whether the broker confirmed that a queue holds it.

        Never raises for a broker that is gone or frozen: what is not confirmed within four seconds is False.
        """
        try:
            channel = await self.channel()
            exchanges = {
                name: await channel.get_exchange(name, ensure=False) for name in {m.exchange for m in messages}
            }
        except (BrokerUnavailable, *WIRE_ERRORS):
            return [False] * len(messages)
        sending = [
            asyncio.ensure_future(exchanges[message.exchange].publish(_amqp(message), message.routing_key))
            for message in messages
        ]
        if sending:
            _, late = await asyncio.wait(sending, timeout=WAIT)
            for task in late:
                task.cancel()
        return [_confirmed(task) for task in sending]

    async def ping(self, queue: str) -> None:
        """A confirmed canary into a queue of ours: an open socket proves nothing (a frozen broker keeps it)."""
        if not all(await self.publish([Outgoing(queue, "canary", {}, b"{}")])):
            raise BrokerUnavailable("a canary message was not confirmed")

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()


async def _opened(channel: Any) -> AbstractRobustChannel:
    await channel.initialize()
    opened: AbstractRobustChannel = channel
    return opened


async def _bounded(step: Any) -> Any:
    try:
        async with asyncio.timeout(WAIT):
            return await step
    except WIRE_ERRORS as error:
        raise BrokerUnavailable(f"RabbitMQ does not answer ({type(error).__name__})") from error


def _amqp(message: Outgoing) -> aio_pika.Message:
    return aio_pika.Message(
        message.body,
        headers=dict(message.headers),
        content_type=message.content_type,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
    )


def _confirmed(task: asyncio.Future[Any]) -> bool:
    # a connection lost while waiting for the confirm cancels the task, which is no Exception
    return task.done() and not task.cancelled() and task.exception() is None


__all__ = ["AbstractIncomingMessage", "BrokerUnavailable", "Outgoing", "Wire"]
