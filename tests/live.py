"""A service running in the test's own process on the real servers, with everything a test asks of it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import aio_pika
import httpx
import pymongo
import uvicorn

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from shared.clock import set_offset
from shared.events.base import Event
from shared.messaging.envelope import outgoing
from shared.messaging.topology import EVENTS, Topology
from shared.outbox.pending import Pending
from shared.process import Process, Tools
from shared.settings import ServiceName, Settings

T = TypeVar("T")
SEAL_KEYS = "v1:a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
CREDENTIAL_KEYS = "k1:Y2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2M="
PUBLIC_URL = "https://cert.example.org"
INDEX_KEY = "aWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWk="


async def eventually(look: Callable[[], Awaitable[T]], *, within: float = 15.0) -> T:
    """The first truthy answer of `look`, asked again and again; fails after `within` seconds."""
    end = time.monotonic() + within
    while not (seen := await look()):
        if time.monotonic() > end:
            raise AssertionError(f"not seen within {within} s; last: {seen!r}")
        await asyncio.sleep(0.02)
    return seen


@dataclass
class Said:
    """One event as another system would receive it."""

    type: str
    headers: dict[str, Any]
    body: bytes


@dataclass
class Running:
    """A running service and the world around it."""

    process: Process
    http: httpx.AsyncClient
    issuer: Issuer
    clock_file: Path
    exchange: aio_pika.abc.AbstractExchange
    said: list[Said] = field(default_factory=list)
    offset: float = 0.0

    def token(self, role: str, org: str = "center", authority: str | None = None) -> dict[str, str]:
        """Headers of a caller, with a new Idempotency-Key."""
        token = self.issuer.token(role, org, authority)
        return {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex}

    def forward(self, **by: float) -> None:
        """Move the business clock, e.g. `forward(days=8)`."""
        self.offset += timedelta(**by).total_seconds()
        set_offset(self.clock_file, self.offset)

    def set_time(self, moment: datetime) -> None:
        """Set the business clock to an instant."""
        self.offset = (moment - datetime.now(UTC)).total_seconds()
        set_offset(self.clock_file, self.offset)

    async def says(
        self,
        event: Event,
        *,
        subject: str,
        sequence: int = 1,
        authority: str = "33",
        event_id: str | None = None,
        trace: str | None = None,
    ) -> str:
        """Publish an event as the service that speaks it; its id."""
        service = event.type.split(".", 1)[0]
        now = self.process.tools.clock.now()
        identity = event_id or f"{subject}@{sequence}"
        pending = Pending(
            identity, event.type, f"/{service}/tests", subject, now, sequence, authority, identity, None, trace,
            event.model_dump_json().encode(), time.time(),
        )  # fmt: skip
        message = outgoing(pending, trace)
        await self.exchange.publish(
            aio_pika.Message(message.body, headers=dict(message.headers), delivery_mode=2), message.routing_key
        )
        return identity

    async def heard(self, kind: type[Event], most: int = 1, *, within: float = 15.0) -> list[Said]:
        """At least `most` published events of a kind, once they are there."""

        async def enough() -> list[Said]:
            found = [said for said in self.said if said.type == kind.type]
            return found if len(found) >= most else []

        return await eventually(enough, within=within)


def settings_for(service: ServiceName, servers: Servers, issuer_url: str, folder: Path, **more: Any) -> Settings:
    """Settings as the environment would give them, with short waits."""
    values: dict[str, Any] = {
        "service": service,
        "amqp_url": servers.amqp_url(service),
        "mongo_url": servers.mongo_url(service),
        "jwks_url": issuer_url,
        "seal_keys": SEAL_KEYS,
        "index_key": INDEX_KEY,
        "credential_keys": CREDENTIAL_KEYS,
        "public_url": PUBLIC_URL,
        "public_limit": False,
        "clock_file": folder / "clock",
        "trace_file": folder / "trace.jsonl",
        "retry_delays": (0.1, 0.2, 0.4),
        "sweep_every": 0.2,
        "sweep_after": 0.5,
        "poll_every": 0.1,
        "webhook_private_hosts": True,
        "http_port": 0,
    }
    return Settings(**{**values, **more})


def built(settings: Settings) -> Process:
    """A service as `app.py` wires it, not yet connected to anything."""
    tools = Tools.made(settings)
    return Process(tools, import_module(f"services.{settings.service}.app").build(tools))


@asynccontextmanager
async def running(
    service: ServiceName, servers: Servers, issuer: Issuer, folder: Path, **more: Any
) -> AsyncIterator[Running]:
    """Run a service with an empty database and empty queues; stops it afterwards."""
    _drop_database(servers, service)
    process = built(settings_for(service, servers, issuer.url, folder, **more))
    await delete_queues(servers, process.consumers.topology)
    said: list[Said] = []
    async with _listening(servers, said, "#") as exchange, served(process) as http:
        await eventually(lambda: is_ready(http), within=30)
        yield Running(process, http, issuer, folder / "clock", exchange, said)


@asynccontextmanager
async def listening(servers: Servers, key: str) -> AsyncIterator[list[Said]]:
    """A list that grows by every event published under `key`, as any other system would hear it."""
    said: list[Said] = []
    async with _listening(servers, said, key):
        yield said


@asynccontextmanager
async def _listening(servers: Servers, said: list[Said], key: str) -> AsyncIterator[aio_pika.abc.AbstractExchange]:
    async def take(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        said.append(Said(message.routing_key or "", dict(message.headers), message.body))

    async with await aio_pika.connect_robust(servers.admin_amqp_url) as connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange(EVENTS)
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(exchange, key)
        await queue.consume(take, no_ack=True)
        yield exchange


@asynccontextmanager
async def served(process: Process) -> AsyncIterator[httpx.AsyncClient]:
    """Serve it on a free port, whether what it needs is there or not; stops it afterwards."""
    server = uvicorn.Server(uvicorn.Config(process.app(), port=0, log_config=None, access_log=False))
    serving = asyncio.create_task(server.serve())
    try:
        while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn tells by a flag only
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        async with httpx.AsyncClient(timeout=10, base_url=f"http://127.0.0.1:{port}") as http:
            yield http
    finally:
        server.should_exit = True
        await serving


async def is_ready(http: httpx.AsyncClient) -> bool:
    """Whether a service is ready, as a supervisor would ask it."""
    return (await http.get("/health/ready")).status_code == 200


def _drop_database(servers: Servers, service: ServiceName) -> None:
    with pymongo.MongoClient[dict[str, Any]](servers.admin_mongo_url) as client:
        client.drop_database(service)


async def delete_queues(servers: Servers, topology: Topology) -> None:
    """Delete a service's queues and what is in them; it declares them anew."""
    names: Sequence[str] = [
        topology.parked,
        *(topology.queue(key) for key in topology.heard),
        *(topology.retry(attempt) for attempt in range(1, len(topology.retry_delays) + 1)),
    ]
    async with await aio_pika.connect(servers.admin_amqp_url) as connection:
        channel = await connection.channel()
        for name in names:
            await channel.queue_delete(name)
