"""A lease is held by one process at a time, through both drivers."""

import asyncio
from uuid import uuid4

import pytest

from shared.storage.leases import Lease
from shared.storage.mongo import Database
from tests.live import eventually

pytestmark = pytest.mark.live


@pytest.fixture
def name() -> str:
    return f"work-{uuid4().hex[:8]}"


async def test_a_lease_is_renewed_by_its_holder_and_refused_to_others(either_database: Database, name: str) -> None:
    mine, others = (Lease(either_database, name, holder=holder) for holder in ("me", "another"))
    assert await mine.take()
    assert not await others.take()
    assert await mine.take()


async def test_a_lease_that_is_not_renewed_passes_on(either_database: Database, name: str) -> None:
    assert await Lease(either_database, name, seconds=0.1, holder="dead").take()
    heir, rival = (Lease(either_database, name, holder=holder) for holder in ("heir", "rival"))
    await eventually(heir.take)
    assert not await rival.take()


async def test_a_lease_given_back_is_free_at_once(either_database: Database, name: str) -> None:
    mine, others = (Lease(either_database, name, holder=holder) for holder in ("me", "another"))
    assert await mine.take()
    await others.release()
    assert not await others.take()
    await mine.release()
    assert await others.take()


async def test_a_lease_that_is_kept_up_outlasts_its_length_and_is_given_back(
    either_database: Database, name: str
) -> None:
    mine, others = (Lease(either_database, name, seconds=0.3, holder=holder) for holder in ("me", "another"))
    assert await mine.take()
    async with mine.kept_up():
        end = asyncio.get_running_loop().time() + 0.9
        while asyncio.get_running_loop().time() < end:
            assert not await others.take()
    assert await others.take()
