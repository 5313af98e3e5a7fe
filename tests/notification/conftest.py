"""A running notification service and a receiver of webhooks, for the live tests of each module."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from infra.local.issuer import Issuer
from infra.local.servers import Servers
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


@pytest.fixture
def path() -> str:
    """An endpoint of this test's own."""
    return f"/{uuid4().hex}"
