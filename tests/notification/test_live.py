"""Notification as a running service: everything said is in the feed, and subscribers are told, on the real servers."""

import asyncio
import json
import time
from datetime import datetime, timedelta

import pytest

from services.notification.deliveries.storage import Deliveries
from services.notification.rooms import DATA
from shared.act import NATIONAL
from shared.events.assessment import FinalResult, ResultsFinalised
from shared.events.notification import EndpointDisabled
from shared.rulebook import Rulebook
from tests.live import Running, eventually
from tests.notification.examples import NOON
from tests.notification.receiver import NEVER, Receiver
from tests.notification.story import Asking, MoonRisen, center, returned, say, subscriber

pytestmark = pytest.mark.live

DELAYS = Rulebook.load(DATA / "rules.json").value("delivery.delays", list[float], on=NOON.date())
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


# -- the feed ------------------------------------------------------------------------------------------


async def test_what_is_said_is_pulled_as_a_cloud_event(service: Running) -> None:
    event = await say(service)
    (row,) = await center(service).in_feed(event)
    assert {name: row[name] for name in ("specversion", "id", "type", "source", "sequence", "authority")} == {
        "specversion": "1.0",
        "id": event,
        "type": "registry.plan.returned.v1",
        "source": "/registry/tests",
        "sequence": 1,
        "authority": "33",
    }
    assert row["data"]["unit"] == "unit-33-001"
    assert row["position"] > 0


async def test_an_event_that_nobody_here_knows_is_kept(service: Running) -> None:
    event = await service.says(MoonRisen(unit="u9", height=1.5), subject="moon")
    (row,) = await center(service).in_feed(event)
    assert row["data"] == {"unit": "u9", "height": 1.5}


async def test_a_second_delivery_takes_no_second_position(service: Running) -> None:
    event = await say(service)
    for _ in range(3):
        await service.says(returned("again"), subject="again", event_id=event)
    last = await say(service)
    (end,) = await center(service).in_feed(last)
    assert len(await center(service).in_feed(event)) == 1
    rows = await center(service).feed(after=0, limit=1000)
    assert [row["position"] for row in rows][: end["position"]] == list(range(1, end["position"] + 1))


async def test_sealed_data_reaches_neither_the_feed_nor_a_webhook(service: Running, hooks: Receiver, path: str) -> None:
    made = await subscriber(service).subscribe(hooks.url(path), "assessment.*")
    sealed = service.process.tools.sealer.seal("张三 110105189001010000", bound_to="e1")
    result = FinalResult(entry="e1", holder="张*", person=sealed, theory=80, practical=90)
    chunk = ResultsFinalised(
        batch="b1", unit="u1", occupation="mason", level="5", standard="s", exam_on=NOON.date(), closed_at=NOON,
        chunk=1, chunks=1, results=(result,),
    )  # fmt: skip
    event = await service.says(chunk, subject="b1/1")
    (row,) = await center(service).in_feed(event)
    (hook,) = await hooks.got(path)
    assert row["data"]["results"][0] == {**result.model_dump(mode="json"), "person": None}
    assert hook.verified(made["secret"]) == row
    assert sealed.encode() not in hook.body


async def test_each_caller_pulls_its_own_line_and_the_national_events(service: Running) -> None:
    here, there = await say(service), await say(service, "unit-44-001", "44")
    everywhere = await say(service, "x", NATIONAL)
    (last,) = await center(service).in_feed(everywhere)

    async def seen(asking: Asking) -> list[str]:
        rows = await asking.feed(after=last["position"] - 3)
        return [row["id"] for row in rows]

    assert await seen(center(service)) == [here, there, everywhere]
    assert await seen(subscriber(service)) == [here, everywhere]
    assert await seen(Asking(service, "authority", "province-44", "44")) == [there, everywhere]
    assert await seen(Asking(service, "unit", "unit-33-001")) == [here]
    assert await seen(Asking(service, "unit", "unit-33-002")) == []


async def test_a_type_that_does_not_exist_is_refused(service: Running, hooks: Receiver) -> None:
    asked = await center(service).get("/events", type="registry.plan.burnt.v1")
    wanted = await center(service).post("/subscriptions", {"url": hooks.url("/"), "types": ["registry.*", "police.*"]})
    assert asked.status_code == wanted.status_code == 400
    assert asked.json()["type"].endswith(":unknown-event-type")
    assert wanted.json()["errors"][0]["pointer"] == "/types/1"


async def test_a_reader_that_waits_is_answered_when_something_is_said(service: Running) -> None:
    last = (await center(service).in_feed(await say(service)))[0]["position"]
    waiting = asyncio.create_task(center(service).feed(after=last, type="registry.plan.*", wait=4))
    event = await say(service)
    assert [row["id"] for row in await waiting] == [event]


