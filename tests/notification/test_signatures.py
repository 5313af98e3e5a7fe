"""What a webhook is signed with: by the secrets that hold, and by the service's own key, each checked by other code."""

import base64
from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook, WebhookVerificationError

from services.notification.subscriptions.handlers import new_secret
from services.notification.subscriptions.outward import Lapsing, Signer
from shared.clock import FrozenClock
from shared.signing import Keyring
from tests.notification.examples import NOON

OLD, NEW, BODY = new_secret(), new_secret(), '{"id":"e1","text":"备案"}'
SEEDS = [bytes([number]) * 32 for number in (1, 2)]
RING = Keyring(
    ",".join(f"k{at}:{base64.b64encode(seed).decode()}" for at, seed in enumerate(SEEDS)), "https://example.org"
)


def signatures(headers: dict[str, str], version: str) -> list[str]:
    parts = [part.split(",", 1) for part in headers["webhook-signature"].split(" ")]
    return [value for name, value in parts if name == version]


def verified(headers: dict[str, str], secret: str, body: str = BODY) -> bool:
    webhook = Webhook(secret)
    try:
        webhook.verify(body, headers)
    except WebhookVerificationError:
        return False
    return True


def check(headers: dict[str, str], raw: bytes, body: str = BODY) -> None:
    """As a receiver does that knows the public key alone."""
    (signature,) = signatures(headers, "v1a")
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
    Ed25519PublicKey.from_public_bytes(raw).verify(base64.b64decode(signature), signed)


def test_v1_comes_first_and_is_still_verified_by_the_reference_library() -> None:
    headers = Signer([NEW], RING).headers("e1", BODY)
    assert [part.split(",")[0] for part in headers["webhook-signature"].split(" ")] == ["v1", "v1a"]
    assert verified(headers, NEW)
    assert not verified(headers, OLD)
    assert not verified(headers, NEW, BODY + " ")


def test_v1a_is_verified_with_the_first_public_key_and_with_nothing_else() -> None:
    headers = Signer([NEW], RING).headers("e1", BODY)
    first, second = RING.public().values()
    check(headers, first)
    with pytest.raises(InvalidSignature):
        check(headers, first, BODY + " ")
    with pytest.raises(InvalidSignature):
        check({**headers, "webhook-id": "e2"}, first)
    with pytest.raises(InvalidSignature):
        check(headers, second)
    assert len(base64.b64decode(signatures(headers, "v1a")[0])) == 64


def test_without_keys_there_is_v1_alone() -> None:
    for ring in (None, Keyring("", "https://example.org")):
        headers = Signer([NEW], ring).headers("e1", BODY)
        assert signatures(headers, "v1a") == []
        assert verified(headers, NEW)


def test_the_secret_before_signs_as_well_until_its_end_and_not_a_moment_longer() -> None:
    clock = FrozenClock(NOON)
    signer = Signer([NEW], RING, lapsing=Lapsing(OLD, NOON + timedelta(hours=24), clock))
    headers = signer.headers("e1", BODY)
    assert (verified(headers, NEW), verified(headers, OLD)) == (True, True)
    assert len(signatures(headers, "v1")) == 2
    assert headers["webhook-signature"].rsplit(" ", 1)[1].startswith("v1a,")
    clock.move(timedelta(hours=24))
    headers = signer.headers("e1", BODY)
    assert (verified(headers, NEW), verified(headers, OLD)) == (True, False)
