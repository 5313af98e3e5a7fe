"""What was told is told again: back-fill and redrive on the real servers, repeated and cut short at every step."""

from datetime import datetime, timedelta

import pytest

from services.notification.deliveries.domain import Attempt, Delivery, Schedule
from services.notification.deliveries.storage import Endpoints
from services.notification.replays import handlers
from services.notification.replays.domain import Replay
from services.notification.rooms import Rooms
from shared.act import Act
from tests.live import Running, eventually
from tests.notification.examples import delivery
from tests.notification.receiver import Receiver
from tests.notification.story import Asking, center, say, subscriber

pytestmark = pytest.mark.live


async def over(asking: Asking, replay: str, state: str = "done") -> dict[str, object]:
    async def look() -> dict[str, object]:
        row: dict[str, object] = (await asking.get(f"/replays/{replay}")).json()
        return row if row["state"] == state and row["ended_at"] else {}

    return await eventually(look)


def sent(hooks: Receiver, path: str) -> list[str]:
    return [hook.headers["webhook-id"] for hook in hooks.at(path)]


async def begin(service: Running) -> int:
    (row,) = await center(service).in_feed(await say(service))
    return int(row["position"])


async def test_a_back_fill_sends_the_history_again_under_the_same_webhook_ids(
    service: Running, hooks: Receiver, path: str
) -> None:
    start, asking = await begin(service), subscriber(service)
    made = await asking.subscribe(hooks.url(path), "registry.*")
    events = [await say(service) for _ in range(3)]
    await asking.in_state(made["id"], "delivered", most=3)
    answer = await asking.post("/replays", {"subscription": made["id"], "from_position": start})
    assert answer.status_code == 202, answer.text
    row = await over(asking, answer.json()["id"])
    assert (row["made"], row["reached"]) == (3, row["until_position"])
    await hooks.got(path, 6)
    assert sorted(sent(hooks, path)) == sorted(events * 2)


async def test_a_back_fill_of_nothing_and_one_of_another_s_subscription_are_refused(
    service: Running, hooks: Receiver, path: str
) -> None:
    made = await subscriber(service).subscribe(hooks.url(path))
    backwards = {"subscription": made["id"], "from_position": 9, "until_position": 9}
    answer = await subscriber(service).post("/replays", backwards)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/until_position")
    other = subscriber(service, "sub-2")
    assert (await other.post("/replays", {"subscription": made["id"]})).status_code == 404
    assert (await other.post("/deliveries/redrive", {"subscription": made["id"]})).status_code == 404


async def failed(service: Running, hooks: Receiver, path: str, many: int) -> tuple[str, list[str]]:
    """A subscription to which some events have failed for good."""
    asking = subscriber(service)
    made = await asking.subscribe(hooks.url(path), "registry.*")
    hooks.answers[path].extend([500] * many)
    for _ in range(many):
        await say(service)
    rows = await asking.in_state(made["id"], "waiting", most=many, tried=1)
    database, now = service.process.tools.database, service.process.tools.clock.now()
    ended = {"$set": {"state": "failed", "ended_at": now}}
    await database.collection("deliveries").update_all({"subscription": made["id"]}, ended)
    return made["id"], [row["event"] for row in rows]


async def test_all_that_failed_is_redriven_by_one_call(service: Running, hooks: Receiver, path: str) -> None:
    subscription, events = await failed(service, hooks, path, 5)
    answer = await subscriber(service).post("/deliveries/redrive", {"subscription": subscription})
    assert answer.status_code == 202, answer.text
    row = await over(subscriber(service), answer.json()["id"])
    rows = await subscriber(service).in_state(subscription, "delivered", most=5)
    assert row["made"] == 5
    assert sorted(row["event"] for row in rows) == sorted(events)
    assert {tuple(one["answer"] for one in row["attempts"]) for row in rows} == {("500", "204")}


async def test_one_delivery_is_redriven_once_it_is_over(service: Running, hooks: Receiver, path: str) -> None:
    subscription, _ = await failed(service, hooks, path, 1)
    asking = subscriber(service)
    (row,) = await asking.in_state(subscription, "failed")
    hooks.answers[path].append(500)
    assert (await asking.post(f"/deliveries/{row['id']}/redrive")).status_code == 200
    await asking.in_state(subscription, "waiting", tried=1)
    refused = await asking.post(f"/deliveries/{row['id']}/redrive")
    assert (refused.status_code, refused.json()["type"].rsplit(":", 1)[-1]) == (409, "delivery-waiting")
    service.forward(seconds=6)
    await asking.in_state(subscription, "delivered")


