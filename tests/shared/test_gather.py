"""What arrives within a moment is handed over as one run."""

import asyncio
from collections.abc import Sequence

import pytest

from shared.errors import NotFound
from shared.messaging.gather import Gatherer


class Runs:
    """Takes runs, and refuses those with a bad item."""

    def __init__(self) -> None:
        self.seen: list[list[str]] = []

    async def take(self, items: Sequence[str]) -> None:
        self.seen.append(list(items))
        if "bad" in items:
            raise NotFound("a bad one")


@pytest.fixture
def runs() -> Runs:
    return Runs()


async def test_what_arrives_together_is_one_run_and_everybody_waits_for_it(runs: Runs) -> None:
    gatherer = Gatherer(runs.take, most=10, within=0.01)
    await asyncio.gather(*(gatherer.add(item) for item in "abc"))
    assert runs.seen == [["a", "b", "c"]]


async def test_a_full_run_is_taken_without_waiting(runs: Runs) -> None:
    gatherer = Gatherer(runs.take, most=2, within=3600)
    await asyncio.wait_for(asyncio.gather(*(gatherer.add(item) for item in "abcd")), 5)
    assert runs.seen == [["a", "b"], ["c", "d"]]


async def test_the_next_run_begins_after_the_one_before(runs: Runs) -> None:
    gatherer = Gatherer(runs.take, most=10, within=0)
    await gatherer.add("a")
    await gatherer.add("b")
    assert runs.seen == [["a"], ["b"]]


async def test_everybody_in_a_run_that_fails_is_told(runs: Runs) -> None:
    gatherer = Gatherer(runs.take, most=3, within=3600)
    told = await asyncio.gather(*(gatherer.add(item) for item in ("a", "bad", "c")), return_exceptions=True)
    assert [type(one) for one in told] == [NotFound] * 3


async def test_one_who_gives_up_does_not_take_the_others_with_it(runs: Runs) -> None:
    gatherer = Gatherer(runs.take, most=2, within=3600)
    gives_up = asyncio.create_task(gatherer.add("a"))
    await asyncio.sleep(0)
    gives_up.cancel()
    await asyncio.wait_for(gatherer.add("b"), 5)
    assert runs.seen == [["a", "b"]]


async def test_one_at_a_time_is_taken_at_once(runs: Runs) -> None:
    gatherer = Gatherer(runs.take, most=1, within=3600)
    await asyncio.wait_for(gatherer.add("a"), 5)
    assert runs.seen == [["a"]]


async def test_without_a_wait_the_first_is_taken_at_once_and_what_comes_meanwhile_goes_together() -> None:
    seen: list[list[str]] = []
    begun, goes_on = asyncio.Event(), asyncio.Event()

    async def take(items: Sequence[str]) -> None:
        seen.append(list(items))
        begun.set()
        await goes_on.wait()

    gatherer = Gatherer(take, most=10, within=None)
    first = asyncio.create_task(gatherer.add("a"))
    await asyncio.wait_for(begun.wait(), 5)
    rest = [asyncio.create_task(gatherer.add(item)) for item in "bcd"]
    await asyncio.sleep(0.01)
    assert seen == [["a"]]
    goes_on.set()
    await asyncio.wait_for(asyncio.gather(first, *rest), 5)
    assert seen == [["a"], ["b", "c", "d"]]


async def test_without_a_wait_a_run_that_fails_lets_the_next_begin(runs: Runs) -> None:
    gatherer = Gatherer(runs.take, most=10, within=None)
    told = await asyncio.gather(gatherer.add("bad"), return_exceptions=True)
    await asyncio.wait_for(gatherer.add("a"), 5)
    assert isinstance(told[0], NotFound)
    assert runs.seen == [["bad"], ["a"]]
