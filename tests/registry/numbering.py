"""Filing as one process does it, on a real database: the rooms, the chunks, and a worker that may be killed."""

import asyncio
import json
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import cycle, islice
from typing import Any
from uuid import uuid4

from infra.docs.__main__ import ROOT
from infra.drive.people import people
from services.registry.certificates.storage import certificate_store, number_formats
from services.registry.filings.handlers import Filings
from services.registry.filings.storage import filing_store
from services.registry.organisations.handlers import Organisations
from services.registry.organisations.storage import organisation_store
from services.registry.programmes.handlers import Programmes
from services.registry.programmes.storage import current_in, programme_store
from shared.act import Act
from shared.clock import FrozenClock
from shared.events.assessment import FinalResult, ResultsFinalised
from shared.events.registry import PlanFiled, Scope
from shared.privacy import Sealer
from shared.storage.mongo import Database
from tests.live import INDEX_KEY, SEAL_KEYS

DATA = ROOT / "services/registry/data"
NOW = datetime(2019, 10, 23, 2, 0, tzinfo=UTC)
UNIT = "unit-33-001"
SEALER = Sealer(SEAL_KEYS, INDEX_KEY)


def rooms_of(database: Database) -> tuple[Filings, Organisations, Programmes]:
    """The filings room and those it asks, over one database."""
    clock = FrozenClock(NOW)
    organisations = Organisations(organisation_store(database), DATA / "organisations.json", clock)
    file = DATA / "programmes.json"
    programmes = Programmes(programme_store(database), file, current_in(file), clock)
    filings = Filings(
        certificate_store(database),
        filing_store(database),
        organisations.organisations,
        programmes.regime_on,
        number_formats(DATA / "numbers.json"),
        SEALER,
        clock,
    )
    return filings, organisations, programmes


async def prepared(database: Database) -> Filings:
    """The filings room over a database in which the unit is authorised."""
    filings, organisations, programmes = rooms_of(database)
    for store in (organisations.organisations, programmes.programmes, filings.filings, filings.certificates):
        await store.prepare()
    await organisations.load()
    await programmes.load()
    plan = PlanFiled(
        plan="plan-1",
        unit=UNIT,
        scopes=(Scope(occupation="mason", levels=("5",)),),
        valid_from=date(2019, 9, 1),
        valid_until=date(2020, 8, 31),
    )
    await organisations.authorise(act("plan-1"), plan)
    return filings


def act(identity: str) -> Act:
    return Act(id=identity, at=NOW, correlation=identity)


def chunk(seed: int, size: int, **changes: Any) -> ResultsFinalised:
    """A chunk of results of people nobody else has; the same seed gives the same people."""
    results = []
    for person in islice(people(seed), size):
        entry = f"entry-{uuid4().hex}"
        sealed = SEALER.seal(json.dumps(person.row()), bound_to=entry)
        results.append(FinalResult(entry=entry, holder="李*", person=sealed, theory=80, practical=80))
    content = {
        "batch": f"batch-{seed}", "unit": UNIT, "occupation": "mason", "level": "5", "standard": "mason-2019p",
        "exam_on": date(2019, 10, 12), "closed_at": NOW, "chunk": 1, "chunks": 1, "results": tuple(results),
    }  # fmt: skip
    return ResultsFinalised.model_validate({**content, **changes})


async def file(rooms: Sequence[Filings], chunks: Sequence[ResultsFinalised]) -> None:
    """Every chunk in every process at the same moment, as when each message came several times."""
    said = [(one, place, results) for one in rooms for place, results in enumerate(chunks)]
    await asyncio.gather(
        *(one.file(act(f"event-{place}"), f"chunk-{place}", results, "33") for one, place, results in said)
    )


def work(url: str, chunks: Sequence[str], seed: int, ever: bool) -> None:
    """What a process does: every chunk, delivered in an order of its own, once or until it is killed."""
    asyncio.run(_work(url, [ResultsFinalised.model_validate_json(text) for text in chunks], seed, ever))


async def _work(url: str, chunks: Sequence[ResultsFinalised], seed: int, ever: bool) -> None:
    database = Database(url, "registry")
    filings, _, _ = rooms_of(database)
    order = list(enumerate(chunks))
    random.Random(seed).shuffle(order)  # noqa: S311 - an order, no secret
    for place, said in cycle(order) if ever else order:
        await filings.file(act(f"event-{place}"), f"chunk-{place}", said, "33")
    await database.close()
