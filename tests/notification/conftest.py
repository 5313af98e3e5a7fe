"""A running notification service and a receiver of webhooks, for the live tests of each module."""

import os
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from infra.local.servers import servers as local_servers
from tests.live import Running, running
from tests.notification.receiver import Receiver, receiver


@pytest.fixture(scope="module")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("notification", servers, issuer, tmp_path_factory.mktemp("notification")) as live:
        yield live


@pytest.fixture(scope="module")
async def hooks() -> AsyncIterator[Receiver]:
    async with receiver() as answering:
        yield answering


@pytest.fixture(scope="module")
def managed() -> Iterator[Servers]:
    """Servers of a module's own, whose broker lets readers in."""
    if os.environ.get("AMQP_URL") or os.environ.get("MONGO_URL"):
        pytest.skip("AMQP_URL or MONGO_URL is given")
    with local_servers(management=True) as running:
        yield running
        assert running.rabbitmq is not None
        running.rabbitmq.kill()  # its management plugin would take five seconds to stop


@pytest.fixture
def path() -> str:
    """An endpoint of this test's own."""
    return f"/{uuid4().hex}"
