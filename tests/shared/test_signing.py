"""What is signed with the service's keys is read back, and nothing else is."""

import base64
import json

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shared.signing import Keyring, NoCredentialKeys, NotSignedHere

PAYLOAD = {"batch": "batch-1", "文件": ["一", 2]}


def keys(*names: str) -> str:
    return ",".join(f"{name}:{base64.b64encode(name.encode().ljust(32, b'.')).decode()}" for name in names)


def test_what_was_signed_is_read_back() -> None:
    ring = Keyring(keys("k1"), "https://example.org/keys")
    assert ring.read(ring.sign(PAYLOAD, "archive+jws"), "archive+jws") == PAYLOAD
    assert ring.signing == "https://example.org/keys#k1"


def test_after_a_rotation_the_old_key_still_checks() -> None:
    old = Keyring(keys("k1"), "https://example.org/keys").sign(PAYLOAD, "archive+jws")
    assert Keyring(keys("k2", "k1"), "https://example.org/keys").read(old, "archive+jws") == PAYLOAD


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB"),
        lambda token: token.replace(".", ".e30", 1),
        lambda _: "no token",
        lambda _: "",
        lambda _: "文件",
        lambda _: Keyring(keys("k9"), "https://example.org/keys").sign(PAYLOAD, "archive+jws"),
        lambda _: Keyring(keys("k1"), "https://example.org/keys").sign(PAYLOAD, "vc+jwt"),
    ],
)
def test_what_was_changed_or_signed_by_another_or_as_something_else_is_refused(spoil: object) -> None:
    ring = Keyring(keys("k1"), "https://example.org/keys")
    assert callable(spoil)
    with pytest.raises(NotSignedHere):
        ring.read(spoil(ring.sign(PAYLOAD, "archive+jws")), "archive+jws")


@pytest.mark.parametrize("crit", [1, [1]])
def test_a_header_of_another_shape_is_refused_like_any_other(crit: object) -> None:
    ring = Keyring(keys("k1"), "https://example.org/keys")
    header = json.dumps({"alg": "Ed25519", "crit": crit}).encode()
    _, rest = ring.sign(PAYLOAD, "archive+jws").split(".", 1)
    with pytest.raises(NotSignedHere):
        ring.read(f"{base64.urlsafe_b64encode(header).rstrip(b'=').decode()}.{rest}", "archive+jws")


def test_without_keys_nothing_is_signed() -> None:
    with pytest.raises(NoCredentialKeys):
        Keyring("", "https://example.org/keys").sign(PAYLOAD, "archive+jws")


def test_a_plain_signature_is_made_with_the_first_key_and_none_without_keys() -> None:
    ring = Keyring(keys("k1", "k2"), "https://example.org/keys")
    signature = ring.signature(b"text")
    assert signature is not None
    first, second = ring.public()
    assert (first, second) == ("https://example.org/keys#k1", "https://example.org/keys#k2")
    Ed25519PublicKey.from_public_bytes(ring.public()[first]).verify(signature, b"text")
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(ring.public()[second]).verify(signature, b"text")
    assert Keyring("", "https://example.org/keys").signature(b"text") is None
