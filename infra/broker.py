"""What RabbitMQ is told: one user per service that can say its own events, hear all, and touch nothing else."""

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from typing import Any

from shared.messaging.topology import EVENTS, speaking

SERVICES = ("registry", "assessment", "evaluation", "notification")
ADMIN = "admin"

Definitions = dict[str, Any]


def definitions(passwords: Mapping[str, str]) -> Definitions:
    """RabbitMQ's definitions for these users: services, and `admin` where a password for it is given.

    Users, permissions and exchanges only: every service declares its own queues. Nobody but the administrator
    writes to the events exchange: a topic permission there would be checked on a direct publish only, and a
    queue that dead-letters into the exchange, or an exchange bound to it, would say another's events.
    """
    return {
        "vhosts": [{"name": "/"}],
        "users": [_user(name, password) for name, password in passwords.items()],
        "permissions": [_permissions(name) for name in passwords],
        "exchanges": [_exchange(EVENTS), *(_exchange(speaking(name)) for name in SERVICES)],
        "bindings": [_binding(name) for name in SERVICES],
    }


def _exchange(name: str) -> Definitions:
    return {
        "name": name,
        "vhost": "/",
        "type": "topic",
        "durable": True,
        "auto_delete": False,
        "internal": False,
        "arguments": {},
    }


def _binding(name: str) -> Definitions:
    return {
        "source": speaking(name),
        "vhost": "/",
        "destination": EVENTS,
        "destination_type": "exchange",
        "routing_key": f"{name}.#",
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
    # Read lets it bind its queues to the events exchange; saying goes by its own exchange. The default exchange
    # is in neither: through it anybody could put a message into anybody's queue.
    return {
        "user": name,
        "vhost": "/",
        "configure": f"^{own}",
        "write": f"^{own}",
        "read": rf"^({own}|{re.escape(EVENTS)}$)",
    }
