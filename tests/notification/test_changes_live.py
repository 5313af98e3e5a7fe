"""A change of a subscription reaches what is running within a second; a rotated secret loses no message."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from cryptography.exceptions import InvalidSignature
from standardwebhooks import WebhookVerificationError

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.notification.deliveries.storage import LEASE
from tests.live import Running, eventually, running
from tests.notification.receiver import NEVER, Received, Receiver
from tests.notification.story import Asking, center, say, subscriber
from tests.notification.test_lanes_live import lane_of
from tests.notification.test_signatures import check

pytestmark = pytest.mark.live

POLL = 0.5
"""As in production: the looks that find a change are no closer than there."""
WITHIN = 1.0
MARGIN = 1.0
"""What a busy machine may add: it runs the service, its servers and the receiver."""
Told = Callable[[Received], bool]


@pytest.fixture(scope="module")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("notification", servers, issuer, tmp_path_factory.mktemp("changes"), poll_every=POLL) as live:
        yield live


@asynccontextmanager
async def speaking(service: Running) -> AsyncIterator[list[str]]:
    """Events said all the time, some at once, until the block ends; those said so far."""
    said: list[str] = []

    async def speak() -> None:
        while True:
            said.append(await say(service))
            await asyncio.sleep(0.02)

    talk = asyncio.create_task(speak())
    try:
        yield said
    finally:
        talk.cancel()
        await asyncio.wait([talk])


async def changed(asking: Asking, subscription: str, **asked: Any) -> dict[str, Any]:
    answer = await asking.post(f"/subscriptions/{subscription}/change", asked)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def moved(asking: Asking, subscription: str, url: str) -> None:
    """To another URL, and whatever it takes to be sent to there."""
    await changed(asking, subscription, url=url)
    await asking.post(f"/subscriptions/{subscription}/enable")

    async def goes_on() -> bool:
        return bool((await asking.get(f"/subscriptions/{subscription}")).json()["state"] == "active")

    await eventually(goes_on)


def events_at(hooks: Receiver, path: str) -> list[Received]:
    """What came to a path, but for challenges."""
    return [hook for hook in hooks.at(path) if b'"specversion"' in hook.body]


async def first(hooks: Receiver, path: str, is_new: Told, since: float, seen: int = 0) -> float:
    """Seconds until the first event that comes as it was asked for."""

    async def there() -> bool:
        return any(is_new(hook) for hook in events_at(hooks, path)[seen:])

    await eventually(there)
    return time.monotonic() - since


async def all_delivered(asking: Asking, subscription: str, said: Sequence[str]) -> None:
    """Each of them, once and for all, and sooner than a lease ends; none waits."""

    async def rows() -> bool:
        found = await asking.deliveries(subscription, state="delivered", limit=1000)
        waits = await asking.deliveries(subscription, state="waiting")
        return set(said) <= {row["event"] for row in found} and not waits

    await eventually(rows, within=LEASE - 5)


def is_thin(hook: Received) -> bool:
    return "data" not in json.loads(hook.body)


def by(secret: str) -> Told:
    """Whether the reference library takes it under this secret."""

    def verifies(hook: Received) -> bool:
        try:
            hook.verified(secret)
        except WebhookVerificationError:
            return False
        return True

    return verifies


async def test_of_two_running_lanes_one_is_changed_while_events_come_and_nothing_is_lost(
    service: Running, hooks: Receiver, path: str
) -> None:
    asking, beside = subscriber(service), f"{path}/beside"
    made = await asking.subscribe(hooks.url(path), "registry.*")
    other = await asking.subscribe(hooks.url(beside), "registry.*")
    name, took = made["id"], {}
    async with speaking(service) as said:
        await hooks.got(path, 3)
        await hooks.got(beside, 3)

        since = time.monotonic()
        await changed(asking, name, payload="thin")
        took["thin"] = await first(hooks, path, is_thin, since)

        since = time.monotonic()
        await moved(asking, name, hooks.url(f"{path}/new"))
        took["url"] = await first(hooks, f"{path}/new", is_thin, since)

        since, secret = time.monotonic(), (await asking.post(f"/subscriptions/{name}/rotate")).json()["secret"]
        took["secret"] = await first(hooks, f"{path}/new", by(secret), since)

        since = time.monotonic()
        await changed(asking, name, payload="full", ordered=True)
        took["full"] = await first(hooks, f"{path}/new", lambda hook: not is_thin(hook), since)
        await hooks.got(f"{path}/new", len(hooks.at(f"{path}/new")) + 10)
    assert max(took.values()) < WITHIN + MARGIN, took
    await all_delivered(asking, name, said)
    await all_delivered(asking, other["id"], said)
    assert not any(is_thin(hook) for hook in events_at(hooks, beside))
    assert all(by(made["secret"])(hook) for hook in (*events_at(hooks, path), *events_at(hooks, f"{path}/new")))


async def test_a_thin_event_refers_to_the_whole_one(service: Running, hooks: Receiver, path: str) -> None:
    made = await subscriber(service).subscribe(hooks.url(path), "registry.*", payload="thin")
    assert (made["payload"], made["ordered"]) == ("thin", False)
    event = await say(service)
    (hook,) = await hooks.got(path)
    (row,) = await center(service).in_feed(event)
    thin = hook.verified(made["secret"])
    reference = thin.pop("dataref")
    assert thin == {name: value for name, value in row.items() if name != "data"}
    public = service.process.tools.settings.public_url
    assert (await subscriber(service).get(reference.removeprefix(f"{public}/v1"))).json() == row


@pytest.mark.parametrize("in_order", [False, True])
async def test_what_hangs_at_the_old_url_keeps_nothing_from_the_new_one(
    service: Running, hooks: Receiver, path: str, in_order: bool
) -> None:
    hooks.answers[path].extend([NEVER] * 100)
    asking = subscriber(service)
    made = await asking.subscribe(hooks.url(path), "registry.*", ordered=in_order)
    said = [await say(service) for _ in range(60)]
    await hooks.got(path, 1 if in_order else 16)
    since = time.monotonic()
    await moved(asking, made["id"], hooks.url(f"{path}/new"))
    took = await first(hooks, f"{path}/new", lambda _: True, since)
    assert took < WITHIN + MARGIN
    most = 60 if in_order else 60 - 16

    async def those_not_begun() -> bool:
        return len(events_at(hooks, f"{path}/new")) >= most

    await eventually(those_not_begun, within=WITHIN + MARGIN)
    service.forward(seconds=6)  # what the old URL kept is tried anew
    await all_delivered(asking, made["id"], said)
    if in_order:
        rows = await asking.deliveries(made["id"], limit=1000)
        came = [hook.headers["webhook-id"] for hook in events_at(hooks, f"{path}/new")]
        assert came == [row["event"] for row in rows]


async def test_a_disabled_one_is_tried_no_more_and_its_lane_gives_back_at_once_what_it_has_not_begun(
    service: Running, hooks: Receiver, path: str
) -> None:
    hooks.answers[path].extend([NEVER] * 200)
    asking = subscriber(service)
    made = await asking.subscribe(hooks.url(path), "registry.*")
    said = [await say(service) for _ in range(60)]
    await hooks.got(path, 16)  # all its connections
    lane = await lane_of(service, made["id"])
    await asking.post(f"/subscriptions/{made['id']}/disable")
    rows = service.process.tools.database.collection("deliveries")
    held = {"subscription": made["id"], "state": "waiting", "claimed_until": {"$gt": time.time()}}

    async def given_back() -> bool:
        return lane._over and await rows.count(held) <= len(lane._trying)

    async def ended() -> bool:
        return not lane._trying

    await eventually(given_back, within=WITHIN + MARGIN)
    await eventually(ended)  # what was under way
    begun = len(events_at(hooks, path))
    assert len(await asking.in_state(made["id"], "waiting", most=begun, tried=1)) == begun < len(said)
    assert len(events_at(hooks, path)) == begun
    hooks.answers[path].clear()
    await asking.post(f"/subscriptions/{made['id']}/enable")
    service.forward(seconds=6)
    await all_delivered(asking, made["id"], said)


async def test_a_changed_filter_holds_for_what_is_said_from_then_on(
    service: Running, hooks: Receiver, path: str
) -> None:
    asking = subscriber(service)
    made = await asking.subscribe(hooks.url(path), "registry.*", units=["unit-33-001"])
    one = await say(service, "unit-33-001")
    await hooks.got(path)
    seen = await changed(asking, made["id"], units=["unit-33-002"])
    assert (seen["units"], seen["types"], seen["state"]) == (["unit-33-002"], ["registry.*"], "active")
    await say(service, "unit-33-001")
    two = await say(service, "unit-33-002")
    got = await hooks.got(path, 2)
    assert [hook.headers["webhook-id"] for hook in got] == [one, two]


async def test_a_url_is_checked_like_a_new_one_and_unverified_until_it_has_answered(
    service: Running, hooks: Receiver, path: str
) -> None:
    asking = subscriber(service)
    made = await asking.subscribe(hooks.url(path))
    place = f"/subscriptions/{made['id']}/change"
    refused = await asking.post(place, {"url": "ftp://example.org/"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/url")
    nowhere = await changed(asking, made["id"], url="http://127.0.0.1:9/")
    assert nowhere["state"] == "unverified"
    stale = await asking.post(place, {"ordered": True}, **{"If-Match": '"1"'})
    assert stale.status_code == 412
    wrong = await asking.post(place, {"types": ["police.*"]})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (400, "/types/0")
    for stranger in (subscriber(service, "sub-2"), Asking(service, "unit", "unit-33-009")):
        assert (await stranger.post(place, {"ordered": True})).status_code == 404
        assert (await stranger.post(f"/subscriptions/{made['id']}/rotate")).status_code == 404


async def test_a_change_is_made_once_however_often_it_is_asked(service: Running, hooks: Receiver, path: str) -> None:
    asking, key = subscriber(service), {"Idempotency-Key": uuid4().hex}
    made = await asking.subscribe(hooks.url(path))
    place, body = f"/subscriptions/{made['id']}/change", {"ordered": True, "payload": "thin", "levels": ["5"]}
    one, again = await asking.post(place, body, **key), await asking.post(place, body, **key)
    assert one.json() == again.json() == {**made_view(made), "ordered": True, "payload": "thin", "levels": ["5"]}
    assert (one.headers["etag"], again.headers["idempotent-replay"]) == ('"3"', "true")
    anew = await asking.post(place, body)
    assert (anew.status_code, anew.headers["etag"]) == (200, '"3"'), "nothing to change changes nothing"


def made_view(made: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in made.items() if name != "secret"}


# -- secrets and keys ----------------------------------------------------------------------------------


async def test_during_a_rotation_every_message_verifies_with_the_old_or_the_new_secret_and_after_it_by_the_new(
    service: Running, hooks: Receiver, path: str
) -> None:
    asking = subscriber(service)
    made = await asking.subscribe(hooks.url(path), "registry.*")
    old, name = made["secret"], made["id"]
    async with speaking(service) as said:
        await hooks.got(path, 3)
        answer = await asking.post(f"/subscriptions/{name}/rotate")
        new = answer.json()["secret"]
        await first(hooks, path, by(new), time.monotonic())
        before = len(hooks.at(path))
        await hooks.got(path, before + 20)
    await all_delivered(asking, name, said)
    both = events_at(hooks, path)
    assert all(by(old)(hook) for hook in both), "the subscriber that knows the old one misses nothing"
    assert all(by(new)(hook) for hook in both[before:]), "nor one that knows the new one alone, once it is in force"
    service.forward(hours=24.1)
    await say(service)
    (*_, late) = await hooks.got(path, len(hooks.at(path)) + 1)
    assert (by(new)(late), by(old)(late)) == (True, False)


async def test_of_two_rotations_within_the_overlap_the_newest_two_hold(
    service: Running, hooks: Receiver, path: str
) -> None:
    asking = subscriber(service)
    made = await asking.subscribe(hooks.url(path), "registry.*")
    place = f"/subscriptions/{made['id']}/rotate"
    second, third = [(await asking.post(place)).json()["secret"] for _ in range(2)]
    await say(service)
    (hook,) = await hooks.got(path)
    assert [by(secret)(hook) for secret in (made["secret"], second, third)] == [False, True, True]


async def test_the_new_secret_is_shown_in_that_answer_and_its_repeats_and_is_kept_nowhere_in_clear(
    service: Running, hooks: Receiver, path: str
) -> None:
    asking = subscriber(service)
    made = await asking.subscribe(hooks.url(path))
    place, key = f"/subscriptions/{made['id']}/rotate", {"Idempotency-Key": uuid4().hex}
    one, again = await asking.post(place, **key), await asking.post(place, **key)
    assert one.status_code == again.status_code == 200
    assert one.json() == again.json()
    assert one.json()["secret"] not in ("", made["secret"])
    assert one.json()["previous_until"] is not None
    assert [answer.headers["cache-control"] for answer in (one, again)] == ["no-store"] * 2
    assert (one.headers["etag"], again.headers["idempotent-replay"]) == ('"3"', "true")
    assert "secret" not in (await asking.get(f"/subscriptions/{made['id']}")).json()
    answers = service.process.tools.database.collection("answers")
    for collection in (answers, service.process.tools.database.collection("subscriptions")):
        assert one.json()["secret"] not in str(await collection.find({}))
    await answers.delete({"status": 200})  # as if it crashed between the change and the keeping of its answer
    assert (await asking.post(place, **key)).json() == one.json()


async def test_a_webhook_is_verified_by_the_public_key_that_anybody_may_fetch(
    service: Running, hooks: Receiver, path: str
) -> None:
    await subscriber(service).subscribe(hooks.url(path), "registry.*")
    await say(service)
    (hook,) = await hooks.got(path)
    answer = await service.http.get("/v1/webhook-keys")
    (key,) = answer.json()["keys"]
    assert (key["kty"], key["crv"], key["kid"].endswith("#k1")) == ("OKP", "Ed25519", True)
    assert "d" not in key
    check(hook.headers, _raw(key["whpk"]), hook.body.decode())
    with pytest.raises(InvalidSignature):
        check(hook.headers, _raw(key["whpk"]), hook.body.decode() + " ")


def _raw(public: str) -> bytes:
    return base64.b64decode(public.removeprefix("whpk_"))


async def test_a_url_that_is_named_again_and_again_is_challenged_no_oftener_than_by_verify(
    service: Running, hooks: Receiver, path: str
) -> None:
    hooks.echoes[path] = b"no"
    asking = subscriber(service)
    made = (await asking.post("/subscriptions", {"url": hooks.url(path)})).json()
    place = f"/subscriptions/{made['id']}/change"
    codes = [(await asking.post(place, {"url": hooks.url(path)})).status_code for _ in range(12)]
    assert codes == [200] * 10 + [429] * 2
    assert len([one for one in hooks.challenges if one.path == path]) == 11
    assert (await subscriber(service, "sub-2").post(place, {"url": hooks.url(path)})).status_code == 404
