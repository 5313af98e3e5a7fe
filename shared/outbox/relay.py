"""The relay: announces what was saved, strikes what the broker confirmed, finds what a crash left behind."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Sequence
from time import time
from typing import Any

import structlog

from shared.errors import Fault
from shared.messaging.envelope import outgoing
from shared.messaging.wire import Wire
from shared.metrics import ANNOUNCED, UNANNOUNCED
from shared.outbox.pending import Pending
from shared.storage.leases import Lease
from shared.storage.store import Store
from shared.tracing import SpanKind, open_span, traceparent_of

RUN = 250  # events per run: a window of confirms, one strike
RUNS = 2  # runs at once, so that one's strike overlaps the other's confirms
BACKLOG = 20_000  # nudges kept in memory; beyond it the sweep takes over, nothing is lost

log = structlog.get_logger()


class Relay:
    """Handlers save, the relay speaks. At least once, in order within one entity while nothing fails."""

    def __init__(self, wire: Wire, lease: Lease, *, sweep_every: float, sweep_after: float) -> None:
        self._wire = wire
        self._lease = lease
        self._sweep_every = sweep_every
        self._sweep_after = sweep_after
        self._stores: list[Store[Any]] = []
        self._queue: deque[tuple[Store[Any], Pending]] = deque()
        self._woken = asyncio.Event()

    def serves(self, *stores: Store[Any]) -> None:
        """Announce what these stores save."""
        for store in stores:
            store.announce = self.nudge
            self._stores.append(store)

    def nudge(self, store: Store[Any], pending: Sequence[Pending]) -> None:
        """These were just saved: announce them now, without waiting for the sweep."""
        room = BACKLOG - len(self._queue)
        self._queue.extend((store, item) for item in pending[:room])
        self._woken.set()

    async def run(self) -> None:
        """Announce until cancelled."""
        async with self._lease.given_back(), asyncio.TaskGroup() as tasks:
            for _ in range(RUNS):
                tasks.create_task(self._announce_nudged())
            tasks.create_task(self._sweep())

    async def _announce_nudged(self) -> None:
        while True:
            await self._woken.wait()
            run = [self._queue.popleft() for _ in range(min(RUN, len(self._queue)))]
            if not self._queue:
                self._woken.clear()
            if run:
                await self._announce(run)

    async def _announce(self, run: Sequence[tuple[Store[Any], Pending]]) -> int:
        confirmed: dict[Store[Any], list[Pending]] = defaultdict(list)
        for (store, item), ok in zip(run, await self._publish([item for _, item in run]), strict=True):
            if ok:
                confirmed[store].append(item)
        for store, items in confirmed.items():
            await self._strike(store, items)
        return sum(map(len, confirmed.values()))

    async def _strike(self, store: Store[Any], items: Sequence[Pending]) -> None:
        ANNOUNCED.inc(len(items))
        try:
            await store.strike(items)
        except Fault as fault:  # announced but not struck: the sweep announces again, hearers take it once
            log.warning("not struck", collection=store.collection.name, events=len(items), cause=fault.slug)

    async def _publish(self, items: Sequence[Pending]) -> list[bool]:
        spans = {trace: open_span("announce", trace, SpanKind.PRODUCER) for trace in {item.trace for item in items}}
        carried = {trace: traceparent_of(span) for trace, span in spans.items()}
        try:
            return await self._wire.publish([outgoing(item, carried[item.trace]) for item in items])
        finally:
            for span in spans.values():
                span.end()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self._sweep_every)
            try:
                if await self._lease.take():
                    await self.sweep()
            except Fault as fault:
                log.warning("sweep put off", cause=fault.slug)

    async def sweep(self) -> int:
        """Announce every event older than `sweep_after` seconds; how many were announced."""
        swept = 0
        for store in self._stores:
            while left := await store.left_behind(time() - self._sweep_after, RUN):
                announced = await self._announce([(store, item) for item in left])
                swept += announced
                if announced < len(left):  # the broker does not take them now; the next sweep tries again
                    break
        UNANNOUNCED.set(swept)
        return swept
