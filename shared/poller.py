"""What falls due by the clock: one process at a time looks for it and does it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from shared.clock import Clock
from shared.errors import Fault
from shared.storage.leases import Lease

log = structlog.get_logger()
Due = Callable[[datetime], Awaitable[None]]


class Poller:
    """Calls every room's `due(now)` again and again while it holds the lease."""

    def __init__(self, lease: Lease, clock: Clock, every: float) -> None:
        self._lease = lease
        self._clock = clock
        self._every = every
        self._due: list[Due] = []

    def add(self, due: Due) -> None:
        """`due` does everything due at the instant it is given; safe to run twice."""
        self._due.append(due)

    async def run(self) -> None:
        """Look until cancelled."""
        async with self._lease.given_back():
            while True:
                await asyncio.sleep(self._every)
                try:
                    if await self._lease.take():
                        await self._look()
                except Fault as fault:
                    log.warning("looking put off", cause=fault.slug)

    async def _look(self) -> None:
        for due in self._due:
            try:
                await due(self._clock.now())
            except Fault as fault:  # one room's trouble is not the next one's
                log.warning("due work put off", room=due.__qualname__, cause=fault.slug, detail=fault.detail)
