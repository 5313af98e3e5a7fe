"""How far a subscription is behind, asked at the door while its endpoint takes everything, nothing, or is paused."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.live import Running, eventually
from tests.notification.receiver import Receiver
from tests.notification.story import Asking, MoonRisen, center, say, subscriber

pytestmark = pytest.mark.live
RETURNED = "registry.plan.returned.v1"


async def lag(asking: Asking, subscription: str) -> dict[str, Any]:
    answer = await asking.get(f"/subscriptions/{subscription}/lag")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_who_was_told_of_nothing_yet_is_behind_nothing(service: Running, hooks: Receiver, path: str) -> None:
    made = await subscriber(service).subscribe(hooks.url(path), RETURNED)
    found = await lag(subscriber(service), made["id"])
    assert found["position"] == made["from_position"] <= found["newest"]
    counts = [found[name] for name in ("behind", "waiting", "at_least", "oldest_due_at", "last_taken_at")]
    assert counts == [0, 0, False, None, None]


async def test_what_was_taken_is_not_waiting_and_says_when(service: Running, hooks: Receiver, path: str) -> None:
    made = await subscriber(service).subscribe(hooks.url(path), RETURNED)
    begun = service.process.tools.clock.now()
    event = await say(service)
    (row,) = await center(service).in_feed(event)
    (sent,) = await subscriber(service).in_state(made["id"], "delivered")
    found = await lag(subscriber(service), made["id"])
    assert found["position"] >= row["position"]
    assert (found["behind"], found["waiting"], found["failing_since"]) == (0, 0, None)
    assert found["last_taken_at"] == sent["attempts"][-1]["at"]
    assert datetime.fromisoformat(found["last_taken_at"]) >= begun - timedelta(seconds=1)


async def test_what_is_refused_waits_since_a_time_that_is_told(service: Running, hooks: Receiver, path: str) -> None:
    hooks.answers[path].extend([500] * 9)
    made = await subscriber(service).subscribe(hooks.url(path), RETURNED)
    for _ in range(3):
        await say(service)
    rows = await subscriber(service).in_state(made["id"], "waiting", most=3, tried=1)
    found = await lag(subscriber(service), made["id"])
    assert (found["behind"], found["waiting"], found["last_taken_at"]) == (0, 3, None)
    assert found["oldest_due_at"] == min(row["due"] for row in rows)
    assert found["failing_since"] == min(row["attempts"][0]["at"] for row in rows)


async def test_what_a_paused_one_misses_counts_if_it_wants_it_and_may_see_it(
    service: Running, hooks: Receiver, path: str
) -> None:
    asking = subscriber(service)
    made = await asking.subscribe(hooks.url(path), RETURNED)
    assert (await asking.post(f"/subscriptions/{made['id']}/disable")).is_success
    for _ in range(3):
        await say(service)
    await say(service, unit="unit-44-001", authority="44")
    await service.says(MoonRisen(unit="unit-33-001", height=3.0), subject=uuid4().hex)
    last = await say(service)
    await center(service).in_feed(last)
    paused = await lag(asking, made["id"])
    assert (paused["behind"], paused["waiting"], paused["at_least"]) == (4, 0, False)
    assert (await asking.post(f"/subscriptions/{made['id']}/enable")).is_success
    await asking.in_state(made["id"], "delivered", most=4)

    async def caught_up() -> bool:
        found = await lag(asking, made["id"])
        return (found["behind"], found["waiting"]) == (0, 0)

    await eventually(caught_up)


async def test_nobody_else_learns_how_far_a_subscription_is_behind(
    service: Running, hooks: Receiver, path: str
) -> None:
    made = await subscriber(service).subscribe(hooks.url(path))
    for other in (subscriber(service, "sub-2"), subscriber(service, "sub-1", "44")):
        assert (await other.get(f"/subscriptions/{made['id']}/lag")).status_code == 404
    assert (await center(service).get(f"/subscriptions/{made['id']}/lag")).status_code == 200
