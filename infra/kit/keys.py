"""The secret and the key the kit signs with, as notification does: `v1` by the secret, `v1a` by the key (Ed25519)."""

import base64
import binascii
import secrets
from datetime import UTC, datetime
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from standardwebhooks import Webhook

SECRET, PRIVATE, PUBLIC = "whsec_", "whsk_", "whpk_"
"""What Standard Webhooks writes before a secret, a private and a public key."""
_SEED_BYTES = 32


class WrongKey(Exception):  # noqa: N818 - says what is the matter
    """This is no secret or key of Standard Webhooks; the message says what one looks like."""


class Message(NamedTuple):
    """What is sent: the event's id, which is the webhook's, and its text."""

    identity: str
    body: str


class Keys(NamedTuple):
    """A secret and a private key."""

    secret: str
    private: Ed25519PrivateKey

    @classmethod
    def made(cls, secret: str = "", key: str = "") -> "Keys":
        """Those given as text, new ones in place of those that are not.

        Raises:
            WrongKey: what is given cannot be read.
        """
        chosen = secret or SECRET + base64.b64encode(secrets.token_bytes(_SEED_BYTES)).decode()
        _bytes_of(chosen, SECRET)
        seed = _bytes_of(key, PRIVATE) if key else secrets.token_bytes(_SEED_BYTES)
        if len(seed) != _SEED_BYTES:
            raise WrongKey(f"a signing key is {PRIVATE} and base64 of {_SEED_BYTES} bytes")
        return cls(chosen, Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def public(self) -> str:
        """The public key as a subscriber is told it."""
        return PUBLIC + base64.b64encode(self.private.public_key().public_bytes_raw()).decode()

    def v1(self, message: Message, at: datetime) -> str:
        """One part of the signature header: HMAC."""
        webhook: Any = Webhook(self.secret)
        return str(webhook.sign(message.identity, at, message.body))

    def v1a(self, message: Message, at: datetime) -> str:
        """One part of the signature header: Ed25519."""
        text = f"{message.identity}.{int(at.timestamp())}.{message.body}".encode()
        return "v1a," + base64.b64encode(self.private.sign(text)).decode()

    def headers(self, message: Message, at: datetime | None = None) -> dict[str, str]:
        """The three headers notification sends: signed by the secret and by the key."""
        moment = at or datetime.now(UTC)
        return headers(message, moment, self.v1(message, moment), self.v1a(message, moment))


def headers(message: Message, at: datetime, *signatures: str) -> dict[str, str]:
    """The three headers with these signatures, whatever they are worth."""
    return {
        "webhook-id": message.identity,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _bytes_of(text: str, prefix: str) -> bytes:
    try:
        found = base64.b64decode(text.removeprefix(prefix), validate=True)
    except (binascii.Error, ValueError) as cause:
        raise WrongKey(f"write it as {prefix} and base64") from cause
    if not text.startswith(prefix) or not found:
        raise WrongKey(f"write it as {prefix} and base64")
    return found
