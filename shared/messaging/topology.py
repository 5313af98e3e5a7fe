"""Which queues and exchanges a service has: one quorum queue per hearer, delayed retries, one place for the parked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from shared.messaging.wire import Wire

EVENTS = "certification.events"
BACKSTOP = 20  # deliveries after which the broker itself parks a message that keeps killing its hearer
QUORUM = {"x-queue-type": "quorum"}
AT_LEAST_ONCE = {"x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish"}


def speaking(service: str) -> str:
    """The exchange a service says its events to; it passes on to `EVENTS` what begins with the service's name."""
    return f"{service}.events"


@dataclass(frozen=True, slots=True)
class Topology:
    """The names of one service's broker objects; every name begins with the service's, as its rights do."""

    service: str
    heard: tuple[str, ...]
    retry_delays: tuple[float, ...]

    def queue(self, event_type: str) -> str:
        """The queue in which this service hears an event type (`#` is the feed's: everything)."""
        return f"{self.service}.{'feed' if event_type == '#' else event_type}"

    @property
    def requeue(self) -> str:
        """Direct exchange: routing key = one of our queues."""
        return f"{self.service}.requeue"

    @property
    def dead(self) -> str:
        """Fanout exchange into the parked queue."""
        return f"{self.service}.dead"

    @property
    def parked(self) -> str:
        """The queue of messages that were given up, each with its cause."""
        return f"{self.service}.parked"

    @property
    def canary(self) -> str:
        """Exchange and queue that the readiness check publishes into."""
        return f"{self.service}.canary"

    def retry(self, attempt: int) -> str:
        """Fanout exchange and queue in which a message waits before attempt `attempt + 1`."""
        return f"{self.service}.retry.{attempt}"

    async def declare(self, wire: Wire) -> None:
        """Declare everything; safe to repeat, and done before any service speaks so that nothing goes unheard."""
        async with wire.declaring() as channel:
            await channel.declare_exchange(self.requeue, "direct", durable=True)
            await self._fanout(channel, self.dead, self.parked, QUORUM)
            await self._fanout(channel, self.canary, self.canary, {"x-max-length": 1, "x-message-ttl": 60_000})
            for attempt, delay in enumerate(self.retry_delays, start=1):
                await self._fanout(channel, self.retry(attempt), self.retry(attempt), self._waiting(delay))
            for event_type in self.heard:
                await self._hearing(channel, event_type)

    def _waiting(self, delay: float) -> dict[str, Any]:
        # no dead-letter routing key: the message keeps its own, the queue it came from
        return {
            **QUORUM,
            **AT_LEAST_ONCE,
            "x-message-ttl": int(delay * 1000),
            "x-dead-letter-exchange": self.requeue,
        }

    async def _fanout(self, channel: Any, exchange: str, queue: str, arguments: dict[str, Any]) -> None:
        into = await channel.declare_exchange(exchange, "fanout", durable=True)
        holding = await channel.declare_queue(queue, durable=True, arguments=arguments)
        await holding.bind(into)

    async def _hearing(self, channel: Any, event_type: str) -> None:
        queue = await channel.declare_queue(
            self.queue(event_type),
            durable=True,
            arguments={
                **QUORUM,
                **AT_LEAST_ONCE,
                "x-dead-letter-exchange": self.dead,
                "x-delivery-limit": BACKSTOP,
            },
        )
        await queue.bind(self.requeue, routing_key=self.queue(event_type))
        await queue.bind(EVENTS, routing_key=event_type)


def topology(service: str, heard: Iterable[str], retry_delays: Sequence[float]) -> Topology:
    """The topology of a service that hears `heard` event types."""
    return Topology(service, tuple(sorted(set(heard))), tuple(retry_delays))
