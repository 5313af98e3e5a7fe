"""Looking after parked messages: list them with their causes, send them back to the queue they came from."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.messaging.failures import CAUSE, PARKED_AT, QUEUE
from shared.messaging.topology import Topology
from shared.messaging.wire import AbstractIncomingMessage, BrokerUnavailable, Outgoing, Wire


@dataclass(frozen=True, slots=True)
class ParkedMessage:
    """One message that was given up."""

    queue: str
    cause: str
    event: str
    type: str
    parked_at: str
    body: bytes

    @classmethod
    def read(cls, message: AbstractIncomingMessage) -> "ParkedMessage":
        headers: Mapping[str, Any] = message.headers
        return cls(
            queue=str(headers.get(QUEUE) or _died_in(headers)),
            cause=str(headers.get(CAUSE, "delivered too often: its hearer kept dying")),
            event=str(headers.get("ce-id", "?")),
            type=str(headers.get("ce-type", "?")),
            parked_at=str(headers.get(PARKED_AT, "?")),
            body=message.body,
        )

    def line(self, *, body: bool = False) -> str:
        """One readable JSON line."""
        row = {"queue": self.queue, "event": self.event, "at": self.parked_at, "cause": self.cause}
        return json.dumps({**row, "body": self.body.decode(errors="replace")} if body else row, ensure_ascii=False)


def _died_in(headers: Mapping[str, Any]) -> str:
    deaths = headers.get("x-death") or [{}]
    return str(deaths[0].get("queue", ""))


class Parked:
    """The parked queue of one service."""

    def __init__(self, wire: Wire, topology: Topology) -> None:
        self._wire = wire
        self._topology = topology

    async def listed(self, most: int) -> list[ParkedMessage]:
        """The oldest parked messages; they stay where they are."""
        held = [message async for message in self._fetch(most)]
        for message in held:
            await message.nack(requeue=True)
        return [ParkedMessage.read(message) for message in held]

    async def replay(self, most: int) -> list[ParkedMessage]:
        """Send messages back to their queues, each acked here only when it is confirmed there."""
        done = []
        async for message in self._fetch(most):
            row = ParkedMessage.read(message)
            headers = {name: value for name, value in message.headers.items() if not name.startswith("x-")}
            sent = await self._wire.publish([Outgoing(self._topology.requeue, row.queue, headers, message.body)])
            if not all(sent):
                await message.nack(requeue=True)
                raise BrokerUnavailable(f"{row.event} was not taken by {row.queue}; it stays parked")
            await message.ack()
            done.append(row)
        return done

    async def _fetch(self, most: int) -> AsyncIterator[AbstractIncomingMessage]:
        channel = await self._wire.channel()
        queue = await channel.get_queue(self._topology.parked, ensure=False)
        for _ in range(most):
            message = await queue.get(fail=False)
            if message is None:
                return
            yield message
