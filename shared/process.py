"""One process of one service: prepares, serves HTTP, relays, hears and polls until told to stop."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from traceback import extract_tb
from typing import Any

import structlog
import uvicorn
from fastapi import APIRouter, FastAPI

from shared.auth import Verifier
from shared.clock import Clock
from shared.errors import Fault, Kind
from shared.http.app import make_app
from shared.http.idempotency import Answers
from shared.messaging.consumers import Consumers, Hearers
from shared.messaging.failures import Failures
from shared.messaging.wire import Wire
from shared.outbox.relay import Relay
from shared.poller import Due, Poller
from shared.privacy import Sealer, scrub
from shared.settings import Settings
from shared.storage.leases import Lease
from shared.storage.mongo import Database
from shared.storage.store import Store
from shared.tracing import start_tracing

log = structlog.get_logger()
Step = Callable[[], Awaitable[None]]


class NotPrepared(Fault):
    """The service is still preparing its database and queues."""

    slug, kind = "not-prepared", Kind.UNAVAILABLE


class Stopped(Fault):
    """A defect ended this process's work; it stops and is started again."""

    slug, kind = "stopped", Kind.UNAVAILABLE


@dataclass(frozen=True)
class Tools:
    """What `app.py` builds its rooms from."""

    settings: Settings
    clock: Clock
    database: Database
    sealer: Sealer

    @classmethod
    def made(cls, settings: Settings) -> "Tools":
        return cls(
            settings=settings,
            clock=Clock(settings.clock_file),
            database=Database(settings.mongo_url.get_secret_value(), settings.database),
            sealer=Sealer(settings.seal_keys.get_secret_value(), settings.index_key.get_secret_value()),
        )


@dataclass(frozen=True)
class Service:
    """What `app.py` hands over: the rooms' stores, routes, hearers, due work.

    `prepare` makes indexes beyond the stores' own; `start` runs once prepared, in workers (loading data);
    `loops` run in workers until the process stops.
    """

    stores: Sequence[Store[Any]]
    routers: Sequence[APIRouter]
    hearers: Hearers
    due: Sequence[Due] = ()
    prepare: Sequence[Step] = ()
    start: Sequence[Step] = ()
    loops: Sequence[Step] = ()


@dataclass
class Process:
    """A service with everything that makes it run; `role` decides which loops do."""

    tools: Tools
    service: Service
    prepared: asyncio.Event = field(default_factory=asyncio.Event)
    broken: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        settings = self.tools.settings
        url = settings.amqp_url.get_secret_value()
        self.wire = Wire(url, f"{settings.service}-says")
        self.consumers = Consumers(url, settings.service, self.service.hearers, settings.retry_delays)
        self.consumers.subscribe(Failures(self.wire, self.consumers.topology), self.tools.clock)
        self.answers = Answers(self.tools.database, self.tools.sealer)
        self.verifier = Verifier(jwks_url=settings.jwks_url, issuer=settings.jwt_issuer, audience=settings.jwt_audience)
        self.relay = Relay(
            self.wire,
            Lease(self.tools.database, "relay-sweep"),
            sweep_every=settings.sweep_every,
            sweep_after=settings.sweep_after,
        )
        self.relay.serves(*self.service.stores)
        self.poller = Poller(Lease(self.tools.database, "poller"), self.tools.clock, settings.poll_every)
        for due in self.service.due:
            self.poller.add(due)

    async def prepare(self) -> None:
        """Indexes, then queues and exchanges; safe to repeat, done before any service speaks."""
        for store in self.service.stores:
            await store.prepare()
        for step in (*self.service.prepare, self.answers.prepare):
            await step()
        await self.consumers.topology.declare(self.wire)

    async def run(self) -> None:
        """Run until cancelled; what is needed may be away at first, it is tried again every second."""
        await self._prepared()
        loops: list[Step] = [self.relay.run]
        if self.tools.settings.role != "api":
            loops += [self.consumers.run, self.poller.run, *self.service.loops]
        async with asyncio.TaskGroup() as tasks:
            for loop in loops:
                tasks.create_task(_unbroken(loop))

    async def _prepared(self) -> None:
        steps = () if self.tools.settings.role == "api" else self.service.start
        while not self.prepared.is_set():
            try:
                await self.prepare()
                for step in steps:
                    await step()
            except Fault as fault:
                log.warning("not prepared yet", cause=fault.slug, detail=fault.detail)
                await asyncio.sleep(1)
            else:
                self.prepared.set()

    async def _is_prepared(self) -> None:
        if self.broken.is_set():
            raise Stopped("a defect ended the work; its cause is in the log")
        if not self.prepared.is_set():
            raise NotPrepared("indexes and queues are being made; ask again")

    async def _canary(self) -> None:
        await self._is_prepared()  # before that the canary has no queue to go to
        await self.wire.ping(self.consumers.topology.canary)

    def app(self) -> FastAPI:
        """The HTTP side; a worker answers health and metrics only."""
        routers = () if self.tools.settings.role == "worker" else self.service.routers
        return make_app(
            self.tools.settings.service,
            routers,
            clock=self.tools.clock,
            verifier=self.verifier,
            answers=self.answers,
            checks={
                "prepared": self._is_prepared,
                "database": self.tools.database.ping,
                "broker": self._canary,
            },
            lifespan=self._lifespan,
        )

    @asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        tracing = start_tracing(self.tools.settings)
        running = asyncio.create_task(self.run())
        running.add_done_callback(self._ended)
        try:
            yield
        finally:
            running.cancel()
            await asyncio.wait([running])
            await self.wire.close()
            await self.verifier.aclose()
            await self.tools.database.close()
            tracing.shutdown()

    def _ended(self, running: asyncio.Task[None]) -> None:
        if not running.cancelled() and (defect := running.exception()):
            log.error("stopped by a defect", causes=list(_causes(defect)))
            self.broken.set()


def _causes(error: BaseException) -> Iterator[str]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _causes(inner)
    else:
        last = extract_tb(error.__traceback__)[-1]
        yield scrub(f"{type(error).__name__}: {error} ({last.filename}:{last.lineno})")


async def _unbroken(loop: Step) -> None:
    """A loop that meets an outage goes on after it; a defect ends the process, which its supervisor restarts."""
    while True:
        try:
            await loop()
        except Fault as fault:
            log.warning("loop interrupted", cause=fault.slug)
            await asyncio.sleep(1)


def serve(settings: Settings, build: Callable[[Tools], Service]) -> None:
    """Serve until SIGTERM or SIGINT."""
    tools = Tools.made(settings)
    process = Process(tools, build(tools))
    server = uvicorn.Server(
        uvicorn.Config(
            process.app(),
            host=settings.http_host,
            port=settings.http_port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=4,
        )
    )
    asyncio.run(_serve(server, settings, process.broken))
    if process.broken.is_set():
        sys.exit(1)


async def _serve(server: uvicorn.Server, settings: Settings, broken: asyncio.Event) -> None:
    serving = asyncio.create_task(server.serve())
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn tells by a flag only
        await asyncio.sleep(0.02)
    if settings.ready_file and server.started:
        port = server.servers[0].sockets[0].getsockname()[1]
        written = settings.ready_file.with_suffix(".part")
        written.write_text(f"http://{settings.http_host}:{port}", encoding="ascii")
        written.replace(settings.ready_file)  # whoever waits for it never reads half of it
    breaking = asyncio.create_task(broken.wait())
    await asyncio.wait([serving, breaking], return_when=asyncio.FIRST_COMPLETED)
    breaking.cancel()
    server.should_exit = True
    await serving
