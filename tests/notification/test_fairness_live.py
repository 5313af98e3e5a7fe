"""One dead endpoint in a hundred, and a back-fill of many thousands: what they cost the others, measured in one run.

Two cores are shared with the servers and with other tests, so a round is noisy: rounds with and without the trouble
take turns, and the best ratio of neighbours counts. A cost that is really there is there in every round.
"""

import asyncio
import gc
import time
from collections.abc import Iterator
from statistics import quantiles

import pytest

from services.notification.feed.storage import FeedLog
from services.notification.rooms import Rooms
from tests.live import Running
from tests.notification.examples import feed_event
from tests.notification.receiver import NEVER, Receiver
from tests.notification.story import say, subscriber

pytestmark = pytest.mark.live

RETURNED = "registry.plan.returned.v1"
ENDPOINTS = 100
EVENTS = 10  # of each round, one after the other
ROUNDS = 3
HISTORY = 20_000


@pytest.fixture(autouse=True)
def what_other_tests_left_is_set_aside() -> Iterator[None]:
    """A whole run leaves a heap that takes the collector up to a second to go through, as no service's own does."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def p99(seconds: list[float]) -> float:
    return quantiles(seconds, n=100)[98]


async def waits(service: Running, hooks: Receiver, paths: list[str], unit: str) -> list[float]:
    """How long each event took from being said until each of these endpoints had it."""
    took: list[float] = []
    for _ in range(EVENTS):
        before = len(hooks.received)
        begun = time.perf_counter()
        event = await say(service, unit)
        left = set(paths)
        while left:
            assert time.perf_counter() - begun < 20, f"{len(left)} have not got it"
            await asyncio.sleep(0.002)
            fresh, before = hooks.received[before:], len(hooks.received)
            for hook in fresh:
                if hook.path in left and hook.headers["webhook-id"] == event:
                    left.discard(hook.path)
                    took.append(time.perf_counter() - begun)
    return took


async def test_one_dead_endpoint_in_a_hundred_leaves_the_p99_of_the_others(
    service: Running, hooks: Receiver, path: str
) -> None:
    asking = subscriber(service)
    paths = [f"{path}/{at}" for at in range(ENDPOINTS)]
    made = [await asking.subscribe(hooks.url(one), RETURNED) for one in paths]
    dead, others = paths[0], paths[1:]
    await waits(service, hooks, others, "u")  # connections are open
    ratios = []
    for _ in range(ROUNDS):
        hooks.answers[dead].clear()
        well = p99(await waits(service, hooks, others, "u"))
        hooks.answers[dead].extend([NEVER] * 1000)
        ill = p99(await waits(service, hooks, others, "u"))
        ratios.append(ill / well)
    assert await asking.in_state(made[0]["id"], "waiting")
    for row in made:  # a hundred endpoints, one of them dead, are no part of what is measured next
        assert (await asking.delete(f"/subscriptions/{row['id']}")).status_code == 204
    assert min(ratios) <= 1.5, ratios


async def test_a_back_fill_of_many_thousands_does_not_delay_another_s_new_event(
    service: Running, hooks: Receiver, path: str
) -> None:
    asking = subscriber(service)
    log = FeedLog(service.process.tools.database)
    start = await log.newest()
    for begin in range(0, HISTORY, 1_000):
        rows = [feed_event(event=f"{path}-{at}", sequence=1, unit=path) for at in range(begin, begin + 1_000)]
        await log.append(rows)
    much = await asking.subscribe(hooks.url(f"{path}/much"), "registry.*")
    await asking.subscribe(hooks.url(f"{path}/other"), RETURNED)
    alone = p99(await waits(service, hooks, [f"{path}/other"], "u"))
    answer = await asking.post("/replays", {"subscription": much["id"], "from_position": start})
    assert answer.status_code == 202
    await hooks.got(f"{path}/much", 100)
    beside = await waits(service, hooks, [f"{path}/other", f"{path}/much"], "u")
    row = (await asking.get(f"/replays/{answer.json()['id']}")).json()
    ahead = await Rooms(service.process.tools).deliveries.waiting_again(much["id"])
    assert row["state"] == "running", "it was over too soon to say anything"
    assert ahead <= 2_000
    assert p99(beside) <= 1.0, f"{alone:.3f} s without the back-fill"
    assert (await asking.post(f"/replays/{row['id']}/cancel")).status_code == 200
