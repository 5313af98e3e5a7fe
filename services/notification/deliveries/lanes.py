"""A lane: what is due for one subscription, tried over its own connections, so that no endpoint holds up another."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import httpx
import structlog

from services.notification.deliveries.domain import Attempt, Delivery, Schedule, State
from services.notification.deliveries.posting import AT_ONCE, Endpoint
from services.notification.deliveries.storage import Deliveries, Endpoints
from services.notification.feed.domain.event import FeedEvent
from services.notification.feed.storage import FeedLog
from services.notification.subscriptions.handlers import Subscriptions
from shared.act import Act
from shared.clock import Clock
from shared.errors import Fault
from shared.rulebook import Rulebook

CLAIMED = 32  # at once; with what waits before, all of it is tried within the lease even if nothing answers
IN_ORDER = 4  # claimed at once when they go one after the other: within the lease as well
IDLE = 60.0  # seconds after which a lane with nothing to do ends

log = structlog.get_logger()


@dataclass(frozen=True)
class Office:
    """What all lanes work with.

    `tried` takes what became of a delivery and sees that it is written; `record` has written it when it returns.
    """

    deliveries: Deliveries
    endpoints: Endpoints
    feed: FeedLog
    subscriptions: Subscriptions
    rules: Rulebook
    clock: Clock
    tried: Callable[[Delivery], None]
    record: Callable[[Sequence[Delivery]], Awaitable[None]]


class Errand(NamedTuple):
    """One attempt to make, by the rules of its day."""

    delivery: Delivery
    event: FeedEvent
    seconds: float
    schedule: Schedule
    days: float


@dataclass
class Lane:
    """Works until stopped or idle; `wake` it when something is due.

    It sends as its subscription was at a `version`; at a later one another lane takes its place.
    """

    subscription: str
    version: int
    endpoint: Endpoint
    office: Office
    ordered: bool = False
    _held: dict[str, Delivery] = field(default_factory=dict)
    _trying: set[str] = field(default_factory=set)
    _errands: asyncio.Queue[Errand | None] = field(default_factory=lambda: asyncio.Queue(AT_ONCE))
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _over: bool = False

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        """Begin no further attempt."""
        self._over = True
        self._woken.set()

    async def leave(self) -> None:
        """Stop, and give back at once what was not begun."""
        self.stop()
        await self._give_back()

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
            await self._give_back()
            await self.endpoint.close()

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
            claim, most = office.deliveries.claim, CLAIMED
            if self.ordered:
                claim, most = office.deliveries.claim_in_order, IN_ORDER
            rows = await claim(self.subscription, now, most)
            self._held.update({row.id: row for row in rows})
            events = await office.feed.at([row.position for row in rows]) if rows else {}
            seconds = office.rules.number("delivery.timeout", on=today)
            delays = office.rules.value("delivery.delays", list[float], on=today)
            schedule = Schedule(delays, office.rules.number("delivery.jitter", on=today))
            days = office.rules.number("delivery.disable_after_days", on=today)
        except Fault as fault:  # still due, or due again when the lease ends
            log.warning("nothing claimed", subscription=self.subscription, cause=fault.slug)
            return False
        if self._over:  # meanwhile
            await self._give_back()
            return False
        errands = [Errand(row, events[row.position], seconds, schedule, days) for row in rows]
        if self.ordered:
            return await self._one_by_one(errands)
        for errand in errands:
            await self._errands.put(errand)
        return bool(rows)

    async def _one_by_one(self, errands: Sequence[Errand]) -> bool:
        """Try each when the one before it is taken or failed for good; whether to go on."""
        for errand in errands:
            tried = None if self._over else await self._try(self.endpoint.places[0], errand)
            if tried is None or tried.state is State.WAITING:
                await self._give_back()
                return False
        return bool(errands)

    async def _work(self, place: httpx.AsyncHTTPTransport) -> None:
        while (errand := await self._errands.get()) is not None:
            if not self._over:
                await self._try(place, errand)

    async def _try(self, place: httpx.AsyncHTTPTransport, errand: Errand) -> Delivery | None:
        name = errand.delivery.id
        self._trying.add(name)
        try:
            return await self._tried(place, errand)
        finally:
            self._trying.discard(name)

    async def _tried(self, place: httpx.AsyncHTTPTransport, errand: Errand) -> Delivery | None:
        attempt, trace = await self.endpoint.post(place, errand.event, errand.seconds)
        tried = errand.delivery.after(attempt, errand.schedule)
        try:
            if not attempt.taken:
                await self._look_at(tried, errand, trace)
            if self.ordered:
                await self.office.record([tried])
        except Fault as fault:  # not written down: its lease ends and it is tried again
            log.warning("attempt lost", delivery=tried.id, cause=fault.slug)
            return None
        del self._held[tried.id]
        if not self.ordered:
            self.office.tried(tried)
        return tried

    async def _look_at(self, tried: Delivery, errand: Errand, trace: str | None) -> None:
        """Whether this failure is the one too many."""
        last = tried.attempts[-1]
        health = await self.office.endpoints.health(self.subscription)
        if tried.gone or health.is_dead(last, errand.days):
            await self._give_up(tried, health.failing_since or last.at, errand.event, trace)

    async def _give_up(self, tried: Delivery, since: datetime, event: FeedEvent, trace: str | None) -> None:
        """Disable the subscription; before the delivery is written down, so that a crash between is repaired."""
        last: Attempt = tried.attempts[-1]
        act = Act(
            id=f"{tried.id}@{tried.tried}",
            at=last.at,
            correlation=event.correlation,
            causation=event.event,
            trace=trace,
        )
        await self.office.subscriptions.give_up(act, self.subscription, since, last.answer)
        self.stop()
        await self.office.endpoints.forget(self.subscription, self.office.clock.now())

    async def _give_back(self) -> None:
        """What is not being tried this moment is anybody's again."""
        rows = [row for name, row in self._held.items() if name not in self._trying]
        for row in rows:
            del self._held[row.id]
        try:
            await self.office.deliveries.release(rows)
        except Fault as fault:  # the lease gives them back
            log.warning("not released", subscription=self.subscription, cause=fault.slug)
