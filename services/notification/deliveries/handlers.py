"""From the feed to deliveries: each subscription is told what it wants of what it may see, from where it stopped."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from services.notification.deliveries.domain import Delivery, made_for
from services.notification.deliveries.storage import Cursors, Deliveries
from services.notification.feed.domain.event import FeedEvent
from services.notification.feed.growth import Follower
from services.notification.feed.storage import FeedLog, Wanted, admits
from services.notification.subscriptions.domain import Subscription
from services.notification.subscriptions.storage import active, told
from shared.act import EVERYTHING
from shared.clock import Clock
from shared.storage.store import Store

RUN = 500  # events read at once
CHUNK = 1_000  # deliveries written at once


@dataclass
class FanOut(Follower):
    """Makes deliveries; `made` is told for whom there are new ones.

    Any number of processes may do it at the same time: a delivery's id is its place in the feed and its
    subscription, and cursors only move forward, after the deliveries before them are written.
    """

    log: FeedLog
    subscriptions: Store[Subscription]
    deliveries: Deliveries
    cursors: Cursors
    clock: Clock
    made: Callable[[Sequence[Subscription]], None]

    async def step(self) -> bool:
        """One run for each group of subscriptions that stand at the same place; whether somebody is still behind.

        Whoever is nearest to the end goes first, so that one who begins with the first event holds up nobody.
        """
        end, groups = await asyncio.gather(self.log.newest(), self._groups())
        behind = [await self._tell(groups[at], at, end) for at in sorted(groups, reverse=True) if at < end]
        return any(behind)

    async def _groups(self) -> dict[int, list[Subscription]]:
        rows = await active(self.subscriptions)
        reached = await self.cursors.known([row.id for row in rows])
        groups: dict[int, list[Subscription]] = defaultdict(list)
        for row in rows:
            groups[reached.get(row.id, row.from_position)].append(row)
        return groups

    async def _tell(self, group: Sequence[Subscription], after: int, end: int) -> bool:
        run = await self.log.read(Wanted(after, RUN), EVERYTHING, end)
        making = _made(group, run, self.clock.now())
        while chunk := list(islice(making, CHUNK)):
            await self.deliveries.add(chunk)
            told_now = {row.subscription for row in chunk}
            self.made([row for row in group if row.id in told_now])
        await self.cursors.move([row.id for row in group], run[-1].position)
        return len(run) == RUN


def _made(group: Sequence[Subscription], run: Sequence[FeedEvent], now: datetime) -> Iterator[Delivery]:
    for subscription in group:
        scope = told(subscription)
        for event in run:
            if subscription.wants(event) and admits(scope, event):
                yield made_for(subscription, event, now)
