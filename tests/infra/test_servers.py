"""The local servers come up, survive what chaos tests do to them, and leave nothing behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aio_pika
import httpx
import pytest
from aio_pika.abc import AbstractChannel
from pymongo import MongoClient
from pymongo.errors import AutoReconnect, OperationFailure

from infra.broker import SERVICES
from infra.local.install import ServersUnavailable
from infra.local.ports import listens
from infra.local.rabbitmq import require_broker
from infra.local.servers import Servers
from infra.local.servers import servers as local_servers
from infra.order import ProvisionFailed, read_order
from infra.provision import provision
from shared.messaging.topology import EVENTS, speaking

pytestmark = pytest.mark.live

ROOT = Path(__file__).resolve().parents[2]

Client = MongoClient[dict[str, Any]]


@pytest.fixture(scope="module")
def own() -> Iterator[Servers]:
    """Servers of this module's own, to be ended and started without disturbing others."""
    if os.environ.get("AMQP_URL") or os.environ.get("MONGO_URL"):
        pytest.skip("AMQP_URL or MONGO_URL is given")
    with local_servers(management=True) as running:
        yield running
        assert running.rabbitmq is not None
        running.rabbitmq.kill()  # its management plugin would take five seconds to stop


@asynccontextmanager
async def channel_of(url: str) -> AsyncIterator[AbstractChannel]:
    async with await aio_pika.connect(url, timeout=2) as connection:
        yield await connection.channel()


