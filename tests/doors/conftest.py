"""The registry, served for the tests of one file."""

from collections.abc import AsyncIterator

import pytest

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from tests.doors.plans import TODAY, framed
from tests.live import Running, running


@pytest.fixture(scope="module")
async def registry(
    servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    async with running("registry", servers, issuer, tmp_path_factory.mktemp("registry")) as service:
        service.set_time(TODAY)
        await framed(service, "33", "66", "44")
        yield service