async def test_a_turn_that_dies_before_it_is_noted_is_repeated_and_counted_once(
    service: Running, hooks: Receiver, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "TURN", 2)
    start, asking = await begin(service), subscriber(service)
    made = await asking.subscribe(hooks.url(path), "registry.*")
    for _ in range(5):
        await say(service)
    await asking.in_state(made["id"], "delivered", most=5)
    replays = Rooms(service.process.tools).replays  # another process, which serves no lanes
    subscription = await replays.subscriptions.subscriptions.get(made["id"])
    answer = await asking.post("/replays", {"subscription": made["id"], "from_position": start})
    replay = await replays.replays.get(answer.json()["id"])
    await replays._feed_again(replay, subscription)  # written, and not noted
    await replays._note(replay, await replays._feed_again(replay, subscription))
    await replays._note(replay, await replays._feed_again(replay, subscription))  # a late second process
    row = await over(asking, replay.id)
    assert row["made"] == 5
    await asking.in_state(made["id"], "delivered", most=10)
    assert len(await asking.deliveries(made["id"])) == 10


async def test_no_more_is_made_than_is_sent_and_a_cancelled_replay_drops_the_rest(
    service: Running, hooks: Receiver, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "TURN", 1)
    monkeypatch.setattr(handlers, "AHEAD", 1)
    start, asking = await begin(service), subscriber(service)
    made = await asking.subscribe(hooks.url(path), "registry.*")
    for _ in range(3):
        await say(service)
    await asking.in_state(made["id"], "delivered", most=3)
    hooks.answers[path].append(500)
    answer = await asking.post("/replays", {"subscription": made["id"], "from_position": start})
    (stuck,) = await asking.in_state(made["id"], "waiting", tried=1)
    row = (await asking.get(f"/replays/{answer.json()['id']}")).json()
    assert (row["state"], row["made"]) == ("running", 1)
    assert (await asking.post(f"/replays/{row['id']}/cancel")).status_code == 200
    row = await over(asking, row["id"], "cancelled")
    (dropped,) = await asking.in_state(made["id"], "dropped")
    assert (dropped["id"], dropped["replay"], row["made"]) == (stuck["id"], row["id"], 1)
    service.forward(seconds=6)
    event = await say(service)
    await eventually(lambda: _at_last(hooks, path, event))
    assert len(hooks.at(path)) == 5  # three, the one refused, and the new one


async def _at_last(hooks: Receiver, path: str, event: str) -> bool:
    return sent(hooks, path)[-1] == event


def _at(base: datetime, second: int) -> datetime:
    return base + timedelta(seconds=second)


def _tried(row: Delivery, answer: str, base: datetime, second: int) -> Delivery:
    return row.after(Attempt(at=_at(base, second), answer=answer, ms=1), Schedule([0.0, 5.0]))


async def test_days_of_failure_begin_with_the_first_failure_after_what_was_taken_whatever_the_order(
    service: Running,
) -> None:
    endpoints = Endpoints(service.process.tools.database)
    base = service.process.tools.clock.now().replace(microsecond=0)
    row = delivery(subscription="health")

    await endpoints.note([_tried(row, "500", base, 3), _tried(row, "500", base, 2)])
    assert (await endpoints.health("health")).failing_since == _at(base, 2)
    await endpoints.note([_tried(row, "204", base, 1)])
    assert (await endpoints.health("health")).failing_since == _at(base, 2)
    await endpoints.note([_tried(row, "204", base, 5), _tried(row, "500", base, 4), _tried(row, "500", base, 6)])
    assert (await endpoints.health("health")).failing_since == _at(base, 6)
    await endpoints.note([_tried(row, "204", base, 9)])
    assert (await endpoints.health("health")).failing_since is None
    await endpoints.forget(["health"], _at(base, 20))
    await endpoints.note([_tried(row, "500", base, 19)])  # noted late
    assert (await endpoints.health("health")).failing_since is None
    await endpoints.note([_tried(row, "500", base, 21)])
    assert (await endpoints.health("health")).failing_since == _at(base, 21)


async def test_a_replay_that_meets_trouble_holds_up_no_other(service: Running, hooks: Receiver, path: str) -> None:
    start, asking = await begin(service), subscriber(service)
    made = await asking.subscribe(hooks.url(path), "registry.*")
    await say(service)
    await asking.in_state(made["id"], "delivered")
    room, now = Rooms(service.process.tools).replays, service.process.tools.clock.now()
    broken = Replay(id="replay-0", authority="33", unit=None, owner="sub-1", subscription="lost", asked_at=now)
    await room.replays.add(broken, [], Act(id="a", at=now, correlation="c"))
    try:
        answer = await asking.post("/replays", {"subscription": made["id"], "from_position": start})
        assert (await over(asking, answer.json()["id"]))["made"] == 1
    finally:
        await room.replays.collection.delete({"_id": "replay-0"})


async def test_a_position_beyond_all_counting_is_refused(service: Running, hooks: Receiver, path: str) -> None:
    asking = subscriber(service)
    made = await asking.subscribe(hooks.url(path))
    for body in ({"from_position": 2**63}, {"until_position": 2**64}):
        answer = await asking.post("/replays", {"subscription": made["id"], **body})
        assert answer.status_code == 422, body
    answer = await asking.post("/subscriptions", {"url": hooks.url(path), "from_position": 2**63})
    assert answer.status_code == 422
