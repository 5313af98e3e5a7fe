"""The receiver of the demonstration: it answers challenges, and counts what is signed wrongly."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from standardwebhooks import Webhook

from infra.drive.receiver import Receiver

SECRET = "whsec_c2tpbGxjZXJ0IGV4YW1wbGUgc2VjcmV0IDMyIGJ5dGVz"
CHALLENGE = json.dumps({"type": "skillcert.challenge", "challenge": "c1", "subscription": "s1"})
EVENT = json.dumps({"id": "e1", "type": "registry.plan.filed.v1", "data": {"challenge": "x"}})


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().serve() as serving:
        yield serving


def posted(receiver: Receiver, body: str, secret: str = SECRET) -> httpx.Response:
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "e1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("e1", now, body),
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    }
    return httpx.post(receiver.url, content=body, headers=headers, trust_env=False)


def test_it_answers_a_challenge_before_it_knows_its_secret_and_counts_it_as_no_event(receiver: Receiver) -> None:
    answer = posted(receiver, CHALLENGE)
    assert (answer.status_code, answer.json()) == (200, {"challenge": "c1"})
    assert (receiver.challenges, receiver.unverified, receiver.received()) == (1, 0, [])


def test_it_takes_what_is_signed_and_counts_what_is_not(receiver: Receiver) -> None:
    receiver.secret = SECRET
    assert posted(receiver, EVENT).status_code == 204
    assert posted(receiver, EVENT, "whsec_b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcm90aGVyb3Q=").status_code == 401
    assert posted(receiver, "no JSON", "whsec_b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcm90aGVyb3Q=").status_code == 401
    assert (len(receiver.received()), receiver.unverified) == (1, 2)
