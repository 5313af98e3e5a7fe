"""Certificates by the million, put straight into the registry's database as its own store writes them."""

import asyncio
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pymongo
from rich.progress import track

from infra.drive.world import DATA, occupation_names, pilot_units
from infra.local.servers import Servers
from services.registry.certificates.domain import Certificate, Status
from services.registry.certificates.storage import certificate_store, number_formats
from shared.act import Act
from shared.storage.mongo import Database, Document
from shared.storage.store import Store

RUN = 5_000  # documents in one insert
WRITERS = 2
FIRST_DAY = date(2019, 9, 1)
DAYS = 1_000
SCRATCH = "bench"
PENDING = "pending"  # the index by which the relay looks for what is left to say; nothing is, and it stays
SAMPLE = 50_000  # numbers that are asked for, at random among all


def sample(servers: Servers, file: Path, *, seed: int = 1) -> Path:
    """Write numbers drawn at random among all certificates to a file, one a line."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    with _certificates(servers) as rows:
        count = rows.estimated_document_count()
    places = [draw.randrange(count) for _ in range(min(SAMPLE, count))]
    file.write_text("\n".join(map(number_at, places)) + "\n", encoding="ascii")
    return file


def fill(servers: Servers, up_to: int) -> None:
    """Add certificates until there are `up_to`; those of the same place have the same number in every run."""
    model = asyncio.run(_model(servers))
    with _certificates(servers) as rows, _indexed_afterwards(rows), ThreadPoolExecutor(WRITERS) as writers:
        starts = range(rows.estimated_document_count(), up_to, RUN)

        def insert(start: int) -> None:
            documents = copies(model, start, min(start + RUN, up_to))
            rows.insert_many(list(documents), ordered=False)

        for _ in track(writers.map(insert, starts), f"storing {up_to:,} certificates", total=len(starts)):
            pass


def copies(model: Document, start: int, end: int) -> Iterator[Document]:
    """The certificates of these places: the model with another person, number, unit, occupation and day."""
    units, occupations = pilot_units(), list(occupation_names())
    for place in range(start, end):
        unit = units[place % len(units)]
        day = FIRST_DAY + timedelta(days=place % DAYS)
        yield {
            **model,
            "_id": uuid4().hex,
            "number": number_at(place),
            "person_index": uuid4().hex * 2,
            "unit": unit.id,
            "authority": unit.authority,
            "occupation": occupations[place % len(occupations)],
            "exam_on": day.isoformat(),
            "filed_on": day.isoformat(),
        }


def number_at(place: int) -> str:
    """The number of the certificate at a place, counted from 0: series of 99,999, one body after the other."""
    body, serial = divmod(place, _FORMAT.last)
    return _FORMAT.number(FIRST_DAY.year, f"9900{2001 + body}", "5", serial + 1)


_FORMAT = number_formats(DATA / "numbers.json").of("appraisal")


async def _model(servers: Servers) -> Document:
    """One certificate as the store writes it and as it stands once announced."""
    database = Database(servers.admin_mongo_url, SCRATCH)
    store: Store[Certificate] = certificate_store(database)
    identity = uuid4().hex
    await store.add(_certificate(identity), [], Act(identity, datetime.now(UTC), identity))
    model = await store.collection.find_one({"_id": identity})
    assert model is not None
    await database.close()
    return model


def _certificate(identity: str) -> Certificate:
    return Certificate(
        id=identity,
        authority="33",
        number=number_at(0),
        regime="appraisal",
        series="99002001-2019-5",
        serial=1,
        filing=f"batch-{identity}.1",
        unit="unit-33-001",
        status=Status.VALID,
        occupation="rebar_worker",
        level="5",
        standard="rebar_worker-2019p",
        batch=f"batch-{identity}",
        holder="张*",
        person="v1:" + "s" * 140,
        person_index="i" * 64,
        theory=81.5,
        practical=77,
        exam_on=FIRST_DAY,
        filed_on=FIRST_DAY,
        filed_at=datetime.now(UTC),
    )


@contextmanager
def _indexed_afterwards(rows: Any) -> Iterator[None]:
    """Without indexes meanwhile: making each at the end, out of all rows, takes far less than row by row."""
    indexes = [dict(row) for row in rows.list_indexes() if row["name"] not in ("_id_", PENDING)]
    for row in indexes:
        rows.drop_index(row["name"])
    yield
    if indexes:
        rows.database.command("createIndexes", rows.name, indexes=indexes)


@contextmanager
def _certificates(servers: Servers) -> Iterator[Any]:
    client: pymongo.MongoClient[Document] = pymongo.MongoClient(servers.admin_mongo_url)
    try:
        yield client["registry"]["certificates"]
    finally:
        client.close()
