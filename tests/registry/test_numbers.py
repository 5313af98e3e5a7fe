"""The decision on numbers without gaps holds on a real database, whoever files at once and however it ends."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from uuid import uuid4

import pymongo
import pytest

from infra.docs.__main__ import ROOT
from infra.drive.people import people
from infra.local.servers import Servers
from services.registry.certificates.storage import certificate_store
from services.registry.filings.handlers import Filings
from services.registry.filings.storage import filing_store, number_format
from services.registry.organisations.handlers import Organisations
from services.registry.organisations.storage import organisation_store
from services.registry.standings.handlers import Standings
from services.registry.standings.storage import standing_store
from shared.act import Act
from shared.clock import FrozenClock
from shared.events.assessment import FinalResult, ResultsFinalised
from shared.events.registry import PlanFiled, Scope
from shared.privacy import Sealer
from shared.storage.mongo import Database
from tests.live import INDEX_KEY, SEAL_KEYS

pytestmark = pytest.mark.live

DATA = ROOT / "services/registry/data"
NOW = datetime(2019, 10, 23, 2, 0, tzinfo=UTC)
UNIT = "unit-33-001"
SEALER = Sealer(SEAL_KEYS, INDEX_KEY)


@pytest.fixture
async def rooms(servers: Servers) -> AsyncIterator[list[Filings]]:
    """The certificates room as four processes have it, over one database in which the unit is authorised."""
    with pymongo.MongoClient[dict[str, object]](servers.admin_mongo_url) as client:
        client.drop_database("registry")
    databases = [Database(servers.mongo_url("registry"), "registry") for _ in range(4)]
    made = [await room(database) for database in databases]
    yield made
    for database in databases:
        await database.close()


async def room(database: Database) -> Filings:
    clock = FrozenClock(NOW)
    organisations = Organisations(organisation_store(database), DATA / "organisations.json", clock)
    filings, certificates = filing_store(database), certificate_store(database)
    standings = Standings(standing_store(database), organisations.organisations)
    for store in (organisations.organisations, standings.standings, filings, certificates):
        await store.prepare()
    await organisations.load()
    plan = PlanFiled(
        plan="plan-1",
        unit=UNIT,
        scopes=(Scope(occupation="mason", levels=("5",)),),
        valid_from=date(2019, 9, 1),
        valid_until=date(2020, 8, 31),
    )
    await standings.authorise(act("plan-1"), plan, "33", NOW)
    format_ = number_format(DATA / "numbers.json")
    return Filings(certificates, filings, organisations.organisations, standings.standings, format_, SEALER, clock)


def act(identity: str) -> Act:
    return Act(id=identity, at=NOW, correlation=identity)


def chunk(seed: int, size: int) -> ResultsFinalised:
    """A chunk of results of people nobody else has."""
    results = []
    for person in islice(people(seed), size):
        entry = f"entry-{uuid4().hex}"
        sealed = SEALER.seal(json.dumps(person.row()), bound_to=entry)
        results.append(FinalResult(entry=entry, holder="李*", person=sealed, theory=80, practical=80))
    return ResultsFinalised(
        batch=f"batch-{seed}", unit=UNIT, occupation="mason", level="5", standard="mason-2019p",
        exam_on=date(2019, 10, 12), closed_at=NOW, chunk=1, chunks=1, results=tuple(results),
    )  # fmt: skip


async def numbers(certificates: Filings) -> dict[str, str]:
    """The number of each entry that has a certificate."""
    return {row.id: row.number for row in await certificates.certificates.find({})}


async def serials(certificates: Filings) -> list[int]:
    """The serials of all certificates, in order."""
    return sorted(int(number[-5:]) for number in (await numbers(certificates)).values())


async def file(rooms: Sequence[Filings], chunks: Sequence[ResultsFinalised]) -> None:
    """Every chunk in every process at the same moment, as when each message came several times."""
    said = [(one, place, results) for one in rooms for place, results in enumerate(chunks)]
    await asyncio.gather(*(one.file(act(f"event-{place}"), f"chunk-{place}", results) for one, place, results in said))


async def test_filings_at_the_same_moment_number_their_series_without_gap_or_repeat(rooms: list[Filings]) -> None:
    chunks = [chunk(seed, size=5 + seed) for seed in range(8)]
    await file(rooms, chunks)
    assert await serials(rooms[0]) == list(range(1, sum(len(one.results) for one in chunks) + 1))


async def test_a_chunk_that_comes_again_keeps_its_numbers_and_completes_what_is_missing(
    rooms: list[Filings],
) -> None:
    chunks = [chunk(seed, size=20) for seed in range(3)]
    await file(rooms[:1], chunks)
    before = await numbers(rooms[0])
    cut_off = [entry for place, entry in enumerate(before) if place % 2]
    await rooms[0].certificates.collection.delete({"_id": {"$in": cut_off}})  # a crash in the midst of the bulk
    assert len(await numbers(rooms[0])) == 30

    await file(rooms[1:], chunks)
    assert await numbers(rooms[1]) == before
    assert await serials(rooms[1]) == list(range(1, 61))


async def test_a_crash_at_any_moment_leaves_no_gap_behind_the_repeat(rooms: list[Filings]) -> None:
    chunks = [chunk(seed, size=20) for seed in range(6)]
    filing = [
        asyncio.create_task(one.file(act(f"event-{at}"), f"chunk-{at}", chunks[at])) for at, one in enumerate(rooms)
    ]
    await asyncio.wait(filing, return_when=asyncio.FIRST_COMPLETED)
    for task in filing:
        task.cancel()
    await asyncio.gather(*filing, return_exceptions=True)
    before = await numbers(rooms[0])

    await file(rooms[:2], chunks)
    assert before.items() <= (await numbers(rooms[0])).items()
    assert await serials(rooms[0]) == list(range(1, 121))
