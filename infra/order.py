"""What `python -m infra.provision` is told by its environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from infra.broker import SERVICES

LONGEST_WAIT = 120.0


class ProvisionFailed(Exception):  # noqa: N818 - named for what went wrong
    """A server could not be told; the message says what to set or to look at."""


@dataclass(frozen=True)
class Order:
    """Where the servers are, who administers them, and each service's passwords by its name."""

    management_url: str
    admin_user: str
    admin_password: str = field(repr=False)
    mongo_admin_url: str = field(repr=False)
    replica_member: str  # host:port under which the services reach MongoDB
    amqp_passwords: Mapping[str, str] = field(repr=False)
    mongo_passwords: Mapping[str, str] = field(repr=False)
    timeout: float  # seconds, for everything together


def read_order(environ: Mapping[str, str]) -> Order:
    """Read the environment; raises ProvisionFailed naming the variable that is missing or malformed."""
    mongo_admin_url = _required(environ, "MONGO_ADMIN_URL")
    return Order(
        management_url=_web_url(environ, "RABBITMQ_MANAGEMENT_URL"),
        admin_user=_required(environ, "RABBITMQ_ADMIN_USER"),
        admin_password=_required(environ, "RABBITMQ_ADMIN_PASSWORD"),
        mongo_admin_url=mongo_admin_url,
        replica_member=environ.get("MONGO_REPLICA_MEMBER") or _host_of(mongo_admin_url),
        amqp_passwords=_passwords(environ, "AMQP"),
        mongo_passwords=_passwords(environ, "MONGO"),
        timeout=_timeout(environ),
    )


def _required(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name)
    if not value:
        raise ProvisionFailed(f"{name} is not set.")
    return value


def _web_url(environ: Mapping[str, str], name: str) -> str:
    url = _required(environ, name)
    if not url.startswith(("http://", "https://")):
        raise ProvisionFailed(f"{name} is not an http:// or https:// URL.")
    return url.rstrip("/")


def _passwords(environ: Mapping[str, str], server: str) -> dict[str, str]:
    return {name: _required(environ, f"{name.upper()}_{server}_PASSWORD") for name in SERVICES}


def _host_of(mongo_url: str) -> str:
    host = urlsplit(mongo_url).netloc.rpartition("@")[2]
    if not host or "," in host:
        raise ProvisionFailed("MONGO_ADMIN_URL does not name exactly one host: set MONGO_REPLICA_MEMBER.")
    return host if ":" in host else f"{host}:27017"


def _timeout(environ: Mapping[str, str]) -> float:
    given = environ.get("PROVISION_TIMEOUT", str(LONGEST_WAIT))
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= LONGEST_WAIT:
        raise ProvisionFailed(f"PROVISION_TIMEOUT is {given!r}, not seconds above 0 and up to {LONGEST_WAIT:.0f}.")
    return seconds
