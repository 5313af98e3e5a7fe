"""The whole of skillcert on one machine: private servers, a token issuer, the four services as processes."""

import asyncio
import os
import secrets
import signal
import sys
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args
from urllib.request import urlopen

from infra.local.folders import working_folder
from infra.local.issuer import Issuer
from infra.local.leash import Leashed
from infra.local.ports import LOOPBACK, free_ports
from infra.local.servers import Servers, servers
from services.commands import builder
from shared.clock import set_offset
from shared.process import Process, Tools
from shared.settings import ServiceName, Settings

ROOT = Path(__file__).resolve().parents[2]
ALL: tuple[ServiceName, ...] = get_args(ServiceName)
READY_WITHIN = 40.0
GRACE = 8.0


class NotReady(Exception):  # noqa: N818 - says what is the matter
    """A service did not become ready; its log is in the message."""


@dataclass
class ServiceProcess:
    """One running service; `url` is where it answers."""

    name: ServiceName
    environment: Mapping[str, str]
    log: Path
    ready_file: Path
    process: Leashed | None = None
    url: str = ""

    def start(self) -> None:
        """Start without waiting."""
        self.ready_file.unlink(missing_ok=True)
        command = [sys.executable, "-m", "services", "run", self.name]
        self.process = Leashed(command, self.environment, self.log)

    def await_ready(self) -> None:
        """Wait until its readiness is green."""
        end = time.monotonic() + READY_WITHIN
        while not self._ready():
            if time.monotonic() > end or self.process is None or not self.process.runs():
                tail = self.log.read_text(encoding="utf-8")[-2000:]
                raise NotReady(f"{self.name} did not become ready within {READY_WITHIN:.0f} s:\n{tail}")
            time.sleep(0.03)

    def _ready(self) -> bool:
        if not self.ready_file.exists():
            return False
        self.url = self.ready_file.read_text(encoding="ascii")
        try:
            with urlopen(f"{self.url}/health/ready", timeout=5) as answer:  # noqa: S310 - our own http URL
                return bool(answer.status == 200)  # noqa: PLR2004
        except OSError:
            return False

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        if self.process is not None:
            self.process.kill()

    def stop(self) -> None:
        """SIGTERM; SIGKILL when that takes too long."""
        if self.process is not None:
            self.process.stop(GRACE)

    def terminate(self) -> None:
        """Ask it to end, without waiting."""
        if self.process is not None:
            self.process.send(signal.SIGTERM)


@dataclass
class Stack:
    """Everything that runs; `clock_file` moves the business time of all services."""

    folder: Path
    servers: Servers
    issuer: Issuer
    clock_file: Path
    trace_file: Path
    services: dict[str, ServiceProcess] = field(default_factory=dict)

    def url(self, service: str) -> str:
        return self.services[service].url

    def logs(self) -> str:
        """What all services logged."""
        return "".join(row.log.read_text(encoding="utf-8") for row in self.services.values())


@contextmanager
def stack(
    folder: Path | None = None, only: Sequence[ServiceName] = ALL, at: datetime | None = None, **settings: str
) -> Iterator[Stack]:
    """Start everything, yield when all is ready, stop everything.

    `at` is the business time to begin with, `settings` are environment variables of the services.
    """
    with ExitStack() as held:
        place = folder or held.enter_context(working_folder())
        running = held.enter_context(servers(place / "servers", management="notification" in only))
        if running.rabbitmq:
            held.callback(running.rabbitmq.kill)  # its management takes five seconds to stop, and nobody waits for it
        issuer = held.enter_context(Issuer().serve())
        here = Stack(place, running, issuer, place / "clock", place / "trace.jsonl")
        if at is not None:
            set_offset(here.clock_file, (at - datetime.now(UTC)).total_seconds())
        environment = _environment(here, settings)
        for name in only:
            own = {**environment, **_own(here, name)}
            here.services[name] = ServiceProcess(name, own, place / f"{name}.log", Path(own["READY_FILE"]))
        _prepare(here)
        held.callback(_stop, here)
        for service in here.services.values():
            service.start()
        for service in here.services.values():
            service.await_ready()
        yield here


def _environment(here: Stack, settings: Mapping[str, str]) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "HTTP_PORT": "0",
        "JWKS_URL": here.issuer.url,
        "SEAL_KEYS": f"v1:{_new_key()}",
        "INDEX_KEY": _new_key(),
        "PUBLIC_LIMIT": "false",
        "CLOCK_FILE": str(here.clock_file),
        "TRACE_FILE": str(here.trace_file),
        "WEBHOOK_PRIVATE_HOSTS": "true",
        **settings,
    }


def _new_key() -> str:
    return b64encode(secrets.token_bytes(32)).decode()


def _own(here: Stack, name: str) -> dict[str, str]:
    return (
        _publics(name)
        | _management(here, name)
        | {
            "AMQP_URL": here.servers.amqp_url(name),
            "MONGO_URL": here.servers.mongo_url(name),
            "READY_FILE": str(here.folder / f"{name}.url"),
        }
    )


def _management(here: Stack, name: str) -> dict[str, str]:
    """Notification lets other systems in to the broker; nobody else administers it."""
    url = here.servers.management_url
    return {"RABBITMQ_MANAGEMENT_URL": url} if url and name == "notification" else {}


def _publics(name: str) -> dict[str, str]:
    """Who signs has keys; who names its own address in what it signs knows it before it starts."""
    if name not in ("registry", "assessment", "notification"):
        return {}
    keys = {"CREDENTIAL_KEYS": f"local:{_new_key()}"}
    if name == "assessment":
        return keys
    (port,) = free_ports(1)
    return {"HTTP_PORT": str(port), "PUBLIC_URL": f"http://{LOOPBACK}:{port}", **keys}


def _prepare(here: Stack) -> None:
    """Indexes, queues and exchanges of all four before any of them speaks, so that nothing goes unheard."""

    async def one(service: ServiceProcess) -> None:
        settings = Settings.model_validate(
            {"service": service.name, **{key.lower(): value for key, value in service.environment.items()}}
        )
        tools = Tools.made(settings)
        process = Process(tools, builder(service.name)(tools))
        await process.prepare()
        await process.wire.close()
        await tools.database.close()

    async def everyone() -> None:
        await asyncio.gather(*(one(service) for service in here.services.values()))

    asyncio.run(everyone())


def _stop(here: Stack) -> None:
    for service in here.services.values():
        service.terminate()
    for service in here.services.values():
        service.stop()
