"""A file of 100,000 rows while the process that goes through it is killed again and again, on the real servers."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import httpx
import pymongo
import pytest

from infra.bench.registering import registering
from infra.drive.caller import Caller, pages
from infra.drive.spine import until
from infra.local.stack import Stack, stack
from shared.privacy import Sealer
from tests.assessment.importing import COLUMNS, as_csv, candidate

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

ROWS, BAD = 100_000, 1_000
KILLS = 5
WITHIN = 120.0  # seconds until the last row


@dataclass(frozen=True)
class Made:
    """A file, the report it has to get, and the ID numbers of those who have to be entered."""

    file: bytes
    report: Mapping[int, tuple[str, str]]
    good: list[str]


def made(seed: int) -> Made:
    """Rows of which a hundredth is bad in one of six ways, each at a random place."""
    chance = random.Random(seed)  # noqa: S311 - repeatable
    bad = set(chance.sample(range(1, ROWS), BAD))
    rows, report, good = [], dict[int, tuple[str, str]](), list[str]()
    line, last = 2, candidate(0)
    for number in range(ROWS):
        row = candidate(number)
        if number in bad:
            row, field, rule = spoilt(row, last, number)
            report[line] = field, rule
        else:
            last = row
            good.append(row["id_number"])
        rows.append(row)
        line += 1 + row["employer"].count("\n")
    return Made(as_csv(rows, COLUMNS), report, good)


def spoilt(row: dict[str, str], last: dict[str, str], number: int) -> tuple[dict[str, str], str, str]:
    """The row with a mistake, and the field and rule by which it has to be refused."""
    digits = row["id_number"]
    ways = (
        ({**row, "id_number": digits[:-1] + ("0" if digits[-1] != "0" else "1")}, "/id_number", "check_digit"),
        ({**row, "id_number": digits[:10] + "1332" + digits[14:]}, "/id_number", "birth_date"),
        ({**row, "id_number": digits[:-1]}, "/id_number", "length"),
        ({**row, "name": ""}, "/name", "missing"),
        ({**row, "employer": "长" * 101}, "/employer", "too-long"),
        ({**row, "id_number": last["id_number"]}, "/id_number", "duplicate"),
    )
    return ways[number % len(ways)]


async def sent(running: Stack, unit: Caller, batch: str, file: bytes) -> str:
    token = running.issuer.token("unit", unit.organisation, unit.authority)
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"file-{time.time()}", "Content-Type": "text/csv"}
    url = f"{running.url('assessment')}/v1/batches/{batch}/imports?kind=entries"
    answer = await unit.http.post(url, content=file, headers=headers, timeout=60)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


async def reached(unit: Caller, identity: str) -> dict[str, Any]:
    found: dict[str, Any] = await unit.get("assessment", f"/v1/imports/{identity}")
    assert found["state"] != "failed", found
    return found


async def beyond(unit: Caller, identity: str, rows: float) -> int | None:
    now: int = (await reached(unit, identity))["reached"]
    return now if now > rows else None


async def killed(running: Stack, unit: Caller, identity: str, seed: int) -> list[int]:
    """Kill the process at random moments of the whole file, each after it went on; how far it was each time."""
    chance = random.Random(seed)  # noqa: S311 - another moment in every run
    seen = [0]
    service = running.services["assessment"]
    for rows in sorted(chance.uniform(0, 0.9 * ROWS) for _ in range(KILLS)):
        seen.append(await until(partial(beyond, unit, identity, max(rows, seen[-1])), "the next run", WITHIN))
        await asyncio.sleep(chance.uniform(0, 0.2))
        await asyncio.to_thread(service.kill)
        service.start()
        await asyncio.to_thread(service.await_ready)
    return seen[1:]


async def ended(unit: Caller, identity: str) -> dict[str, Any]:
    async def at_its_end() -> dict[str, Any] | None:
        found = await reached(unit, identity)
        return found if found["state"] == "done" else None

    return await until(at_its_end, "the last row", within=WITHIN)


async def test_a_hundred_thousand_rows_survive_five_kills_each_once(tmp_path: Any) -> None:
    wanted = await asyncio.to_thread(made, 7)
    running = await asyncio.to_thread((context := stack(tmp_path, only=("assessment",))).__enter__)
    try:
        async with httpx.AsyncClient() as http:
            unit = Caller(running, http, "unit", "unit-33-kill", "33")
            batch = await registering(running, unit, date.today(), ROWS)  # noqa: DTZ011 - of the running services
            identity = await sent(running, unit, batch, wanted.file)
            before = await killed(running, unit, identity, seed=int(time.time()))
            assert 0 < before[0] < before[-1] < ROWS
            done = await ended(unit, identity)
            assert (done["rows"], done["accepted"], done["refused"]) == (ROWS, ROWS - BAD, BAD)
            report = await pages(unit, "assessment", f"/v1/imports/{identity}/refusals")
        assert {row["line"]: (row["field"], row["rule"]) for row in report} == wanted.report
        assert len(report) == BAD
        environment = running.services["assessment"].environment
        sealer = Sealer(environment["SEAL_KEYS"], environment["INDEX_KEY"])
        assert entered(running, batch) == Counter(map(sealer.index, wanted.good))
    finally:
        await asyncio.to_thread(context.__exit__, None, None, None)


def entered(running: Stack, batch: str) -> Counter[str]:
    with pymongo.MongoClient[dict[str, Any]](running.servers.admin_mongo_url) as client:
        rows = client["assessment"]["entries"].find({"batch": batch}, {"person_index": 1})
        return Counter(row["person_index"] for row in rows)
