"""What a service hears: each hearer has its own queue, channel and prefetch, and acks after its effect."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import structlog
from faststream import AckPolicy
from faststream.rabbit import Channel, RabbitBroker, RabbitMessage, RabbitQueue
from faststream.rabbit.schemas import QueueType
from opentelemetry.trace import use_span

from shared.act import Act
from shared.clock import Clock
from shared.errors import Fault, Kind
from shared.events.base import Event
from shared.messaging.envelope import Heard, heard
from shared.messaging.failures import Failures
from shared.messaging.gather import Gatherer
from shared.messaging.topology import Topology, topology
from shared.messaging.wire import (
    HEARTBEAT,
    WAIT,
    WAIT_TO_CLOSE,
    WAIT_TO_FINISH,
    WIRE_ERRORS,
    BrokerRefuses,
    BrokerUnavailable,
    answered,
)
from shared.metrics import MESSAGES
from shared.tracing import SpanKind, open_span, traceparent_of

V = TypeVar("V", bound=Event)
Taken = tuple[Heard[V], Act]
Handler = Callable[[Sequence[Taken[V]]], Awaitable[None]]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Hearing:
    """One event type and the handler of this service; `most` messages are handed over at once."""

    kind: type[Event]
    key: str
    handler: Handler[Any]
    most: int
    within: float | None
    prefetch: int


def _both(first: Hearing, second: Hearing) -> Hearing:
    async def handler(taken: Sequence[Taken[Any]]) -> None:
        await first.handler(taken)
        await second.handler(taken)

    fewest = {name: min(getattr(first, name), getattr(second, name)) for name in ("most", "prefetch")}
    waits = [one.within for one in (first, second) if one.within is not None]
    return replace(first, handler=handler, within=min(waits, default=None), **fewest)


class Hearers:
    """Rooms register here what they hear (`consumers.py`); `app.py` starts it."""

    def __init__(self) -> None:
        self._hearings: list[Hearing] = []

    @property
    def heard(self) -> tuple[str, ...]:
        """The event types heard, for the topology and the generated docs."""
        return tuple(hearing.key for hearing in self._hearings)

    def on(self, kind: type[V], handler: Callable[[Heard[V], Act], Awaitable[None]], *, prefetch: int = 20) -> None:
        """Hand over one event at a time, up to `prefetch` of them concurrently."""

        async def one(taken: Sequence[Taken[V]]) -> None:
            for event, act in taken:
                await handler(event, act)

        self._add(Hearing(kind, kind.type, one, 1, 0, prefetch))

    def on_many(
        self,
        kind: type[V],
        handler: Handler[V],
        *,
        most: int = 500,
        within: float | None = 0.02,
        key: str | None = None,
    ) -> None:
        """Hand over up to `most` events at once, those that arrive `within` seconds; bulk in, bulk write.

        `within` None waits for nothing but the run before: for one queue whose handler takes one run at a time.
        """
        self._add(Hearing(kind, key or kind.type, handler, most, within, 2 * most))

    def _add(self, hearing: Hearing) -> None:
        # one queue per event: what several rooms hear goes to one after the other, and to all again on a failure
        same = next((known for known in self._hearings if known.key == hearing.key), None)
        others = [known for known in self._hearings if known is not same]
        self._hearings = [*others, _both(same, hearing) if same else hearing]

    def __iter__(self) -> Any:
        return iter(self._hearings)


class Consumers:
    """The running subscribers of one process."""

    def __init__(self, url: str, service: str, hearers: Hearers, delays: Sequence[float]) -> None:
        self.topology: Topology = topology(service, hearers.heard, delays)
        self._hearers = hearers
        self._broker = RabbitBroker(
            f"{url}{'&' if '?' in url else '?'}heartbeat={HEARTBEAT}&name={service}-hears",
            logger=None,
            apply_types=False,
            decoder=_undecoded,
            ack_policy=AckPolicy.MANUAL,
            timeout=WAIT,
            graceful_timeout=2.0,
            reconnect_interval=1.0,
        )
        self._gatherers: list[Gatherer[Any]] = []

    def subscribe(self, failures: Failures, clock: Clock) -> None:
        """Make one subscriber per hearing; nothing is connected yet."""
        for hearing in self._hearers:
            queue = self.topology.queue(hearing.key)
            desk = Desk(queue, hearing, failures, clock)
            gatherer: Gatherer[RabbitMessage] = Gatherer(desk.take, hearing.most, hearing.within)
            self._gatherers.append(gatherer)
            subscriber = self._broker.subscriber(
                RabbitQueue(queue, queue_type=QueueType.QUORUM, durable=True, declare=False),
                channel=Channel(prefetch_count=hearing.prefetch),
                no_reply=True,
            )
            subscriber(gatherer.add)

    async def run(self) -> None:
        """Connect (again and again until it works), consume until cancelled, finish what is in hand."""
        try:
            while True:
                if await self._started():
                    await asyncio.Event().wait()
                await asyncio.sleep(1)
        finally:
            await self._stopped()

    async def _started(self) -> bool:
        starting = asyncio.ensure_future(self._broker.start())
        try:
            await _come_to(starting, None)
        except (BrokerUnavailable, BrokerRefuses) as fault:
            log.warning("not hearing yet", cause=fault.slug, detail=fault.detail)
            await self._stopped()  # some hearers may have begun: all of them begin anew
            return False
        except asyncio.CancelledError:
            with suppress(BrokerUnavailable, BrokerRefuses):
                await _come_to(starting, WAIT_TO_CLOSE)  # a connection broken off while it opens cannot be closed
            raise
        return True

    async def _stopped(self) -> None:
        with suppress(BrokerUnavailable):
            async with answered(WAIT_TO_FINISH):
                try:
                    await self._broker.stop()
                except ExceptionGroup:  # a channel broke as its hearer stopped; the connection is still open
                    await self._broker.stop()


async def _come_to(starting: asyncio.Future[None], within: float | None) -> None:
    async with answered(within):
        await asyncio.shield(starting)


def _is_outage(error: Exception) -> bool:
    return isinstance(error, Fault) and error.kind is Kind.UNAVAILABLE


async def _undecoded(message: RabbitMessage) -> RabbitMessage:
    return message


class Desk:
    """Takes messages of one queue: read, trace, handle, ack; what fails goes to `Failures` one by one."""

    def __init__(self, queue: str, hearing: Hearing, failures: Failures, clock: Clock) -> None:
        self._queue = queue
        self._hearing = hearing
        self._failures = failures
        self._clock = clock

    async def take(self, messages: Sequence[RabbitMessage]) -> None:
        """Handle them together; if that fails, each alone, so that one bad message holds up no other."""
        try:
            await self._handle(messages)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a hearer raises must end in a retry or a parking
            await self._separate(messages, error)
            return
        await self._ack(messages)

    async def _separate(self, messages: Sequence[RabbitMessage], error: Exception) -> None:
        if len(messages) > 1 and not _is_outage(error):
            for message in messages:
                await self.take([message])
            return
        # in an outage each of them alone would wait and fail as all of them did together
        await asyncio.gather(*(self._hand_on(message, error) for message in messages))
        await self._ack(messages, "failed")

    async def _hand_on(self, message: RabbitMessage, error: Exception) -> None:
        while True:  # kept in hand, unacked, until a queue holds it: neither lost nor counted as a crash
            try:
                await self._failures.take(self._queue, message.headers, message.body, error)
            except BrokerUnavailable:
                await asyncio.sleep(1)
            else:
                return

    async def _handle(self, messages: Sequence[RabbitMessage]) -> None:
        events = [heard(message.headers, message.body, self._hearing.kind) for message in messages]
        now = self._clock.now()
        spans = {
            trace: open_span(f"hear {events[0].type}", trace, SpanKind.CONSUMER, queue=self._queue)
            for trace in dict.fromkeys(event.trace for event in events)
        }
        carried = {trace: traceparent_of(span) for trace, span in spans.items()}
        try:
            with ExitStack() as stack:
                stack.enter_context(
                    use_span(next(iter(spans.values())), record_exception=False, set_status_on_exception=True)
                )
                await self._hearing.handler([(event, event.act(now, carried[event.trace])) for event in events])
        finally:
            for span in spans.values():
                span.end()

    async def _ack(self, messages: Sequence[RabbitMessage], outcome: str = "taken") -> None:
        try:
            for message in messages:
                await message.ack()
        except WIRE_ERRORS:
            return  # the connection went after the effect: it is delivered again and recognised
        MESSAGES.labels(self._queue, outcome).inc(len(messages))
