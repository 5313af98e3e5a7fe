"""Gathers what arrives within a moment into one run, so that many messages become one bulk write."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class Gatherer(Generic[T]):
    """Hands over up to `most` items at once, at the latest `within` seconds after the first.

    `within` None: at once, and what comes while a run is being taken goes together in the next.
    """

    def __init__(self, take: Callable[[Sequence[T]], Awaitable[None]], most: int, within: float | None) -> None:
        self._take = take
        self._most = most
        self._within = within
        self._items: list[T] = []
        self._done: asyncio.Future[None] | None = None
        self._running: set[asyncio.Future[None]] = set()  # the loop itself keeps only weak references

    async def add(self, item: T) -> None:
        """Returns when the run with this item has been taken; raises what the run raised."""
        if self._most == 1:
            await self._take([item])
            return
        if self._done is None:
            self._done = asyncio.get_running_loop().create_future()
            if self._within is not None:
                asyncio.get_running_loop().call_later(self._within, self._flush, self._done)
            elif not self._running:
                asyncio.get_running_loop().call_soon(self._flush, self._done)
        self._items.append(item)
        done = self._done
        if len(self._items) >= self._most:
            self._flush(done)
        await asyncio.shield(done)

    def _flush(self, done: asyncio.Future[None]) -> None:
        if done is not self._done:
            return
        items, self._items, self._done = self._items, [], None
        taking = asyncio.ensure_future(self._take(items))
        self._running.add(taking)
        taking.add_done_callback(lambda taken: self._taken(done, taken))

    def _taken(self, done: asyncio.Future[None], taken: asyncio.Future[None]) -> None:
        self._running.discard(taken)
        _settle(done, taken)
        if self._within is None and self._done is not None and not self._running:
            self._flush(self._done)


def _settle(done: asyncio.Future[None], taken: asyncio.Future[None]) -> None:
    if done.done():
        return
    if taken.cancelled():
        done.cancel()
    elif error := taken.exception():
        done.set_exception(error)
    else:
        done.set_result(None)
