"""A private RabbitMQ on loopback ports, with one user per service."""

import asyncio
import json
import secrets
import signal
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import aio_pika
from aio_pika.exceptions import AMQPError

from infra.broker import ADMIN, SERVICES, definitions
from infra.local import install
from infra.local.folders import private_environment, write_private
from infra.local.leash import Leashed
from infra.local.ports import LOOPBACK, free_ports, listens
from infra.local.readiness import await_ready
from shared.messaging.topology import EVENTS, speaking

STOP_GRACE = 10.0  # seconds
PROBE_TIMEOUT = 5.0

# RabbitMQ's own arguments bind schedulers to cores and let them sleep at once. On a machine with few cores
# that others use too, it then boots two to three times slower; these are Erlang's defaults, capped.
ERLANG_ARGUMENTS = "+S 2:2 +SDio 4 +stbt u +sbwt short"


class Rabbit:
    """One broker with its data in `folder`; it keeps ports and data over `kill` and `start`.

    Every call blocks until what it says is true. `management` adds the management API, for a second more.
    """

    def __init__(self, folder: Path, passwords: Mapping[str, str], *, management: bool = False) -> None:
        self.folder = folder
        self._passwords = passwords
        self._management = management
        self._port, self._epmd_port, self._distribution_port, self._management_port = free_ports(4)
        self._broker: Leashed | None = None
        self._epmd: Leashed | None = None

    def url(self, user: str) -> str:
        """The URL of a service's user, or the administrator's."""
        return f"amqp://{user}:{self._passwords[user]}@{LOOPBACK}:{self._port}/"

    @property
    def management_url(self) -> str:
        return f"http://{LOOPBACK}:{self._management_port}"

    @property
    def admin_management_url(self) -> str | None:
        """The management API with the administrator's password; None without `management`."""
        if not self._management:
            return None
        return f"http://{ADMIN}:{self._passwords[ADMIN]}@{LOOPBACK}:{self._management_port}"

    def launch(self) -> None:
        """Start the processes without waiting for the broker; `await_ready` follows."""
        program = install.rabbitmq_server()
        if not (self.folder / "rabbitmq.conf").exists():
            self._write_files()
        self._launch_epmd()
        self._broker = Leashed([program], self._environment(), self.folder / "broker.log")

    def _launch_epmd(self) -> None:
        # The broker would start Erlang's port mapper as a daemon and leave it behind. It finds this one.
        if self._epmd is not None and self._epmd.runs():
            return
        command: list[str | Path] = [install.epmd(), "-address", LOOPBACK, "-port", str(self._epmd_port)]
        self._epmd = Leashed(command, private_environment(self.folder), self.folder / "epmd.log")
        await_ready("epmd", self._epmd, lambda: listens(self._epmd_port))

    def _write_files(self) -> None:
        self.folder.mkdir(parents=True)
        told = write_private(self.folder / "definitions.json", json.dumps(definitions(self._passwords)))
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = {LOOPBACK}:{self._port}\n"
            f"load_definitions = {told}\n"
            + (f"management.tcp.ip = {LOOPBACK}\nmanagement.tcp.port = {self._management_port}\n" * self._management)
        )
        (self.folder / "enabled_plugins").write_text("[rabbitmq_management]." if self._management else "[].")
        (self.folder / "no-environment.conf").touch()
        write_private(self.folder / ".erlang.cookie", secrets.token_hex(32))

    def _environment(self) -> dict[str, str]:
        folder = self.folder
        return {
            **private_environment(folder),
            "RABBITMQ_NODENAME": "skillcert@localhost",
            "RABBITMQ_MNESIA_BASE": f"{folder}/mnesia",
            "RABBITMQ_LOG_BASE": f"{folder}/log",
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
            "RABBITMQ_CONF_ENV_FILE": f"{folder}/no-environment.conf",  # not the machine's own
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/enabled_plugins",
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_SERVER_ERL_ARGS": ERLANG_ARGUMENTS,
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": LOOPBACK,
            # For every Erlang it starts, the short-lived ones included.
            "ERL_AFLAGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            # The start script then becomes the broker (exec) in place of standing between it and its signals.
            "RUNNING_UNDER_SYSTEMD": "true",
        }

    def await_ready(self) -> None:
        """Wait until a client can log in, find the events exchange and declare a queue."""
        assert self._broker is not None
        await_ready("RabbitMQ", self._broker, lambda: listens(self._port) and self._works())

    def _works(self) -> bool:
        try:
            _run_apart(_use_once(self.url(ADMIN)))
        except (AMQPError, OSError, asyncio.CancelledError):  # the last: the connection ended during a call
            return False
        return True

    def start(self) -> None:
        self.launch()
        self.await_ready()

    def restart(self) -> None:
        if self._broker is not None:
            self._broker.stop(STOP_GRACE)
        self.start()

    def stop(self) -> None:
        for process in (self._broker, self._epmd):
            if process is not None:
                process.stop(STOP_GRACE)

    def kill(self) -> None:
        """End the broker as a power cut would."""
        if self._broker is not None:
            self._broker.kill()

    def freeze(self) -> None:
        """Halt it as a stalled machine would: connections stay open and nothing answers."""
        if self._broker is not None:
            self._broker.halt()

    def thaw(self) -> None:
        if self._broker is not None:
            self._broker.send(signal.SIGCONT)


async def _use_once(url: str) -> None:
    """Do once what a service needs of a broker; raises what aio-pika raises."""
    async with asyncio.timeout(PROBE_TIMEOUT), await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        await channel.get_exchange(EVENTS, ensure=True)
        await channel.declare_queue(f"{ADMIN}.ready", exclusive=True)


def require_broker(url: str) -> None:
    """Declare the events exchanges on the broker given by AMQP_URL; ServersUnavailable where that is refused."""
    try:
        _run_apart(_declare_exchanges(url))
    except (AMQPError, OSError) as refused:
        raise install.ServersUnavailable(f"The RabbitMQ given by AMQP_URL cannot be used: {refused}") from refused


async def _declare_exchanges(url: str) -> None:
    async with asyncio.timeout(PROBE_TIMEOUT), await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        events = await channel.declare_exchange(EVENTS, aio_pika.ExchangeType.TOPIC, durable=True)
        for name in SERVICES:
            own = await channel.declare_exchange(speaking(name), aio_pika.ExchangeType.TOPIC, durable=True)
            await events.bind(own, f"{name}.#")


def _run_apart(work: Coroutine[Any, Any, None]) -> None:
    # In a thread and loop of its own: whoever starts a server may be inside a running loop.
    with ThreadPoolExecutor(1) as apart:
        apart.submit(asyncio.run, work).result()
