"""A URL is sent nothing before it has answered a challenge; a test call tells what it would do with an event."""

import json

import pytest

from services.notification.subscriptions.calls import ELSE
from tests.live import Running
from tests.notification.receiver import NEVER, Receiver, receiver
from tests.notification.story import Asking, center, say, subscriber

pytestmark = pytest.mark.live
RETURNED = "registry.plan.returned.v1"


async def asked(service: Running, url: str) -> dict[str, str]:
    answer = await subscriber(service).post("/subscriptions", {"url": url, "types": [RETURNED]})
    assert answer.status_code == 201, answer.text
    made: dict[str, str] = answer.json()
    return made


async def verified(asking: Asking, made: dict[str, str]) -> tuple[str, str]:
    answer = await asking.post(f"/subscriptions/{made['id']}/verify")
    assert answer.status_code == 200, answer.text
    return answer.json()["state"], answer.json()["reason"]


async def test_a_new_url_is_challenged_by_a_signed_request_and_active_when_it_answers(
    service: Running, hooks: Receiver, path: str
) -> None:
    made = await asked(service, hooks.url(path))
    assert (made["state"], made["reason"]) == ("active", "")
    (challenge,) = [one for one in hooks.challenges if one.path == path]
    said = challenge.verified(made["secret"])
    assert (said["type"], said["subscription"]) == ("skillcert.challenge", made["id"])
    assert len(said["challenge"]) >= 32
    assert hooks.at(path) == []


async def test_no_challenge_is_like_another(service: Running, hooks: Receiver, path: str) -> None:
    hooks.echoes[path] = b"no"
    made = await asked(service, hooks.url(path))
    await verified(subscriber(service), made)
    first, second = [json.loads(one.body)["challenge"] for one in hooks.challenges if one.path == path]
    assert first != second


@pytest.mark.parametrize(
    "answered",
    [
        b"",
        b"no",
        b"[]",
        b"{",
        b'{"challenge": 1}',
        b'{"challenge": "another"}',
        b"\xff",
        b"x" * 1_000_000,
        b"[" * 60_000,
    ],
)
async def test_whoever_answers_something_else_stays_unverified_and_is_told_why(
    service: Running, hooks: Receiver, path: str, answered: bytes
) -> None:
    hooks.echoes[path] = answered
    made = await asked(service, hooks.url(path))
    assert (made["state"], made["reason"]) == ("unverified", ELSE)


async def test_an_endpoint_that_is_not_there_stays_unverified(service: Running) -> None:
    made = await asked(service, "http://127.0.0.1:9/")
    assert (made["state"], made["reason"]) == ("unverified", "it answered the challenge with unreachable")


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_only_a_2xx_answers_a_challenge(service: Running, hooks: Receiver, path: str, status: int) -> None:
    hooks.refusals[path] = status
    made = await asked(service, hooks.url(path))
    assert (made["state"], made["reason"]) == ("unverified", f"it answered the challenge with {status}")


async def test_an_endpoint_that_never_answers_is_given_up_within_five_seconds(
    service: Running, hooks: Receiver, path: str
) -> None:
    hooks.refusals[path] = NEVER
    made = await asked(service, hooks.url(path))  # the client gives up after five seconds itself
    assert (made["state"], made["reason"]) == ("unverified", "it answered the challenge with timeout")


async def test_the_text_alone_is_an_answer_too(service: Running) -> None:
    async with receiver() as plain:
        plain.plain = True
        assert (await asked(service, plain.url("/")))["state"] == "active"


async def test_nothing_is_sent_before_and_nothing_missed_after(service: Running, hooks: Receiver, path: str) -> None:
    hooks.echoes[path] = b"no"
    made = await asked(service, hooks.url(path))
    said = [await say(service) for _ in range(3)]
    await center(service).in_feed(said[-1])
    refused = await subscriber(service).post(f"/subscriptions/{made['id']}/enable")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:skillcert:problem:not-verified")
    assert hooks.at(path) == []
    del hooks.echoes[path]
    assert await verified(subscriber(service), made) == ("active", "")
    came = await hooks.got(path, 3, within=2)
    assert {one.verified(made["secret"])["id"] for one in came} == set(said)


async def test_what_is_disabled_while_unverified_cannot_be_enabled_around_the_challenge(
    service: Running, hooks: Receiver, path: str
) -> None:
    hooks.echoes[path] = b"no"
    made = await asked(service, hooks.url(path))
    asking = subscriber(service)
    assert (await asking.post(f"/subscriptions/{made['id']}/disable")).json()["state"] == "unverified"
    assert (await asking.post(f"/subscriptions/{made['id']}/enable")).status_code == 409


async def test_what_is_verified_is_not_challenged_again(service: Running, hooks: Receiver, path: str) -> None:
    made = await asked(service, hooks.url(path))
    assert await verified(subscriber(service), made) == ("active", "")
    await subscriber(service).post(f"/subscriptions/{made['id']}/disable")
    assert (await verified(subscriber(service), made))[0] == "disabled"
    assert len([one for one in hooks.challenges if one.path == path]) == 1


async def test_a_test_call_is_signed_and_tells_what_the_endpoint_did(
    service: Running, hooks: Receiver, path: str
) -> None:
    made = await asked(service, hooks.url(path))
    newest = len(await center(service).feed(limit=500))
    hooks.answers[path].extend([204, 500])
    tried = [(await subscriber(service).post(f"/subscriptions/{made['id']}/test")).json() for _ in range(2)]
    assert [(one["answer"], one["taken"]) for one in tried] == [("204", True), ("500", False)]
    said = hooks.at(path)[0].verified(made["secret"])
    assert (said["type"], said["subject"]) == ("skillcert.test.v1", made["id"])
    assert len(await center(service).feed(limit=500)) == newest
    assert (await center(service).deliveries(made["id"])) == []


async def test_an_unverified_url_gets_no_test_call_either(service: Running, hooks: Receiver, path: str) -> None:
    hooks.echoes[path] = b"no"
    made = await asked(service, hooks.url(path))
    assert (await subscriber(service).post(f"/subscriptions/{made['id']}/test")).status_code == 409
    assert hooks.at(path) == []
