"""What falls due is done by one process at a time, and one room's trouble is not another's."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import uuid4

import pytest

from shared.clock import FrozenClock
from shared.errors import AlreadyThere
from shared.poller import Poller
from shared.storage.leases import Lease
from shared.storage.mongo import Database
from tests.live import eventually
from tests.shared.notes import AT

pytestmark = pytest.mark.live


class Room:
    """A room with work that falls due."""

    def __init__(self, refuses: bool = False) -> None:
        self.seen: list[datetime] = []
        self._refuses = refuses

    async def due(self, now: datetime) -> None:
        self.seen.append(now)
        if self._refuses:
            raise AlreadyThere("not today")

    async def looked(self) -> bool:
        return len(self.seen) > 1


@asynccontextmanager
async def polling(
    database: Database, name: str, holder: str, *due: Callable[[datetime], Awaitable[None]]
) -> AsyncIterator[None]:
    poller = Poller(Lease(database, name, holder=holder), FrozenClock(AT), every=0.01)
    for one in due:
        poller.add(one)
    running = asyncio.create_task(poller.run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait([running])


@pytest.fixture
def name() -> str:
    return f"due-{uuid4().hex[:8]}"


async def test_due_work_is_looked_for_again_and_again_by_the_clock(database: Database, name: str) -> None:
    room = Room()
    async with polling(database, name, "one", room.due):
        await eventually(room.looked)
    assert set(room.seen) == {AT}


async def test_a_room_whose_work_is_refused_does_not_hold_up_the_next(database: Database, name: str) -> None:
    first, second = Room(refuses=True), Room()
    async with polling(database, name, "one", first.due, second.due):
        await eventually(second.looked)
        await eventually(first.looked)


async def test_while_one_process_looks_another_does_not_and_takes_over_at_once(database: Database, name: str) -> None:
    mine, others = Room(), Room()
    async with polling(database, name, "one", mine.due):
        await eventually(mine.looked)
        async with polling(database, name, "other", others.due):
            mine.seen.clear()
            await eventually(mine.looked)
            assert others.seen == []
    async with polling(database, name, "other", others.due):
        await eventually(others.looked, within=5)
