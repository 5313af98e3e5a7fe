"""Finds what is due, keeps one lane per subscription that is sent to, writes down what became of each attempt."""

import asyncio
import ssl
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial

import httpx
import structlog
from prometheus_client import Gauge

from services.notification.deliveries.domain import Delivery
from services.notification.deliveries.lanes.lane import Lane
from services.notification.deliveries.lanes.office import Office
from services.notification.deliveries.posting import Endpoint
from services.notification.deliveries.storage import Deliveries, Endpoints
from services.notification.feed.domain.event import FeedEvent
from services.notification.feed.storage import FeedLog
from services.notification.subscriptions.domain import Payload, State, Subscription
from services.notification.subscriptions.handlers import Subscriptions
from shared.clock import Clock
from shared.errors import Fault
from shared.rulebook import Rulebook

WITHIN = 0.05  # seconds in which outcomes gather for one write; a crash repeats at most these
GRACE = 0.25  # seconds in which an attempt ends that was under way when its subscription was changed
AGAIN = 1.0  # seconds until an outcome that could not be written is tried again
SWITCH = 0.0005  # seconds after which a busy loop lets the database driver's threads run; by default they wait 5 ms

LAG = Gauge("skillcert_delivery_lag_seconds", "How long the delivery that has been due longest waits by now")

log = structlog.get_logger()


class Ledger:
    """Outcomes on their way into the database, many in one write."""

    def __init__(self, deliveries: Deliveries, endpoints: Endpoints) -> None:
        self._deliveries = deliveries
        self._endpoints = endpoints
        self._tried: list[Delivery] = []
        self._any = asyncio.Event()

    def take(self, tried: Delivery) -> None:
        self._tried.append(tried)
        self._any.set()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._any.wait()
            await asyncio.sleep(WITHIN)
            if not await self.write():
                await asyncio.sleep(AGAIN)

    async def write(self) -> bool:
        """Write what is there; False when the database does not take it now."""
        tried, self._tried = self._tried, []
        self._any.clear()
        try:
            await self.record(tried)
        except Fault as fault:
            log.warning("outcomes not written yet", deliveries=len(tried), cause=fault.slug)
            self._tried = [*tried, *self._tried]
            self._any.set()
            return False
        except asyncio.CancelledError:  # the last write is the sender's
            self._tried = [*tried, *self._tried]
            raise
        return True

    async def record(self, tried: Sequence[Delivery]) -> None:
        """How the endpoints answered first: what a crash keeps from being written after it is tried again."""
        await self._endpoints.note(tried)
        await self._deliveries.record(tried)


