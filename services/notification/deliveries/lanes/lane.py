"""A lane: what is due for one subscription, tried over its own connections, so that no endpoint holds up another."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

import structlog

from services.notification.deliveries.domain import Attempt, Delivery, Errand, Schedule, State
from services.notification.deliveries.lanes.office import Office
from services.notification.deliveries.posting import Endpoint
from services.notification.deliveries.storage import LEASE
from services.notification.feed.domain.event import FeedEvent
from services.notification.subscriptions.wire import Wire
from shared.act import Act
from shared.errors import Fault

CLAIMED = 64  # at once; with what waits before, all of it is tried within the lease even if nothing answers
AHEAD = 8  # claimed for each attempt that is made at the same time
IN_ORDER = 4  # claimed at once when they go one after the other: within the lease as well
IDLE = 60.0  # seconds after which a lane with nothing to do ends

log = structlog.get_logger()


@dataclass
class Lane:
    """Works until stopped or idle; `wake` it when something is due, `hand` it what was just made.

    It sends as its subscription was at a `version`; at a later one, or once it is `idle`, another takes its place.
    """

    subscription: str
    version: int
    endpoint: Endpoint
    office: Office
    ordered: bool = False
    moved_at: datetime | None = None
    idle: bool = False
    _held: dict[str, Delivery] = field(default_factory=dict)
    _trying: set[str] = field(default_factory=set)
    _handed: list[Errand] = field(default_factory=list)
    _landed: asyncio.Event = field(default_factory=asyncio.Event)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _behind: bool = True
    _over: bool = False

    def stands_for(self, version: int) -> bool:
        """Whether what is due at a version of its subscription is this lane's."""
        return self.version >= version and not self.idle

    @property
    def room(self) -> int:
        """How much that was just made it takes over, as long as nothing older waits in the database."""
        return 0 if self.ordered or self.idle or self._behind or self._over else CLAIMED - len(self._held)

    def wake(self) -> None:
        """Something is due."""
        self._behind = True
        self.office.busy.add(self.subscription)
        self._woken.set()

    def hand(self, fresh: Sequence[tuple[Delivery, FeedEvent]]) -> None:
        """These were made and claimed in this process."""
        self._held.update({row.id: row for row, _ in fresh})
        self.office.busy.add(self.subscription)
        self._handed += self._errands([row for row, _ in fresh], {row.position: event for row, event in fresh})
        self._woken.set()

    def stop(self) -> None:
        """Begin no further attempt."""
        self._over = True
        self._woken.set()
        self._landed.set()

    async def leave(self) -> None:
        """Stop, and give back at once what was not begun."""
        self.stop()
        await self._give_back()

    async def run(self) -> None:
        """Try what is due whenever woken; what was claimed and not tried is given back at the end."""
        try:
            async with asyncio.TaskGroup() as tasks:
                await self._follow(tasks)
        finally:
            self.office.busy.discard(self.subscription)
            await self._give_back()
            await self.endpoint.close()

    async def _follow(self, tasks: asyncio.TaskGroup) -> None:
        while not self._over:
            try:
                async with asyncio.timeout(IDLE):
                    await self._woken.wait()
            except TimeoutError:
                self.idle = not self._woken.is_set()
                if self.idle:
                    return
            self._woken.clear()
            while not self._over and (self._handed or self._behind):
                await self._go_on(tasks)
            self._rest()

    async def _go_on(self, tasks: asyncio.TaskGroup) -> None:
        errands, self._handed = self._handed, []
        if errands and self.ordered:  # made before it was to be in order: each in its turn
            self._behind = True
            await self._give_back()
            return
        try:
            errands = errands or await self._claim()
        except Fault as fault:  # still due, or due again when the lease ends
            log.warning("nothing claimed", subscription=self.subscription, cause=fault.slug)
            return
        if self._over:  # meanwhile
            await self._give_back()
            return
        if self.ordered:
            self._behind = await self._one_by_one(errands) or self._behind
            return
        for errand in errands:
            await self._begin(tasks, errand)

    async def _begin(self, tasks: asyncio.TaskGroup, errand: Errand) -> None:
        while len(self._trying) >= self.office.share and not self._over:
            self._landed.clear()
            await self._landed.wait()
        if self._over:
            return
        if monotonic() > errand.until:  # its lease ends too soon: it is claimed anew
            self._held.pop(errand.delivery.id, None)
            self._behind = True
            return
        self._trying.add(errand.delivery.id)  # before its task runs: it is not given back any more
        tasks.create_task(self._fly(errand))

    async def _fly(self, errand: Errand) -> Delivery | None:
        """Try one; meanwhile it is not given back."""
        self._trying.add(errand.delivery.id)
        try:
            with self.endpoint.place() as place:
                return await self._try(place, errand)
        finally:
            self._trying.discard(errand.delivery.id)
            self._landed.set()
            self._rest()

    def _rest(self) -> None:
        if self._over or not (self._trying or self._behind or self._handed):
            self.office.busy.discard(self.subscription)

    async def _claim(self) -> list[Errand]:
        """Claim some of what is due; when there is none, nothing waits but what is handed over."""
        office, now = self.office, self.office.clock.now()
        claim, most = office.deliveries.claim, min(CLAIMED, AHEAD * office.share)
        if self.ordered:
            claim, most = office.deliveries.claim_in_order, IN_ORDER
        self._behind = False  # whatever is made from now on wakes it again
        rows = await claim(self.subscription, now, most)
        self._held.update({row.id: row for row in rows})
        self._behind = self._behind or bool(rows)
        return self._errands(rows, await office.feed.at([row.position for row in rows]) if rows else {})

    def _errands(self, rows: Sequence[Delivery], events: Mapping[int, FeedEvent]) -> list[Errand]:
        rules, today = self.office.rules, self.office.clock.today()
        seconds = rules.number("delivery.timeout", on=today)
        delays = rules.value("delivery.delays", list[float], on=today)
        schedule = Schedule(delays, rules.number("delivery.jitter", on=today))
        days = rules.number("delivery.disable_after_days", on=today)
        until = monotonic() + LEASE - seconds
        return [Errand(row, events[row.position], seconds, schedule, days, until) for row in rows]

    async def _one_by_one(self, errands: Sequence[Errand]) -> bool:
        """Try each when the one before it is taken or failed for good; whether to go on."""
        for errand in errands:
            tried = None if self._over else await self._fly(errand)
            if tried is None or tried.state is State.WAITING:
                await self._give_back()
                return False
        return bool(errands)

    async def _try(self, place: Wire, errand: Errand) -> Delivery | None:
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
        self._held.pop(tried.id, None)  # gone if its lease ended meanwhile and it was tried twice
        if not self.ordered:
            self.office.tried(tried)
        return tried

    async def _look_at(self, tried: Delivery, errand: Errand, trace: str | None) -> None:
        """Whether this failure is the one too many."""
        last = tried.attempts[-1]
        health = (await self.office.endpoints.health(self.subscription)).here_since(self.moved_at)
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
        await self.office.subscriptions.give_up(act, self.subscription, since, last.answer, self.moved_at)
        self.stop()
        await self.office.endpoints.forget([self.subscription], self.office.clock.now())

    async def _give_back(self) -> None:
        """What is not being tried this moment is anybody's again."""
        rows = [row for name, row in self._held.items() if name not in self._trying]
        for row in rows:
            del self._held[row.id]
        try:
            await self.office.deliveries.release(rows)
        except Fault as fault:  # the lease gives them back
            log.warning("not released", subscription=self.subscription, cause=fault.slug)
