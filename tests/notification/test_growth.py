"""Waiting for the feed to grow, whoever wrote."""

import asyncio

from services.notification.feed.growth import Growth
from shared.errors import StorageUnavailable


class Elsewhere:
    """A feed that other processes write to; it can be out of reach."""

    def __init__(self) -> None:
        self.end = 3
        self.looks = 0
        self.away = 0

    async def newest(self) -> int:
        self.looks += 1
        if self.away:
            self.away -= 1
            raise StorageUnavailable("not now")
        return self.end


async def test_what_grew_here_is_known_at_once() -> None:
    growth = Growth(Elsewhere().newest)
    waiting = asyncio.create_task(growth.beyond(9))
    await asyncio.sleep(0)
    growth.grew(10)
    assert await waiting == 10


async def test_what_another_process_wrote_is_found_even_after_an_outage() -> None:
    feed = Elsewhere()
    feed.away = 2
    assert await Growth(feed.newest).beyond(2) == 3
    assert feed.looks == 3


async def test_all_who_wait_share_one_look_and_nobody_looks_when_nobody_waits() -> None:
    feed = Elsewhere()
    growth = Growth(feed.newest)
    waiting = [asyncio.create_task(growth.beyond(2)) for _ in range(50)]
    assert await asyncio.gather(*waiting) == [3] * 50
    assert feed.looks == 1
    assert growth._looking is None


async def test_what_is_known_already_needs_no_waiting() -> None:
    feed = Elsewhere()
    growth = Growth(feed.newest)
    growth.grew(5)
    growth.grew(4)
    assert await growth.beyond(4) == 5
    assert feed.looks == 0
