"""The figures of imports: rows enrolled from a file per second, against bare bulk inserts, and the memory it takes."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

import httpx
import pymongo
from pymongo import WriteConcern

from infra.bench.lookup import peak_of
from infra.bench.registering import registering
from infra.drive.caller import Caller
from infra.drive.people import people
from infra.drive.spine import until
from infra.local.stack import Stack, stack
from shared.storage.mongo import Document

FEW, MANY = 10_000, 100_000
ROUNDS = 3
RUN = 500  # documents in one bare insert: as many as an import writes at once
WARM = 1_000
WITHIN = 300.0
HEADER = "name,id_number,employer\r\n"


@dataclass(frozen=True)
class Round:
    """Rows a second, of an import and of bare inserts of the very documents it made; its memory in KiB."""

    ours: float
    raw: float
    peak: int


def measure(few: int = FEW, many: int = MANY) -> dict[str, Any]:
    """A small file, then rounds of big ones, each with bare inserts beside it on the same mongod."""
    with stack(only=("assessment",)) as running:
        small, rounds = asyncio.run(_rounds(running, few, many))
    return figures(small, rounds, few, many)


def figures(small: Round, rounds: list[Round], few: int, many: int) -> dict[str, Any]:
    """The ratios, and the rates they are made of."""
    return {
        "import.of_limit": round(median(row.ours / row.raw for row in rounds), 3),
        "import.memory_growth": round(max(row.peak for row in rounds) / small.peak, 3),
        "import.per_s": round(median(row.ours for row in rounds)),
        "import.raw_per_s": round(median(row.raw for row in rounds)),
        "import.peak_mib": round(max(row.peak for row in rounds) / 1024),
        "import.rounds": len(rounds),
        "import.rows": [few, many],
    }


async def _rounds(running: Stack, few: int, many: int) -> tuple[Round, list[Round]]:
    async with httpx.AsyncClient() as http:
        unit = Caller(running, http, "unit", "unit-33-bench", "33")
        crowd = ((person.name, person.id_number) for person in people(seed=1))
        await _round(running, unit, crowd, WARM)  # what is loaded once is no part of either size
        small = await _round(running, unit, crowd, few)
        return small, [await _round(running, unit, crowd, many) for _ in range(ROUNDS)]


async def _round(running: Stack, unit: Caller, crowd: Iterator[tuple[str, str]], count: int) -> Round:
    today = date.today()  # noqa: DTZ011 - the business clock is not moved here
    batch = await registering(running, unit, today, count)
    rows = "".join(
        f"{name},{number},示例建筑工程有限公司\r\n" for (name, number), _ in zip(crowd, range(count), strict=False)
    )
    process = running.services["assessment"].process
    assert process is not None
    place = Path(f"/proc/{process.pid}")
    place.joinpath("clear_refs").write_text("5", encoding="ascii")  # the peak is counted from now on
    started = time.perf_counter()
    await _imported(running, unit, batch, (HEADER + rows).encode(), count)
    ours = count / (time.perf_counter() - started)
    peak = peak_of(place.joinpath("status").read_text(encoding="ascii"))
    return Round(ours, await asyncio.to_thread(_raw, running, batch, count), peak)


async def _imported(running: Stack, unit: Caller, batch: str, file: bytes, count: int) -> None:
    token = running.issuer.token(unit.role, unit.organisation, unit.authority)
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex, "Content-Type": "text/csv"}
    url = f"{running.url('assessment')}/v1/batches/{batch}/imports?kind=entries"
    answer = await unit.http.post(url, content=file, headers=headers, timeout=WITHIN)
    answer.raise_for_status()

    async def done() -> dict[str, Any] | None:
        found: dict[str, Any] = await unit.get("assessment", f"/v1/imports/{answer.json()['id']}")
        assert found["state"] != "failed", found
        return found if found["state"] == "done" else None

    found = await until(done, "the last row", within=WITHIN)
    assert found["accepted"] == count, found


def _raw(running: Stack, batch: str, count: int) -> float:
    """Insert one of the documents of the batch as often, under other ids, into a collection of its own."""
    client: pymongo.MongoClient[Document]
    with pymongo.MongoClient(running.servers.admin_mongo_url) as client:
        model = client["assessment"]["entries"].find_one({"batch": batch})
        assert model is not None
        bare = client["bench"].get_collection("entries", write_concern=WriteConcern("majority"))
        took = 0.0
        for start in range(0, count, RUN):
            documents = [{**model, "_id": uuid4().hex} for _ in range(start, min(start + RUN, count))]
            begun = time.perf_counter()
            bare.insert_many(documents, ordered=False)
            took += time.perf_counter() - begun
        client.drop_database("bench")
    return count / took
