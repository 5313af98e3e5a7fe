"""Tells whoever waits that the feed has grown: at once if it grew here, soon if another process wrote."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from shared.errors import StorageUnavailable

LOOK_EVERY = 0.1  # seconds; one look for all who wait in this process, none while nobody waits


class Growth:
    """The highest position this process knows of, and waiting for a higher one."""

    def __init__(self, newest: Callable[[], Awaitable[int]]) -> None:
        self._ask = newest
        self._newest = 0
        self._grown = asyncio.Event()
        self._waiting = 0
        self._looking: asyncio.Task[None] | None = None

    def grew(self, newest: int) -> None:
        """The feed reaches this position."""
        if newest > self._newest:
            self._newest = newest
            self._grown.set()
            self._grown = asyncio.Event()

    async def beyond(self, position: int) -> int:
        """The highest position, as soon as it is higher than `position`."""
        async with self._watched():
            while self._newest <= position:
                await self._grown.wait()
            return self._newest

    @asynccontextmanager
    async def _watched(self) -> AsyncIterator[None]:
        self._waiting += 1
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        try:
            yield
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._looking.cancel()
                self._looking = None

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                self.grew(await self._ask())
            except StorageUnavailable:
                continue  # whoever waits has a limit of its own