class Sender:
    """Every worker has one; claims keep two from trying the same delivery at once.

    `url` is where thin events refer to. A lane sends as its subscription was when it began. Whoever has anything due,
    in the hands of a lane or not, is read at each look: so a change is there within that time.
    """

    def __init__(
        self, deliveries: Deliveries, endpoints: Endpoints, feed: FeedLog, subscriptions: Subscriptions,
        rules: Rulebook, clock: Clock, url: str, *, look_every: float,
    ) -> None:  # fmt: skip
        self._ledger = Ledger(deliveries, endpoints)
        self._office = Office(
            deliveries, endpoints, feed, subscriptions, rules, clock, self._ledger.take, self._ledger.record
        )
        self._url = url
        self._look_every = look_every
        self._lanes: dict[str, tuple[Lane, asyncio.Task[None]]] = {}
        self._fresh: dict[str, Subscription] = {}
        self._handed: dict[str, tuple[Subscription, list[tuple[Delivery, FeedEvent]]]] = {}
        self._woken = asyncio.Event()
        self._tls: ssl.SSLContext | None = None

    def serve(self, subscriptions: Iterable[Subscription]) -> None:
        """These active ones have new deliveries: begin without looking for them."""
        self._fresh.update({row.id: row for row in subscriptions})
        self._woken.set()

    def room(self, subscription: Subscription) -> int:
        """How many deliveries, just made and claimed, are taken over without being looked for."""
        lane, task = self._lanes.get(subscription.id, (None, None))
        if subscription.ordered or lane is None or task is None or task.done() or subscription.id in self._handed:
            return 0
        return lane.room

    def hand(self, subscription: Subscription, fresh: Sequence[tuple[Delivery, FeedEvent]]) -> None:
        """These were made for it and claimed in this process."""
        self._handed[subscription.id] = subscription, [*fresh]
        self._woken.set()

    async def run(self) -> None:
        """Send until cancelled."""
        sys.setswitchinterval(SWITCH)
        self._tls = self._tls or httpx.create_ssl_context(trust_env=False)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._ledger.run())
                while True:
                    await self._look(tasks)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(self._look_every):
                            await self._begin_fresh(tasks)
        finally:
            self._lanes.clear()
            await self._ledger.write()
            await self._give_back()

    async def _begin_fresh(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            while self._fresh:
                _, subscription = self._fresh.popitem()
                if (lane := self._begin(tasks, subscription)) is not None:
                    lane.wake()
            while self._handed:
                _, (subscription, fresh) = self._handed.popitem()
                if (lane := self._begin(tasks, subscription)) is not None:
                    lane.hand(fresh)

    async def _give_back(self) -> None:
        """What no lane has taken over is anybody's again."""
        left, self._handed = self._handed, {}
        with suppress(Fault):  # else the lease gives it back
            await self._office.deliveries.release([row for _, fresh in left.values() for row, _ in fresh])

    async def _look(self, tasks: asyncio.TaskGroup) -> None:
        """Find what is due again, and what another process or a crash left."""
        now = self._office.clock.now()
        try:
            due = await self._office.deliveries.due(now)
            rows = await self._office.subscriptions.subscriptions.find({"_id": {"$in": list(due)}}) if due else []
            sent_to = [due[row.id] for row in rows if row.state is State.ACTIVE]
            LAG.set((now - min(sent_to, default=now)).total_seconds())
            for row in rows:
                if row.state is State.ACTIVE and (lane := self._begin(tasks, row)) is not None:
                    lane.wake()
            await self._end(tasks, [row for row in rows if row.state is not State.ACTIVE], now)
        except Fault as fault:
            log.warning("nothing looked for", cause=fault.slug)

    def _begin(self, tasks: asyncio.TaskGroup, subscription: Subscription) -> Lane | None:
        before = self._lanes.get(subscription.id)
        if before is not None and not before[1].done() and before[0].stands_for(subscription.version):
            return before[0]
        if before is not None:
            before[0].stop()
        try:
            lane = self._lane(subscription)
        except Fault as fault:  # its secret cannot be opened: the others are sent to all the same
            log.warning("not sent to", subscription=subscription.id, cause=fault.slug)
            return None
        self._lanes[subscription.id] = lane, tasks.create_task(lane.run())
        lane.wake()
        if before is not None:
            tasks.create_task(_hand_over(*before, lane))
        return lane

    async def _end(self, tasks: asyncio.TaskGroup, over: Sequence[Subscription], now: datetime) -> None:
        for lane, task in [self._lanes.pop(row.id) for row in over if row.id in self._lanes]:
            tasks.create_task(_ended(task, in_order=lane.ordered))
            await lane.leave()
        await self._office.endpoints.forget([row.id for row in over], now)
        for row in over:
            if row.state is State.DELETED:
                await self._office.deliveries.drop(row.id, now)

    def _lane(self, subscription: Subscription) -> Lane:
        assert self._tls is not None
        room, office = self._office.subscriptions, self._office
        full = subscription.payload is Payload.FULL
        written = FeedEvent.cloud_event if full else partial(FeedEvent.thin_event, url=self._url)
        signer = room.signer(subscription)
        endpoint = Endpoint(subscription.url, signer, room.hosts, office.clock, self._tls, written)
        moved_at = subscription.moved_at
        return Lane(subscription.id, subscription.version, endpoint, office, subscription.ordered, moved_at)


async def _hand_over(before: Lane, task: asyncio.Task[None], after: Lane) -> None:
    """What a lane has not begun is at once the one's that takes its place; what it has under way is awaited."""
    await before.leave()
    after.wake()
    await _ended(task, in_order=before.ordered or after.ordered)
    after.wake()


async def _ended(task: asyncio.Task[None], *, in_order: bool) -> None:
    """A stopped lane is over; in order, where its attempt holds back all others, that is cut off and made again."""
    if in_order:
        await asyncio.wait([task], timeout=GRACE)
        task.cancel()
    await asyncio.wait([task])
