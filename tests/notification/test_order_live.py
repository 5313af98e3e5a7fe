"""An endpoint that asks for order gets one event after the other, and a failing one holds back those after it."""

import asyncio
import time

import pytest

from services.notification.deliveries.storage import Deliveries
from tests.live import Running, eventually
from tests.notification.receiver import Receiver
from tests.notification.story import Asking, center, say, subscriber

pytestmark = pytest.mark.live


async def ordered(asking: Asking, url: str) -> str:
    made = await asking.subscribe(url, "registry.*", ordered=True)
    return str(made["id"])


def sent(hooks: Receiver, path: str) -> list[str]:
    return [hook.headers["webhook-id"] for hook in hooks.at(path)]


async def said(service: Running, many: int) -> list[str]:
    """Events by their position."""
    events = []
    for _ in range(many):
        events.append(await say(service))
        await center(service).in_feed(events[-1])
    return events


async def test_events_come_by_position_and_a_failing_one_holds_back_those_after_it(
    service: Running, hooks: Receiver, path: str
) -> None:
    asking = subscriber(service)
    subscription = await ordered(asking, hooks.url(path))
    hooks.answers[path].extend([204, 500])
    first, second, third, fourth = await said(service, 4)
    await asking.in_state(subscription, "waiting", tried=1)
    assert sent(hooks, path) == [first, second]
    service.forward(seconds=6)
    await asking.in_state(subscription, "delivered", most=4)
    assert sent(hooks, path) == [first, second, second, third, fourth]


async def test_after_one_that_has_failed_for_good_the_next_one_goes_on(
    service: Running, hooks: Receiver, path: str
) -> None:
    asking = subscriber(service)
    subscription = await ordered(asking, hooks.url(path))
    hooks.answers[path].extend([500] * 2)
    first, second = await said(service, 2)
    (row,) = await asking.in_state(subscription, "waiting", tried=1)
    rows = service.process.tools.database.collection("deliveries")
    await rows.update({"_id": row["id"]}, {"$set": {"tried": 9}})
    service.forward(seconds=6)
    await asking.in_state(subscription, "failed")
    (row,) = await asking.in_state(subscription, "delivered")
    assert row["event"] == second
    assert sent(hooks, path) == [first, first, second]


async def test_what_another_process_has_in_hand_holds_back_the_rest_and_two_never_claim_beside_each_other(
    service: Running, hooks: Receiver, path: str
) -> None:
    asking = subscriber(service)
    subscription = await ordered(asking, hooks.url(path))
    hooks.answers[path].append(500)
    await said(service, 3)
    (first, *_) = await asking.in_state(subscription, "waiting", tried=1)
    database, now = service.process.tools.database, service.process.tools.clock.now()
    claimed = {"$set": {"claim": "other", "claimed_until": time.time() + 3600}}
    await database.collection("deliveries").update({"_id": first["id"]}, claimed)
    service.forward(seconds=6)
    later = now.replace(year=now.year + 1)
    assert await Deliveries(database).claim_in_order(subscription, later, 4) == []
    assert len(hooks.at(path)) == 1
    await asking.post(f"/subscriptions/{subscription}/disable")
    await database.collection("deliveries").update({"_id": first["id"]}, {"$set": {"claimed_until": 0.0}})
    for _ in range(10):
        both = await asyncio.gather(*(Deliveries(database).claim_in_order(subscription, later, 4) for _ in range(4)))
        held = [rows for rows in both if rows]
        assert len(held) <= 1
        for rows in held:
            assert [row.position for row in rows] == sorted(row.position for row in rows)
            assert rows[0].id == first["id"]
            await Deliveries(database).release(rows)
    await asking.post(f"/subscriptions/{subscription}/enable")
    await asking.in_state(subscription, "delivered", most=3)


async def test_many_in_order_come_in_order(service: Running, hooks: Receiver, path: str) -> None:
    asking = subscriber(service)
    subscription = await ordered(asking, hooks.url(path))
    await asyncio.gather(*(say(service) for _ in range(100)))

    async def all_of_them() -> list[str]:
        rows = await asking.deliveries(subscription, state="delivered", limit=1000)
        return [row["event"] for row in rows] if len(rows) == 100 else []

    by_position = await eventually(all_of_them)
    assert sent(hooks, path) == by_position
