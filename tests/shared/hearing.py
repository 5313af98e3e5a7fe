"""Hearers of the registry's at work on the real broker, and what happens to what they are sent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import time
from typing import Any

from infra.local.servers import Servers
from shared.clock import FrozenClock
from shared.events.base import Event
from shared.messaging.consumers import Consumers, Hearers
from shared.messaging.envelope import outgoing
from shared.messaging.failures import Failures
from shared.messaging.parked import Parked, ParkedMessage
from shared.messaging.topology import Topology, speaking
from shared.messaging.wire import Outgoing, Wire
from shared.outbox.pending import Pending
from tests.live import delete_queues, eventually
from tests.shared.notes import AT

DELAYS = (0.1, 0.2)


@dataclass
class Hearing:
    """The queues of the registry, and whoever is hearing."""

    servers: Servers
    wire: Wire
    hearers: Hearers
    topology: Topology

    async def says(self, *events: Event, name: str = "note-1", **headers: Any) -> None:
        """Publish events as the registry; `headers` replace the envelope's (underscores for dashes, None: left out)."""
        for place, event in enumerate(events):
            message = _message(name, place + 1, event)
            await self.sends(event.type, message.body, **{**_plain(message), **headers})

    async def sends(self, key: str, body: bytes, **headers: Any) -> None:
        """Publish any message at all under a routing key."""
        named = {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
        assert await self.wire.publish([Outgoing(speaking("registry"), key, named, body)]) == [True]

    async def parked(self, count: int) -> list[ParkedMessage]:
        """The parked messages, once there are so many."""

        async def enough() -> list[ParkedMessage]:
            found = await Parked(self.wire, self.topology).listed(100)
            return found if len(found) >= count else []

        return await (eventually(enough) if count else enough())

    async def replay(self) -> list[ParkedMessage]:
        return await Parked(self.wire, self.topology).replay(100)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Hear until the block ends."""
        consumers = Consumers(self.servers.amqp_url("registry"), "registry", self.hearers, DELAYS)
        consumers.subscribe(Failures(self.wire, self.topology), FrozenClock(AT))
        running = asyncio.create_task(consumers.run())
        try:
            yield
        finally:
            running.cancel()
            await asyncio.wait([running])


@asynccontextmanager
async def prepared(servers: Servers, hearers: Hearers) -> AsyncIterator[Hearing]:
    """Empty queues for these hearers, who do not hear yet."""
    url = servers.amqp_url("registry")
    wire = Wire(url, "tests")
    topology = Consumers(url, "registry", hearers, DELAYS).topology
    await delete_queues(servers, topology)
    await topology.declare(wire)
    try:
        yield Hearing(servers, wire, hearers, topology)
    finally:
        await wire.close()
        await delete_queues(servers, topology)


@asynccontextmanager
async def hearing(servers: Servers, hearers: Hearers) -> AsyncIterator[Hearing]:
    """These hearers at work on empty queues."""
    async with prepared(servers, hearers) as queues, queues.at_work():
        yield queues


async def parked_one(queues: Hearing) -> ParkedMessage:
    """The one message that was parked."""
    [message] = await queues.parked(1)
    return message


def _message(name: str, sequence: int, event: Event) -> Outgoing:
    identity = f"{name}@{sequence}"
    pending = Pending(
        identity, event.type, "/registry/notes", name, AT, sequence, "33", f"work-{identity}", None, None,
        event.model_dump_json().encode(), time(),
    )  # fmt: skip
    return outgoing(pending, None)


def _plain(message: Outgoing) -> dict[str, Any]:
    return {name.replace("-", "_"): value for name, value in message.headers.items()}