async def test_a_reader_that_waits_in_vain_learns_where_to_go_on(service: Running) -> None:
    await center(service).in_feed(await say(service))
    answer = (await center(service).get("/events", correlation="nobody", wait=0.2)).json()
    assert answer["rows"] == []
    assert int(answer["next"].split(".")[0]) > 0


# -- webhooks ------------------------------------------------------------------------------------------


async def test_a_webhook_is_the_signed_cloud_event_in_the_trace_it_began_with(
    service: Running, hooks: Receiver, path: str
) -> None:
    made = await subscriber(service).subscribe(hooks.url(path), "registry.plan.returned.v1")
    event = await say(service, trace=TRACE)
    (hook,) = await hooks.got(path)
    (row,) = await center(service).in_feed(event)
    assert hook.verified(made["secret"]) == row
    assert hook.headers["webhook-id"] == event
    assert hook.headers["content-type"] == "application/cloudevents+json"
    assert hook.headers["traceparent"].split("-")[1] == TRACE.split("-")[1]
    assert hook.headers["traceparent"] not in (TRACE, row["traceparent"])
    (delivery,) = await subscriber(service).in_state(made["id"], "delivered")
    assert [attempt["answer"] for attempt in delivery["attempts"]] == ["204"]


async def test_a_subscription_begins_where_it_is_asked_to(service: Running, hooks: Receiver, path: str) -> None:
    before = await say(service)
    (row,) = await center(service).in_feed(before)
    await subscriber(service).subscribe(hooks.url(path), from_position=row["position"] - 1)
    await subscriber(service).subscribe(hooks.url(f"{path}/now"))
    after = await say(service)
    old, new = await hooks.got(path, 2), await hooks.got(f"{path}/now")
    assert [hook.headers["webhook-id"] for hook in old[:1]] == [before]
    assert [hook.headers["webhook-id"] for hook in new] == [after]


async def test_a_refused_event_comes_again_when_its_time_has_come(service: Running, hooks: Receiver, path: str) -> None:
    hooks.answers[path].extend([500, 302])
    made = await subscriber(service).subscribe(hooks.url(path))
    event = await say(service)
    await subscriber(service).in_state(made["id"], "waiting", tried=1)
    assert len(hooks.at(path)) == 1
    service.forward(seconds=6)
    await subscriber(service).in_state(made["id"], "waiting", tried=2)
    service.forward(seconds=331)
    (row,) = await subscriber(service).in_state(made["id"], "delivered")
    assert [attempt["answer"] for attempt in row["attempts"]] == ["500", "302", "204"]
    assert [hook.headers["webhook-id"] for hook in hooks.at(path)] == [event] * 3
    assert hooks.at("/elsewhere") == []


async def test_an_event_refused_through_its_schedule_has_failed_and_the_others_go_on(
    service: Running, hooks: Receiver, path: str
) -> None:
    hooks.answers[path].extend([500] * 10)
    asking = subscriber(service)
    made = await asking.subscribe(hooks.url(path), "registry.*")
    await say(service)
    for attempt, delay in enumerate(DELAYS[1:], start=1):
        await asking.in_state(made["id"], "waiting", tried=attempt)
        service.forward(seconds=delay * 1.1)
    (row,) = await asking.in_state(made["id"], "failed")
    assert len(row["attempts"]) == row["tried"] == 10
    assert (await asking.get(f"/deliveries/{row['id']}")).json() == row
    assert not await asking.is_disabled(made["id"])
    other = await say(service)
    await eventually(lambda: _sent(hooks, path, other))


async def test_an_endpoint_that_takes_nothing_for_five_days_is_disabled_and_goes_on_when_enabled(
    service: Running, hooks: Receiver, path: str
) -> None:
    hooks.answers[path].extend([500, 204, 500, 500, 500])
    asking = subscriber(service)
    made = await asking.subscribe(hooks.url(path), "registry.*")
    await say(service)
    await asking.in_state(made["id"], "waiting", tried=1)
    service.forward(days=6)
    await asking.in_state(made["id"], "delivered")  # this one was late, and the days begin anew
    failed = await say(service)
    await asking.in_state(made["id"], "waiting", tried=1)
    service.forward(days=4, hours=23)
    await asking.in_state(made["id"], "waiting", tried=2)
    assert not await asking.is_disabled(made["id"])
    service.forward(hours=2)
    await eventually(lambda: asking.is_disabled(made["id"]))
    told = [json.loads(said.body) for said in await service.heard(EndpointDisabled)]
    assert [(one["subscription"], one["last_answer"]) for one in told if one["subscription"] == made["id"]] == [
        (made["id"], "500")
    ]

    held_back = await say(service)
    await center(service).in_feed(held_back)
    service.forward(days=6)
    hooks.answers[path].append(500)  # the days of before do not count any more
    assert (await asking.post(f"/subscriptions/{made['id']}/enable")).status_code == 200
    await eventually(lambda: _sent(hooks, path, held_back))
    service.forward(hours=3)
    await asking.in_state(made["id"], "delivered", most=3)
    assert not await asking.is_disabled(made["id"])
    assert failed in [hook.headers["webhook-id"] for hook in hooks.at(path)]


