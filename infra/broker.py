"""What RabbitMQ is told: one user per service that can say its own events, hear all, and touch nothing else."""

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from typing import Any

SERVICES = ("registry", "assessment", "evaluation", "notification")
ADMIN = "admin"
EVENTS_EXCHANGE = "certification.events"

Definitions = dict[str, Any]


def definitions(passwords: Mapping[str, str]) -> Definitions:
    """RabbitMQ's definitions for these users: services, and `admin` where a password for it is given.

    Users, permissions and the one exchange only: every service declares its own queues.
    """
    return {
        "vhosts": [{"name": "/"}],
        "users": [_user(name, password) for name, password in passwords.items()],
        "permissions": [_permissions(name) for name in passwords],
        "topic_permissions": [_topic_permissions(name) for name in passwords if name != ADMIN],
        "exchanges": [_events_exchange()],
    }


def _events_exchange() -> Definitions:
    return {
        "name": EVENTS_EXCHANGE,
        "vhost": "/",
        "type": "topic",
        "durable": True,
        "auto_delete": False,
        "internal": False,
        "arguments": {},
    }


def _user(name: str, password: str) -> Definitions:
    return {
        "name": name,
        "password_hash": password_hash(password, secrets.token_bytes(4)),
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": "administrator" if name == ADMIN else "",
    }


def password_hash(password: str, salt: bytes) -> str:
    """RabbitMQ's salted SHA-256: base64 of the four salt bytes and the digest of salt and password."""
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def _permissions(name: str) -> Definitions:
    if name == ADMIN:
        return {"user": name, "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}
    own = re.escape(name) + r"\."
    # Write lets it publish to the exchange, read lets it bind its queues to it. The default exchange is in
    # neither: through it anybody could put a message into anybody's queue.
    own_and_events = rf"^({own}|{re.escape(EVENTS_EXCHANGE)}$)"
    return {
        "user": name,
        "vhost": "/",
        "configure": f"^{own}",
        "write": own_and_events,
        "read": own_and_events,
    }


def _topic_permissions(name: str) -> Definitions:
    """A service says its own events only, and may hear everybody's."""
    return {
        "user": name,
        "vhost": "/",
        "exchange": EVENTS_EXCHANGE,
        "write": rf"^{re.escape(name)}\.",
        "read": ".*",
    }
