"""The real issuer over HTTP, and a verifier that asks it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from infra.local.issuer import Issuer
from shared.auth import Verifier
from tests.shared.auth.doubles import Ticks


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    with issuer.serve():
        yield issuer


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
async def verifier(issuer: Issuer, ticks: Ticks) -> AsyncIterator[Verifier]:
    verifier = Verifier(jwks_url=issuer.url, issuer="skillcert", audience="skillcert", ticks=ticks)
    yield verifier
    await verifier.aclose()
