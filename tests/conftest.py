"""The real servers and the issuer every live test shares: started once, when the first test asks for them."""

from collections.abc import Iterator

import pytest

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from infra.local.servers import servers as local_servers


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    with local_servers() as running:
        yield running


@pytest.fixture(scope="session")
def issuer() -> Iterator[Issuer]:
    with Issuer().serve() as serving:
        yield serving