async def _sent(hooks: Receiver, path: str, event: str) -> bool:
    return event in [hook.headers["webhook-id"] for hook in hooks.at(path)]


async def test_an_endpoint_that_is_gone_is_disabled_at_once(service: Running, hooks: Receiver, path: str) -> None:
    hooks.answers[path].append(410)
    asking = subscriber(service)
    made = await asking.subscribe(hooks.url(path), "registry.*")
    event = await say(service)
    await eventually(lambda: asking.is_disabled(made["id"]))
    await asking.post(f"/subscriptions/{made['id']}/enable")
    service.forward(seconds=6)
    (row,) = await asking.in_state(made["id"], "delivered")
    assert (row["event"], [attempt["answer"] for attempt in row["attempts"]]) == (event, ["410", "204"])


async def test_an_endpoint_that_never_answers_holds_up_nobody(service: Running, hooks: Receiver, path: str) -> None:
    hooks.answers[path].extend([NEVER] * 200)
    begin = (await center(service).in_feed(await say(service)))[0]["position"]
    silent = await subscriber(service).subscribe(hooks.url(path), "registry.*")
    events = [await say(service) for _ in range(64)]
    await hooks.got(path, 16)  # all the connections it may have
    await subscriber(service).subscribe(hooks.url(f"{path}/well"), "registry.*", from_position=begin)
    got = await hooks.got(f"{path}/well", 64)
    assert {hook.headers["webhook-id"] for hook in got} == set(events)
    assert len(hooks.at(path)) < 64
    row = (await subscriber(service).in_state(silent["id"], "waiting", tried=1))[0]
    assert row["attempts"][0]["answer"] == "timeout"


async def test_what_a_dead_process_had_claimed_is_sent_when_its_lease_ends(
    service: Running, hooks: Receiver, path: str
) -> None:
    hooks.answers[path].append(500)
    made = await subscriber(service).subscribe(hooks.url(path), "registry.*")
    event = await say(service)
    (row,) = await subscriber(service).in_state(made["id"], "waiting", tried=1)
    database = service.process.tools.database
    claimed = {"claim": "dead", "claimed_until": time.time() + 3600}
    await database.collection("deliveries").update({"_id": row["id"]}, {"$set": claimed})
    service.forward(seconds=6)
    now = service.process.tools.clock.now() + timedelta(seconds=6)
    assert await Deliveries(database).claim(made["id"], now, 1) == []
    assert len(hooks.at(path)) == 1
    await database.collection("deliveries").update({"_id": row["id"]}, {"$set": {"claimed_until": time.time() - 1}})
    again = await hooks.got(path, 2)
    assert [hook.headers["webhook-id"] for hook in again] == [event, event]


async def test_what_is_no_longer_wanted_is_dropped(service: Running, hooks: Receiver, path: str) -> None:
    hooks.answers[path].append(500)
    asking = subscriber(service)
    made = await asking.subscribe(hooks.url(path))
    await say(service)
    await asking.in_state(made["id"], "waiting", tried=1)
    assert (await asking.delete(f"/subscriptions/{made['id']}")).status_code == 204
    service.forward(seconds=6)
    await asking.in_state(made["id"], "dropped")
    assert (await asking.get(f"/subscriptions/{made['id']}")).status_code == 404
    assert len(hooks.at(path)) == 1


async def test_an_endpoint_that_asks_for_time_is_left_alone_for_so_long(
    service: Running, hooks: Receiver, path: str
) -> None:
    hooks.answers[path].append(503)
    hooks.headers[path] = "Retry-After: 1800"
    made = await subscriber(service).subscribe(hooks.url(path))
    await say(service)
    (row,) = await subscriber(service).in_state(made["id"], "waiting", tried=1)
    assert datetime.fromisoformat(row["due"]) >= datetime.fromisoformat(row["attempts"][0]["at"]) + timedelta(hours=0.5)
    service.forward(minutes=31)
    await subscriber(service).in_state(made["id"], "delivered")
