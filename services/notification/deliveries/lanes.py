"""A lane: what is due for one subscription, tried over its own connections, so that no endpoint holds up another."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import httpx
import structlog

from services.notification.deliveries.domain import Delivery, State
from services.notification.deliveries.posting import AT_ONCE, Endpoint
from services.notification.deliveries.storage import Deliveries
from services.notification.feed.domain import FeedEvent
from services.notification.feed.storage import FeedLog
from services.notification.subscriptions.handlers import Subscriptions
from shared.act import Act
from shared.clock import Clock
from shared.errors import Fault
from shared.rulebook import Rulebook

CLAIMED = 32  # at once; with what waits before, all of it is tried within the lease even if nothing answers
IDLE = 60.0  # seconds after which a lane with nothing to do ends

log = structlog.get_logger()


@dataclass(frozen=True)
class Office:
    """What all lanes work with; `tried` takes what became of a delivery and sees that it is written."""

    deliveries: Deliveries
    feed: FeedLog
    subscriptions: Subscriptions
    rules: Rulebook
    clock: Clock
    tried: Callable[[Delivery], None]


class Errand(NamedTuple):
    """One attempt to make, by the rules of its day."""

    delivery: Delivery
    event: FeedEvent
    seconds: float
    delays: Sequence[float]


@dataclass
class Lane:
    """Works until stopped or idle; `wake` it when something is due."""

    subscription: str
    endpoint: Endpoint
    office: Office
    _held: dict[str, Delivery] = field(default_factory=dict)
    _errands: asyncio.Queue[Errand | None] = field(default_factory=lambda: asyncio.Queue(AT_ONCE))
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _over: bool = False

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        """Begin no further attempt."""
        self._over = True
        self._woken.set()

    async def run(self) -> None:
        """Try what is due whenever woken; what was claimed and not tried is given back at the end."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for place in self.endpoint.places:
                    tasks.create_task(self._work(place))
                await self._follow()
                for _ in self.endpoint.places:
                    await self._errands.put(None)
        finally:
            await self._leave()

    async def _follow(self) -> None:
        while not self._over:
            try:
                async with asyncio.timeout(IDLE):
                    await self._woken.wait()
            except TimeoutError:
                return
            self._woken.clear()
            while not self._over and await self._claim():
                continue

    async def _claim(self) -> bool:
        """Claim some and hand them to the workers; whether there were any."""
        office, now, today = self.office, self.office.clock.now(), self.office.clock.today()
        try:
            rows = await office.deliveries.claim(self.subscription, now, CLAIMED)
            self._held.update({row.id: row for row in rows})
            events = await office.feed.at([row.position for row in rows]) if rows else {}
            seconds = office.rules.number("delivery.timeout", on=today)
            delays = office.rules.value("delivery.delays", list[float], on=today)
        except Fault as fault:  # still due, or due again when the lease ends
            log.warning("nothing claimed", subscription=self.subscription, cause=fault.slug)
            return False
        for row in rows:
            await self._errands.put(Errand(row, events[row.position], seconds, delays))
        return bool(rows)

    async def _work(self, place: httpx.AsyncHTTPTransport) -> None:
        while (errand := await self._errands.get()) is not None:
            if not self._over:
                await self._try(place, errand)

    async def _try(self, place: httpx.AsyncHTTPTransport, errand: Errand) -> None:
        attempt, trace = await self.endpoint.post(place, errand.event, errand.seconds)
        tried = errand.delivery.after(attempt, errand.delays)
        if tried.gone or tried.state is State.FAILED:
            try:
                await self._give_up(tried, errand.event, trace)
            except Fault as fault:  # not written down: its lease ends and it is tried again
                log.warning("attempt lost", delivery=tried.id, cause=fault.slug)
                return
        del self._held[tried.id]
        self.office.tried(tried)

    async def _give_up(self, tried: Delivery, event: FeedEvent, trace: str | None) -> None:
        """Disable the subscription; before the delivery is written down, so that a crash between is repaired."""
        since, last = tried.failing_since, tried.attempts[-1]
        if not tried.gone and await self.office.deliveries.taken_since(self.subscription, since):
            return  # it takes other events: this one is refused, the endpoint is not dead
        act = Act(
            id=f"{tried.id}@{tried.tried}",
            at=last.at,
            correlation=event.correlation,
            causation=event.event,
            trace=trace,
        )
        await self.office.subscriptions.give_up(act, self.subscription, since, last.answer)
        self.stop()

    async def _leave(self) -> None:
        try:
            await self.office.deliveries.release(list(self._held.values()))
        except Fault as fault:  # the lease gives them back
            log.warning("not released", subscription=self.subscription, cause=fault.slug)
        await self.endpoint.close()
