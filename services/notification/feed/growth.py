"""Tells whoever waits that the feed has grown: at once if it grew here, soon if another process wrote."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from services.notification.feed.domain.event import FeedEvent
from services.notification.feed.domain.filters import Filter
from services.notification.feed.storage import FeedLog, Reached, Wanted
from shared.act import EVERYTHING
from shared.errors import StorageUnavailable

RUN = 500  # events read at once
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


@dataclass(kw_only=True)
class Follower:
    """Goes on with the feed whenever it grew, one `step` after the other until one says that it is at the end."""

    _grown: asyncio.Event = field(default_factory=asyncio.Event, init=False, repr=False)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False, repr=False)

    async def step(self) -> bool:
        """Do the next part; whether there is more."""
        raise NotImplementedError

    def nudge(self) -> None:
        """The feed grew in this process: go on without waiting for the poller."""
        self._grown.set()

    async def run(self) -> None:
        """Follow the feed until cancelled."""
        while True:
            await self._grown.wait()
            self._grown.clear()
            await self.follow()

    async def due(self, _: datetime) -> None:
        """What a crash left behind, and what another process recorded."""
        await self.follow()

    async def follow(self) -> None:
        """Go on to the end of the feed."""
        async with self._turn:
            while await self.step():
                continue


@dataclass(kw_only=True)
class Follows(Follower):
    """Goes through the feed by position and keeps the place reached; any number of processes may do so at once.

    What it makes has ids that follow from the events, and the place only moves forward, after what comes of the
    events before it is written.
    """

    log: FeedLog
    reached: Reached
    _at: int = field(default=0, init=False, repr=False)
    _kept: int = field(default=0, init=False, repr=False)

    def types(self) -> tuple[str, ...]:
        """The events it wants, exact types or patterns."""
        raise NotImplementedError

    async def take(self, run: Sequence[FeedEvent], after: int) -> None:
        """Make what comes of the next events, which stand after a position; safe to repeat."""
        raise NotImplementedError

    async def step(self) -> bool:
        if not self._at:
            self._at = self._kept = await self.reached.position()
        end, after = await self.log.newest(), self._at
        if end <= after:
            return False
        run = await self.log.read(Wanted(after, RUN, Filter(types=self.types())), EVERYTHING, end)
        await self.take(run, after)
        await self._move(run[-1].position if len(run) == RUN else end, made=bool(run))
        return len(run) == RUN

    async def _move(self, position: int, *, made: bool) -> None:
        """A busy feed with nothing in it costs no write for each of its events: a start looks at some anew."""
        self._at = position
        if made or position - self._kept >= RUN:
            await self.reached.move(position)
            self._kept = position