def eventually(true: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


def is_on_disk(queue: str, own: Servers) -> bool:
    # RabbitMQ 3.10 writes a new quorum queue's name down half a second after saying that it is declared;
    # one that is killed before then has lost the queue for good.
    assert own.rabbitmq is not None
    written = own.rabbitmq.folder.glob("mnesia/*/quorum/*/names.dets")
    return any(queue.encode() in names.read_bytes() for names in written)


async def test_a_persistent_message_survives_the_brokers_power_cut(own: Servers) -> None:
    assert own.rabbitmq is not None
    async with channel_of(own.amqp_url("registry")) as channel:
        queue = await channel.declare_queue("registry.kept", durable=True, arguments={"x-queue-type": "quorum"})
        await queue.bind(EVENTS, "registry.#")
        exchange = await channel.get_exchange(speaking("registry"), ensure=False)
        message = aio_pika.Message(b"kept", delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await exchange.publish(message, "registry.thing.kept.v1")
    assert await asyncio.to_thread(eventually, lambda: is_on_disk("registry.kept", own))
    await asyncio.to_thread(own.rabbitmq.kill)
    assert not listens(urlsplit(own.admin_amqp_url).port or 0)
    await asyncio.to_thread(own.rabbitmq.start)
    async with channel_of(own.amqp_url("registry")) as channel:
        kept = await (await channel.get_queue("registry.kept")).get(no_ack=True)
        assert kept.body == b"kept"


def test_a_majority_write_survives_mongods_power_cut_and_a_restart(own: Servers) -> None:
    assert own.mongod is not None
    with Client(own.mongo_url("registry")) as client:
        client.registry.things.insert_one({"_id": "kept"})
        own.mongod.kill()
        assert not listens(urlsplit(own.mongo_url("registry")).port or 0)
        own.mongod.start()
        own.mongod.restart()
        assert client.registry.things.find_one() == {"_id": "kept"}


async def test_a_frozen_broker_stays_connected_and_answers_again_when_thawed(own: Servers) -> None:
    assert own.rabbitmq is not None
    async with channel_of(own.admin_amqp_url) as channel:
        own.rabbitmq.freeze()
        asked = asyncio.create_task(channel.declare_queue("registry.frozen", exclusive=True))
        answered, _ = await asyncio.wait({asked}, timeout=0.3)
        own.rabbitmq.thaw()
        assert not answered
        assert (await asked).name == "registry.frozen"


def test_a_frozen_mongod_answers_again_when_thawed(own: Servers) -> None:
    assert own.mongod is not None
    with Client(own.admin_mongo_url, socketTimeoutMS=3000, retryReads=False) as client:
        client.admin.command("ping")
        own.mongod.freeze()
        try:
            with pytest.raises(AutoReconnect):
                client.admin.command("ping")
        finally:
            own.mongod.thaw()
        client.admin.command("ping")


def test_only_who_asks_for_it_gets_the_brokers_management(own: Servers, servers: Servers) -> None:
    assert servers.management_url is None
    assert own.management_url is not None
    answer = httpx.get(f"{own.management_url}/api/whoami")
    assert answer.json()["name"] == "admin"


def environment_for(own: Servers, word: str) -> dict[str, str]:
    """The environment of `python -m infra.provision`, with passwords made from `word`."""
    assert own.rabbitmq is not None
    admin = urlsplit(own.admin_amqp_url)
    return {
        "RABBITMQ_MANAGEMENT_URL": own.rabbitmq.management_url,
        "RABBITMQ_ADMIN_USER": admin.username or "",
        "RABBITMQ_ADMIN_PASSWORD": admin.password or "",
        "MONGO_ADMIN_URL": own.admin_mongo_url,
        **{f"{name.upper()}_AMQP_PASSWORD": f"{word}-{name}" for name in SERVICES},
        **{f"{name.upper()}_MONGO_PASSWORD": f"{word}-{name}" for name in SERVICES},
    }


def with_password(url: str, password: str) -> str:
    return url.replace(urlsplit(url).password or "", password)


async def test_provisioning_again_brings_the_passwords_up_to_date(own: Servers) -> None:
    for word in ("first", "second", "second"):
        await asyncio.to_thread(provision, read_order(environment_for(own, word)))
    for name in SERVICES:
        async with channel_of(with_password(own.amqp_url(name), f"second-{name}")) as channel:
            await channel.declare_queue(f"{name}.new", exclusive=True)
        with Client(with_password(own.mongo_url(name), f"second-{name}")) as client:
            client[name].things.insert_one({})
        with Client(with_password(own.mongo_url(name), f"first-{name}")) as client, pytest.raises(OperationFailure):
            client[name].things.find_one()
        with pytest.raises(ServersUnavailable, match="Login was refused"):
            require_broker(with_password(own.amqp_url(name), f"first-{name}"))


@pytest.mark.parametrize("variable", ["RABBITMQ_ADMIN_PASSWORD", "MONGO_ADMIN_URL"])
def test_a_wrong_administrator_is_named_at_once(own: Servers, variable: str) -> None:
    environment = environment_for(own, "third")
    wrong = with_password(environment[variable], "wrong") if "://" in environment[variable] else "wrong"
    with pytest.raises(ProvisionFailed, match=variable):
        provision(read_order({**environment, variable: wrong}))


def test_a_folder_with_old_data_is_refused(tmp_path: Path) -> None:
    (tmp_path / "old").touch()
    with pytest.raises(ServersUnavailable, match="is not empty"), local_servers(tmp_path):
        pass


@pytest.mark.parametrize("variable", ["AMQP_URL", "MONGO_URL"])
def test_a_given_server_that_does_not_answer_is_named(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setattr("infra.local.mongod.ANSWER_TIMEOUT", 0.2)
    monkeypatch.setenv("AMQP_URL", servers.admin_amqp_url)
    monkeypatch.setenv("MONGO_URL", servers.admin_mongo_url)
    # Port 9 (discard) is below every port a server of ours is given.
    monkeypatch.setenv(variable, {"AMQP_URL": "amqp://127.0.0.1:9/", "MONGO_URL": "mongodb://127.0.0.1:9/"}[variable])
    with pytest.raises(ServersUnavailable, match=variable), local_servers():
        pass


@contextmanager
def owner(folder: Path, **given: str) -> Iterator[subprocess.Popen[str]]:
    """Another Python process that runs the servers with their data below `folder`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.local.servers"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder), **given},
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def urls_of(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    said: list[str] = []
    for line in process.stdout:
        said += line.split()
        if line.startswith("ready"):
            break
    return [word for word in said if "://" in word]


def processes_below(folder: Path) -> list[str]:
    """Every living process with that folder in its environment or on its command line."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
        except OSError:  # it has just ended
            continue
        if f"{folder}/skillcert-".encode() in told:
            found.append((process / "comm").read_text().strip())
    return sorted(found)


def test_a_killed_owner_leaves_no_process_and_no_port_and_its_folder_is_removed_later(
    servers: Servers, tmp_path: Path
) -> None:
    with owner(tmp_path, AMQP_URL="", MONGO_URL="") as process:
        ports = {urlsplit(url).port or 0 for url in urls_of(process)}
        assert {"beam.smp", "epmd", "mongod"} <= set(processes_below(tmp_path))
        assert all(listens(port) for port in ports)
        process.kill()
        process.wait()
        assert eventually(lambda: not processes_below(tmp_path))
        assert not [port for port in ports if listens(port)]
    (abandoned,) = tmp_path.iterdir()
    with owner(tmp_path, AMQP_URL=servers.admin_amqp_url, MONGO_URL="") as process:
        assert urls_of(process)
        assert not abandoned.exists()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_an_owner_that_is_told_to_end_cleans_up(servers: Servers, tmp_path: Path, signum: signal.Signals) -> None:
    with owner(tmp_path, AMQP_URL=servers.admin_amqp_url, MONGO_URL="") as process:
        urls = urls_of(process)
        assert servers.admin_amqp_url in urls
        assert "mongod" in processes_below(tmp_path)
        process.send_signal(signum)
        assert process.wait(timeout=15) in {0, 128 + signal.SIGTERM}
        assert not processes_below(tmp_path)
        assert not list(tmp_path.iterdir())
