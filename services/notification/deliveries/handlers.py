"""From the feed to deliveries: each subscription is told what it wants of what it may see, from where it stopped."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter
from uuid import uuid4

from prometheus_client import Gauge

from services.notification.deliveries.domain import Delivery, Lag, made_for, within_reach
from services.notification.deliveries.storage import Cursors, Deliveries, Endpoints
from services.notification.feed.domain.event import FeedEvent
from services.notification.feed.domain.filters import Filter
from services.notification.feed.growth import Follower
from services.notification.feed.storage import FeedLog, Wanted, admits
from services.notification.subscriptions.domain import Subscription
from services.notification.subscriptions.handlers import Subscriptions
from services.notification.subscriptions.storage import active, standing, told
from shared.act import EVERYTHING, Scope
from shared.auth import Caller
from shared.clock import Clock
from shared.storage.store import Store

RUN = 500  # events read at once, and how far a cursor may lag behind what its subscription was told
CHUNK = 1_000  # deliveries after which a turn ends, so that nobody's new event waits behind another's backlog
LONGEST_REST = 0.2  # seconds after a turn that did not come to the end

BEHIND = Gauge("skillcert_fan_out_behind", "Events that the subscription furthest behind has not been told of")

COUNTED = 10_000  # events and deliveries at most, when somebody asks how far behind a subscription is
COUNTS = 0.5  # seconds, about

Fresh = Sequence[tuple[Delivery, FeedEvent]]

ANY: Mapping[str, object] = {"subjects": (), "correlations": ()}


class Audience:
    """Who of a group is told of an event; those of the same kind, line, unit, occupation and level are asked once."""

    def __init__(self, group: Sequence[Subscription]) -> None:
        self._group: list[tuple[Subscription, Scope, Filter]] = [
            (row, told(row), row.only.model_copy(update=ANY)) for row in group
        ]
        self._known: dict[tuple[str | None, ...], list[Subscription]] = {}

    def is_new(self, event: FeedEvent) -> bool:
        """Whether it takes all filters to tell."""
        return _kind(event) not in self._known

    def of(self, event: FeedEvent) -> list[Subscription]:
        """Those that want it and may see it."""
        kind = _kind(event)
        if kind not in self._known:
            self._known[kind] = [row for row, scope, only in self._group if admits(scope, event) and only.wants(event)]
        return [row for row in self._known[kind] if row.wants(event)]


def _kind(event: FeedEvent) -> tuple[str | None, ...]:
    return event.type, event.authority, event.unit, event.occupation, event.level


@dataclass
class FanOut(Follower):
    """Makes deliveries; `made` is told for whom there are new ones, `hand` is given those `room` has place for.

    Any number of processes may do it at the same time: a delivery's id is its place in the feed and its
    subscription, and cursors only move forward, after the deliveries before them are written. A subscription that
    wants nothing of what it passes has its cursor moved every `RUN` positions only: what a crash forgets is looked
    at again, and nothing comes of it.
    """

    log: FeedLog
    subscriptions: Store[Subscription]
    deliveries: Deliveries
    cursors: Cursors
    clock: Clock
    made: Callable[[Sequence[Subscription]], None]
    room: Callable[[Subscription], int] = lambda _: 0
    hand: Callable[[Subscription, Fresh], None] = lambda _, __: None
    _known: dict[str, Subscription] = field(default_factory=dict, init=False, repr=False)
    _passed: dict[str, int] = field(default_factory=dict, init=False, repr=False)
    _turns: int = field(default=0, init=False, repr=False)

    async def due(self, _: datetime) -> None:
        """What a crash left behind is this loop's as well: the poller does not wait for a backlog."""
        self.nudge()

    async def step(self) -> bool:
        """A turn for those nearest to the end, and one for others that are behind; whether somebody still is.

        Whoever begins with the first event holds up nobody, and of those who do, each gets on.
        """
        (end, rows), stored = await self._asked()
        reached = {row.id: self._reached(row, stored) for row in rows}
        groups = within_reach([row for row in rows if reached[row.id] < end], reached, RUN)
        BEHIND.set(max((end - at for at in reached.values()), default=0))
        self._turns += 1
        turns = groups[:1] + ([groups[1 + self._turns % (len(groups) - 1)]] if len(groups) > 1 else [])
        more = [await self._tell(group, reached, stored, end) for group in turns]
        return any(more) or len(groups) > len(turns)

    async def _asked(self) -> tuple[tuple[int, Sequence[Subscription]], Mapping[str, int]]:
        end, rows = await asyncio.gather(self.log.newest(), self._active())
        return (end, rows), await self.cursors.known([row.id for row in rows])

    async def _active(self) -> Sequence[Subscription]:
        """Those that are sent to; only what changed since the last turn is read again."""
        now = await standing(self.subscriptions)
        known = {name: row for name, row in self._known.items() if now.get(name) == row.version}
        # Under its old filter it was told up to here: the new one is for what comes now, or after a pause.
        await self.cursors.move({name: at for name, at in self._passed.items() if name not in known})
        if changed := now.keys() - known.keys():
            known |= {row.id: row for row in await active(self.subscriptions, changed)}
        self._known = known
        self._passed = {name: self._passed[name] for name in known.keys() & self._passed.keys()}
        return list(known.values())

    def _reached(self, row: Subscription, stored: Mapping[str, int]) -> int:
        return max(stored.get(row.id, row.from_position), self._passed.get(row.id, 0))

    async def _tell(
        self, group: Sequence[Subscription], reached: Mapping[str, int], stored: Mapping[str, int], end: int
    ) -> bool:
        """One turn of a group; whether there is more for it."""
        begun = perf_counter()
        run = await self.log.read(Wanted(min(reached[row.id] for row in group), RUN), EVERYTHING, end)
        making, last = await self._making(group, reached, run)
        fresh = await self._add(making)
        self._give(group, making, fresh)
        told = {delivery.subscription for delivery, _ in making}
        passed = {row.id: max(last, reached[row.id]) for row in group}
        await self.cursors.move(
            {name: at for name, at in passed.items() if name in told or at - stored.get(name, 0) >= RUN}
        )
        self._passed |= passed
        if last < end:  # a backlog is made faster than it is sent: it leaves half of the time to everything else
            await asyncio.sleep(min(perf_counter() - begun, LONGEST_REST))
        return last < end

    async def _making(
        self, group: Sequence[Subscription], reached: Mapping[str, int], run: Sequence[FeedEvent]
    ) -> tuple[Fresh, int]:
        """The deliveries of a run, and the position up to which they are all of them."""
        audience, now, making = Audience(group), self.clock.now(), list[tuple[Delivery, FeedEvent]]()
        claim, room = uuid4().hex, {row.id: self.room(row) for row in group}
        for event in run:
            if audience.is_new(event):
                await asyncio.sleep(0)  # a thousand filters take a moment: others have theirs
            for row in audience.of(event):
                if reached[row.id] < event.position:
                    room[row.id] -= 1
                    claimed = claim if room[row.id] >= 0 else ""
                    making.append((made_for(row, event, now, claim=claimed), event))
            if len(making) >= CHUNK:
                return making, event.position
        return making, run[-1].position

    async def _add(self, making: Fresh) -> Fresh:
        """Write them; those of them that are this process's to send."""
        refused = await self.deliveries.add([delivery for delivery, _ in making])
        return [row for place, row in enumerate(making) if row[0].claim and place not in refused]

    def _give(self, group: Sequence[Subscription], making: Fresh, fresh: Fresh) -> None:
        handed: dict[str, list[tuple[Delivery, FeedEvent]]] = defaultdict(list)
        for row in fresh:
            handed[row[0].subscription].append(row)
        left = {delivery.subscription for delivery, _ in making if not delivery.claim}
        for subscription in group:
            if subscription.id in handed:
                self.hand(subscription, handed[subscription.id])
        self.made([row for row in group if row.id in left])


@dataclass(frozen=True)
class Lags:
    """How far each subscription is behind, told from what is written down: whichever process works for it."""

    log: FeedLog
    subscriptions: Subscriptions
    deliveries: Deliveries
    cursors: Cursors
    endpoints: Endpoints

    async def of(self, subscription: str, caller: Caller) -> Lag:
        """One of the caller's subscriptions; what is told at this very moment may count as behind and waiting both."""
        row = await self.subscriptions.get(subscription, caller)
        newest = await self.log.newest()
        known = await self.cursors.known([row.id])
        position = max(known.get(row.id, 0), row.from_position)
        wanted = Wanted(position, COUNTED, row.only)
        behind, exact = await self.log.count(wanted, told(row), newest, COUNTS)
        waiting, oldest = await self.deliveries.waiting(row.id, COUNTED)
        health = await self.endpoints.health(row.id)
        at_least = not exact or waiting == COUNTED
        return Lag(row.id, position, newest, behind, waiting, at_least, oldest, health.taken_at, health.failing_since)
