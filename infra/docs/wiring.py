"""Each service as its `app.py` wires it, connected to nothing: what it says, what it hears, which doors it has."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import get_args

from fastapi import FastAPI
from pydantic import SecretStr

from services.commands import builder
from shared.events.base import Event
from shared.events.catalogue import EVENTS, SPEAKERS
from shared.process import Process, Tools
from shared.settings import ServiceName, Settings

EVERYTHING = "#"


@dataclass(frozen=True)
class Ear:
    """One queue of a service and the events that come into it; `key` is its binding to the exchange."""

    queue: str
    key: str

    @property
    def events(self) -> list[type[Event]]:
        """The events that match the key."""
        return list(EVENTS.values()) if self.key == EVERYTHING else [EVENTS[self.key]]


@dataclass(frozen=True)
class Wired:
    """One service."""

    name: ServiceName
    says: Sequence[type[Event]]
    hears: Sequence[Ear]
    app: FastAPI


@cache
def services() -> tuple[Wired, ...]:
    """All of them, in the order of the settings; built once."""
    return tuple(wired(name) for name in get_args(ServiceName))


def wired(name: ServiceName) -> Wired:
    """One service, built as its process builds it."""
    tools = Tools.made(_settings(name))
    process = Process(tools, builder(name)(tools))
    topology = process.consumers.topology
    return Wired(
        name=name,
        says=SPEAKERS[name],
        hears=[Ear(topology.queue(key), key) for key in topology.heard],
        app=process.app(),
    )


def _settings(name: ServiceName) -> Settings:
    # Constructed, not read: no variable of whoever generates the documents may change them.
    key = b64encode(bytes(32)).decode()
    return Settings.model_construct(
        service=name,
        amqp_url=SecretStr("amqp://nobody@nowhere.invalid/"),
        mongo_url=SecretStr("mongodb://nowhere.invalid/"),
        jwks_url="https://nowhere.invalid/jwks",
        seal_keys=SecretStr(f"v1:{key}"),
        index_key=SecretStr(key),
    )
