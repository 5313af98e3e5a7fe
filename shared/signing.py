"""Signing with Ed25519 keys from the settings: the first key signs, all of them are published and checked against."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from shared.errors import Fault, Kind

ALGORITHM = "Ed25519"
"""RFC 9864's fully specified name; `EdDSA` leaves the curve open."""
_SEED_BYTES = 32


class NoCredentialKeys(Fault):
    """No key signs here; the operator sets CREDENTIAL_KEYS."""

    slug, kind = "no-credential-keys", Kind.UNAVAILABLE


class NotSignedHere(Fault):
    """This was not signed with a key of ours, or was changed since."""

    slug, kind = "signature-invalid", Kind.INVALID


class Keyring:
    """Keys under the address of whoever signs; `keys` is `id:base64(32-byte seed)`, comma-separated.

    To replace a key put a new one in front, and take the old one out only when nothing signed with it needs checking
    any more.
    """

    def __init__(self, keys: str, controller: str) -> None:
        self.keys = tuple(_key(entry.strip(), controller) for entry in keys.split(",") if entry.strip())
        if len({key.kid for key in self.keys}) != len(self.keys):
            raise ValueError("two credential keys have the same id")

    @property
    def signing(self) -> str:
        """The id of the key that signs; empty without keys."""
        return str(self.keys[0].kid) if self.keys else ""

    def must_sign(self) -> None:
        """Refuse before any work is done where nothing can be signed.

        Raises:
            NoCredentialKeys: no key is set.
        """
        if not self.keys:
            raise NoCredentialKeys("nothing is signed here; ask the operator")

    def sign(self, payload: Mapping[str, Any], typ: str) -> str:
        """A compact JWS of a JSON payload, signed with the first key; `typ` says what it is."""
        self.must_sign()
        key = self.keys[0]
        header = {"alg": ALGORITHM, "kid": key.kid, "typ": typ}
        text = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        return jws.serialize_compact(header, text, key, algorithms=[ALGORITHM])

    def read(self, token: str, typ: str) -> dict[str, Any]:
        """The payload of what one of our keys signed.

        Raises:
            NotSignedHere: another key, another type, a changed token, or no JWS at all.
        """
        self.must_sign()
        try:
            read = jws.deserialize_compact(token.encode(), KeySet(list(self.keys)), algorithms=[ALGORITHM])
            payload: Any = json.loads(read.payload)
        except (JoseError, ValueError, TypeError) as error:  # the last: a header that is no list where one must be
            raise NotSignedHere("no key of ours signed this; ask whoever gave it to you for the original") from error
        if read.headers().get("typ") != typ or not isinstance(payload, dict):
            raise NotSignedHere(f"this is signed as something else; send one of type {typ}")
        return payload

    def signature(self, data: bytes) -> bytes | None:
        """The 64 bytes of Ed25519 over `data` by the first key, for schemes that are no JWS; None without keys."""
        if not self.keys:
            return None
        return _private(self.keys[0]).sign(data)

    def public(self) -> dict[str, bytes]:
        """The 32 bytes of every public key by its id, the signing one first."""
        return {str(key.kid): _private(key).public_key().public_bytes_raw() for key in self.keys}

    def jwks(self) -> dict[str, Any]:
        """The public keys (RFC 7517), the signing one first."""
        return {"keys": [key.as_dict(private=False) for key in self.keys]}


def _private(key: OKPKey) -> Ed25519PrivateKey:
    private = key.private_key
    assert isinstance(private, Ed25519PrivateKey)
    return private


def _key(entry: str, controller: str) -> OKPKey:
    name, _, secret = entry.partition(":")
    try:
        seed = base64.b64decode(secret, validate=True)
    except binascii.Error:
        seed = b""
    # Short, so that a seed given without its id is never taken for an id and published.
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", name) or len(seed) != _SEED_BYTES:
        raise ValueError("each credential key is id:base64 of 32 bytes, the id of letters, digits, - and _")
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    numbers = {"kty": "OKP", "crv": ALGORITHM, "d": _text(seed), "x": _text(public)}
    return OKPKey.import_key({**numbers, "alg": ALGORITHM, "use": "sig", "kid": f"{controller}#{name}"})


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
