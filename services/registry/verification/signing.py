"""The keys that sign credentials: Ed25519 from the settings, the first one signs, all of them are published."""

import base64
import binascii
import json
import re
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.jwk import OKPKey

from services.registry.verification.domain.credential import Claims, Issuer
from shared.errors import Fault, Kind

ALGORITHM = "Ed25519"
"""RFC 9864's fully specified name; `EdDSA` leaves the curve open."""
_SEED_BYTES = 32


class NoCredentialKeys(Fault):
    """No key signs credentials here; the operator sets CREDENTIAL_KEYS."""

    slug, kind = "no-credential-keys", Kind.UNAVAILABLE


class Signer:
    """Signs claims as VC-JOSE-COSE wants it: a JWT whose payload is the credential itself.

    `keys` is `id:base64(32-byte seed)`, comma-separated; to replace a key put a new one in front, and take the
    old one out only when no credential signed with it needs checking any more.
    """

    def __init__(self, keys: str, issuer: Issuer) -> None:
        self.issuer = issuer
        self._keys = tuple(_key(entry.strip(), issuer) for entry in keys.split(",") if entry.strip())
        if len({key.kid for key in self._keys}) != len(self._keys):
            raise ValueError("two credential keys have the same id")

    def sign(self, claims: Claims) -> str:
        """A JWT of these claims, signed with the first key."""
        if not self._keys:
            raise NoCredentialKeys("credentials are not signed here; ask the operator")
        key = self._keys[0]
        header = {"alg": ALGORITHM, "kid": key.kid, "typ": "vc+jwt"}
        payload = json.dumps(claims, ensure_ascii=False, separators=(",", ":")).encode()
        return jws.serialize_compact(header, payload, key, algorithms=[ALGORITHM])

    @property
    def signing(self) -> str:
        """The id of the key that signs; empty without keys."""
        return str(self._keys[0].kid) if self._keys else ""

    def jwks(self) -> dict[str, Any]:
        """The public keys (RFC 7517), the signing one first."""
        return {"keys": [key.as_dict(private=False) for key in self._keys]}

    def controlled_identifier(self) -> dict[str, Any]:
        """The issuer with its keys as a W3C Controlled Identifier Document."""
        methods = [
            {
                "id": key.kid,
                "type": "JsonWebKey",
                "controller": self.issuer.id,
                "publicKeyJwk": key.as_dict(private=False),
            }
            for key in self._keys
        ]
        return {
            "@context": ["https://www.w3.org/ns/cid/v1"],
            "id": self.issuer.id,
            "verificationMethod": methods,
            "assertionMethod": [method["id"] for method in methods],
        }


def _key(entry: str, issuer: Issuer) -> OKPKey:
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
    return OKPKey.import_key({**numbers, "alg": ALGORITHM, "use": "sig", "kid": f"{issuer.id}#{name}"})


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
