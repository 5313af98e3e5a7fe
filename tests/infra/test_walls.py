"""The walls between services: each one's users reach what is theirs and nothing of another's."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage
from aiormq.exceptions import ChannelAccessRefused, DeliveryError
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from infra.broker import SERVICES
from infra.local.install import ServersUnavailable
from infra.local.rabbitmq import require_broker
from infra.local.servers import Servers
from shared.messaging.topology import EVENTS, speaking

pytestmark = pytest.mark.live

PAIRS = [(service, other) for service in SERVICES for other in SERVICES if service != other]
UNAUTHORIZED = 13

Client = MongoClient[dict[str, Any]]


@pytest.fixture(scope="module")
async def walls(servers: Servers) -> AsyncIterator[Servers]:
    """Every service has declared a queue with its dead-letter exchange, as itself."""
    if not servers.isolated:
        pytest.skip("the servers given by AMQP_URL or MONGO_URL have no user per service")
    for service in SERVICES:
        async with connected(servers.amqp_url(service)) as connection:
            await declare(await connection.channel(), service)
    yield servers
    async with connected(servers.admin_amqp_url) as connection:
        channel = await connection.channel()
        for service in SERVICES:
            await channel.queue_delete(f"{service}.walls")
            await channel.exchange_delete(f"{service}.walls-requeue")


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[AbstractConnection]:
    async with await aio_pika.connect(url, timeout=10) as connection:
        yield connection


async def declare(channel: AbstractChannel, service: str) -> None:
    await channel.declare_exchange(f"{service}.walls-requeue", durable=True)
    queue = await channel.declare_queue(
        f"{service}.walls",
        durable=True,
        arguments={"x-queue-type": "quorum", "x-dead-letter-exchange": f"{service}.walls-requeue"},
    )
    await queue.bind(EVENTS, "*.walls.tested.v1")


async def publish(channel: AbstractChannel, exchange: str, key: str) -> None:
    target = await channel.get_exchange(exchange, ensure=False)
    await target.publish(aio_pika.Message(b"{}"), key)


async def bind(channel: AbstractChannel, queue: str, exchange: str) -> None:
    await (await channel.get_queue(queue, ensure=False)).bind(exchange, "#")


async def bind_exchange(channel: AbstractChannel, source: str, destination: str) -> None:
    await (await channel.get_exchange(destination, ensure=False)).bind(source, "#")


async def unbind(channel: AbstractChannel, queue: str, exchange: str) -> None:
    await (await channel.get_queue(queue, ensure=False)).unbind(exchange, "*.walls.tested.v1")


async def ignore(_: AbstractIncomingMessage) -> None:
    """Take the message and do nothing with it."""


async def consume(channel: AbstractChannel, queue: str) -> None:
    await (await channel.get_queue(queue, ensure=False)).consume(ignore)


async def get(channel: AbstractChannel, queue: str) -> None:
    await (await channel.get_queue(queue, ensure=False)).get(fail=False)


async def purge(channel: AbstractChannel, queue: str) -> None:
    await (await channel.get_queue(queue, ensure=False)).purge()


async def dead_letter_into(channel: AbstractChannel, service: str, exchange: str) -> None:
    await channel.declare_queue(f"{service}.stray", arguments={"x-dead-letter-exchange": exchange})


BrokerAct = Callable[[AbstractChannel, str, str], Awaitable[Any]]
BROKER_ACTS: dict[str, BrokerAct] = {
    "says an event past its own exchange": lambda c, me, _: publish(c, EVENTS, f"{me}.walls.tested.v1"),
    "says another's event": lambda c, _, other: publish(c, speaking(other), f"{other}.walls.tested.v1"),
    "binds its exchange to the events": lambda c, me, _: bind_exchange(c, f"{me}.walls-requeue", EVENTS),
    "binds another's exchange": lambda c, me, other: bind_exchange(c, f"{me}.walls-requeue", speaking(other)),
    "dead-letters into the events": lambda c, me, _: dead_letter_into(c, me, EVENTS),
    "publishes into another's queue": lambda c, _, other: publish(c, "", f"{other}.walls"),
    "publishes to another's exchange": lambda c, _, other: publish(c, f"{other}.walls-requeue", "any"),
    "declares another's queue": lambda c, _, other: c.declare_queue(f"{other}.new"),
    "declares another's exchange": lambda c, _, other: c.declare_exchange(f"{other}.new"),
    "deletes another's queue": lambda c, _, other: c.queue_delete(f"{other}.walls"),
    "deletes another's exchange": lambda c, _, other: c.exchange_delete(f"{other}.walls-requeue"),
    "binds another's queue": lambda c, _, other: bind(c, f"{other}.walls", EVENTS),
    "unbinds another's queue": lambda c, _, other: unbind(c, f"{other}.walls", EVENTS),
    "binds its queue to another's exchange": lambda c, me, other: bind(c, f"{me}.walls", f"{other}.walls-requeue"),
    "dead-letters into another's exchange": lambda c, me, other: dead_letter_into(c, me, f"{other}.walls-requeue"),
    "consumes another's queue": lambda c, _, other: consume(c, f"{other}.walls"),
    "gets from another's queue": lambda c, _, other: get(c, f"{other}.walls"),
    "purges another's queue": lambda c, _, other: purge(c, f"{other}.walls"),
    "deletes the events exchange": lambda c, _, __: c.exchange_delete(EVENTS),
    "declares the events exchange": lambda c, _, __: c.declare_exchange(EVENTS, "topic", durable=True),
    "declares a queue of no service": lambda c, _, __: c.declare_queue("inbox"),
    "declares a queue without a name": lambda c, _, __: c.declare_queue(),
}


@pytest.mark.parametrize(("service", "other"), PAIRS)
async def test_a_broker_user_reaches_nothing_of_anothers(walls: Servers, service: str, other: str) -> None:
    allowed = []
    async with connected(walls.amqp_url(service)) as connection:
        for name, act in BROKER_ACTS.items():
            channel = await connection.channel()
            try:
                await act(channel, service, other)
                allowed.append(name)
            except ChannelAccessRefused:
                continue
    assert allowed == []


async def test_a_service_says_its_own_events_and_hears_everybodys(walls: Servers) -> None:
    for speaker, hearer in PAIRS:
        key = f"{speaker}.walls.tested.v1"
        async with connected(walls.amqp_url(speaker)) as connection:
            await publish(await connection.channel(), speaking(speaker), key)
        async with connected(walls.amqp_url(hearer)) as connection:
            queue = await (await connection.channel()).get_queue(f"{hearer}.walls", ensure=False)
            heard = [await queue.get(no_ack=True)]
            while heard[-1].routing_key != key:
                heard.append(await queue.get(no_ack=True))


async def test_anothers_event_said_to_its_own_exchange_reaches_nobody(walls: Servers) -> None:
    for speaker, other in PAIRS:
        async with connected(walls.amqp_url(speaker)) as connection:
            channel = await connection.channel(on_return_raises=True)
            with pytest.raises(DeliveryError):
                await publish(channel, speaking(speaker), f"{other}.walls.tested.v1")


def test_a_broker_user_without_its_password_is_refused(walls: Servers) -> None:
    wrong = walls.amqp_url("registry").replace("amqp://registry:", "amqp://registry:not-")
    default = "amqp://guest:guest@" + wrong.rpartition("@")[2]
    for url in (wrong, default):
        with pytest.raises(ServersUnavailable, match="Login was refused"):
            require_broker(url)


DatabaseAct = Callable[[Client, str, str], Any]
DATABASE_ACTS: dict[str, DatabaseAct] = {
    "reads another's": lambda c, _, other: c[other].things.find_one(),
    "writes to another's": lambda c, _, other: c[other].things.insert_one({}),
    "counts in another's": lambda c, _, other: c[other].things.estimated_document_count(),
    "lists another's collections": lambda c, _, other: c[other].list_collection_names(),
    "watches another's": lambda c, _, other: c[other].watch(max_await_time_ms=1),
    "drops another's": lambda c, _, other: c.drop_database(other),
    "copies into another's": lambda c, me, other: c[me].things.aggregate([{"$out": {"db": other, "coll": "things"}}]),
    "looks into everybody's writes": lambda c, _, __: c.local["oplog.rs"].find_one(),
    "reads the users": lambda c, _, __: c.admin["system.users"].find_one(),
    "creates a user": lambda c, me, other: c[me].command(
        "createUser", "stray", pwd="x", roles=[{"role": "readWrite", "db": other}]
    ),
    "takes another's rights": lambda c, me, other: c[me].command(
        "grantRolesToUser", me, roles=[{"role": "readWrite", "db": other}]
    ),
    "renames into another's": lambda c, me, other: c.admin.command(
        "renameCollection", f"{me}.things", to=f"{other}.things"
    ),
    "stops the server": lambda c, _, __: c.admin.command("shutdown"),
}


@pytest.mark.parametrize(("service", "other"), PAIRS)
def test_a_database_user_reaches_nothing_of_anothers(walls: Servers, service: str, other: str) -> None:
    answers: dict[str, Any] = {}
    with Client(walls.mongo_url(service), serverSelectionTimeoutMS=5000) as client:
        for name, act in DATABASE_ACTS.items():
            try:
                answers[name] = act(client, service, other)
            except OperationFailure as refused:
                answers[name] = refused.code
    assert answers == dict.fromkeys(DATABASE_ACTS, UNAUTHORIZED)


@pytest.mark.parametrize("service", SERVICES)
def test_a_database_user_sees_its_own_database_only(walls: Servers, service: str) -> None:
    with Client(walls.admin_mongo_url) as admin, Client(walls.mongo_url(service)) as client:
        for name in SERVICES:
            admin[name].walls.insert_one({"of": name})
        assert client.list_database_names() == [service]
        found = client[service].walls.find_one()
        assert found is not None
        assert found["of"] == service
        for name in SERVICES:
            admin[name].walls.drop()


def test_a_database_user_without_its_password_is_refused(walls: Servers) -> None:
    right = walls.mongo_url("registry")
    wrong = right.replace("mongodb://registry:", "mongodb://registry:not-")
    nobody = "mongodb://" + right.rpartition("@")[2].replace("authSource=registry&", "")
    for url in (wrong, nobody):
        with Client(url) as client, pytest.raises(OperationFailure):
            client.registry.things.find_one()
