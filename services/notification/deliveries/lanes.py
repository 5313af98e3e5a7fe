"""A lane: what is due for one subscription, tried over its own connections, so that no endpoint holds up another."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import structlog

from services.notification.deliveries.domain import Delivery, State
from services.notification.deliveries.posting import Endpoint
from services.notification.deliveries.storage import Deliveries
from services.notification.feed.domain import FeedEvent
from services.notification.feed.storage import FeedLog
from services.notification.subscriptions.handlers import Subscriptions
from shared.act import Act
from shared.clock import Clock
from shared.errors import Fault
from shared.rulebook import Rulebook

CLAIMED = 64  # at once; all of them tried, at the worst, within half of the lease

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


@dataclass
class Lane:
    """Works until stopped; `wake` it when something is due."""

    subscription: str
    endpoint: Endpoint
    office: Office
    _held: dict[str, Delivery] = field(default_factory=dict)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _over: bool = False

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        """Begin no further attempt."""
        self._over = True
        self._woken.set()

    async def run(self) -> None:
        """Try what is due whenever woken, until stopped or cancelled; what was not tried is given back."""
        try:
            async with asyncio.TaskGroup() as attempts:
                while not self._over:
                    await self._woken.wait()
                    self._woken.clear()
                    while not self._over and await self._begin(attempts):
                        continue
        finally:
            await self._leave()

    async def _begin(self, attempts: asyncio.TaskGroup) -> bool:
        """Claim some and begin an attempt for each as connections come free; whether there were any."""
        try:
            due = await self._claim()
        except Fault as fault:  # still due: woken again by the next look
            log.warning("nothing claimed", subscription=self.subscription, cause=fault.slug)
            return False
        for delivery, event in due:
            slot = await self.endpoint.slot()
            if self._over:
                break
            attempts.create_task(self._try(delivery, event, slot))
        return bool(due)

    async def _claim(self) -> list[tuple[Delivery, FeedEvent]]:
        rows = await self.office.deliveries.claim(self.subscription, self.office.clock.now(), CLAIMED)
        self._held.update({row.id: row for row in rows})
        events = await self.office.feed.at([row.position for row in rows]) if rows else {}
        return [(row, events[row.position]) for row in rows]

    async def _try(self, delivery: Delivery, event: FeedEvent, slot: httpx.AsyncClient) -> None:
        today = self.office.clock.today()
        try:
            seconds = self.office.rules.number("delivery.timeout", on=today)
            attempt, trace = await self.endpoint.post(slot, event, seconds)
            tried = delivery.after(attempt, self.office.rules.value("delivery.delays", list[float], on=today))
            if tried.gone or tried.state is State.FAILED:
                await self._give_up(tried, event, trace)
        except Fault as fault:  # not written down: its lease ends and it is tried again
            log.warning("attempt lost", delivery=delivery.id, cause=fault.slug)
            return
        finally:
            self.endpoint.free(slot)
        del self._held[delivery.id]
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
