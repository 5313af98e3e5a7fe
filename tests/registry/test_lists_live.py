"""Lists and exports of certificates on a real database: every filter by an index, no row twice, none left out."""

import asyncio
import csv
import json
from collections.abc import AsyncIterator
from datetime import date
from io import StringIO
from itertools import combinations
from typing import Any

import pytest
import pytest_asyncio

from infra.bench.stock import copies
from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.registry.certificates.domain import Certificate, Status
from services.registry.certificates.storage import Filters, Lookups, certificate_store
from shared.act import EVERYTHING, Scope
from shared.storage.mongo import Collection, Document
from shared.storage.store import Store
from tests.live import Running, running

pytestmark = pytest.mark.live

ROWS = 20_000
MODEL: Document = {
    "schema": 1, "version": 1, "taken": [], "pending": [], "regime": "appraisal", "series": "s", "serial": 1,
    "filing": "f", "status": "valid", "level": "5", "standard": "rebar_worker-2019p", "batch": "b", "place": "",
    "holder": "张*", "person": "sealed", "theory": 80.0, "practical": 80.0, "edition": 1, "prints": 1, "changes": [],
    "filed_at": "2019-09-02T00:00:00Z",
}  # fmt: skip
ASKED: dict[str, Any] = {
    "authority": "33",
    "unit": "unit-33-001",
    "occupation": "rebar_worker",
    "level": "5",
    "status": Status.REVOKED,
    "regime": "appraisal",
    "filed_from": date(2019, 9, 10),
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("registry", servers, issuer, tmp_path_factory.mktemp("lists")) as live:
        made = list(copies(MODEL, 0, ROWS))
        for place, row in enumerate(made):
            row["status"] = "revoked" if place % 100 == 0 else "valid"
        for start in range(0, ROWS, 5_000):
            await stored(live).insert_all(made[start : start + 5_000])
        yield live


def stored(service: Running) -> Collection:
    return store_of(service).collection


def store_of(service: Running) -> Store[Certificate]:
    return certificate_store(service.process.tools.database)


async def pages(service: Running, **query: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await service.http.get(
            "/v1/certificates", headers=service.token("center"), params={"limit": 7, **query, **cursor}
        )
        assert answer.status_code == 200, answer.text
        rows += answer.json()["rows"]
        if answer.json()["next"] is None:
            return rows
        cursor = {"cursor": answer.json()["next"]}


def places(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(row["filed_on"], row["id"]) for row in rows]


async def explained(service: Running, query: Document) -> dict[str, Any]:
    inner: Any = stored(service)._inner
    order = [("filed_on", 1), ("_id", 1)]
    plan: dict[str, Any] = await inner.find(query, sort=order, limit=101).explain()
    return plan


@pytest.mark.parametrize("count", range(len(ASKED) + 1))
async def test_every_combination_of_filters_is_read_in_order_from_an_index(service: Running, count: int) -> None:
    for names in combinations(ASKED, count):
        query = Filters(**{name: ASKED[name] for name in names}).query(EVERYTHING)
        assert query is not None
        plan = json.dumps((await explained(service, query))["queryPlanner"]["winningPlan"])
        assert '"IXSCAN"' in plan, names
        assert '"COLLSCAN"' not in plan, names
        assert '"SORT"' not in plan, names


@pytest.mark.parametrize("name", ["authority", "unit", "status"])
async def test_a_page_of_a_filter_with_its_own_index_reads_no_row_in_vain(service: Running, name: str) -> None:
    query = Filters(**{name: ASKED[name]}).query(EVERYTHING)
    stats = (await explained(service, query or {}))["executionStats"]
    assert stats["nReturned"] == 101
    assert stats["totalDocsExamined"] <= 101


async def test_all_pages_together_are_the_whole_list_in_order(service: Running) -> None:
    asked = {"unit": "unit-33-001", "filed_from": "2019-09-05", "filed_until": "2019-09-20"}
    rows = places(await pages(service, **asked))
    whole = await stored(service).find(
        {"unit": "unit-33-001", "filed_on": {"$gte": "2019-09-05", "$lte": "2019-09-20"}}, fields={"filed_on": 1}
    )
    assert len(rows) > 14
    assert rows == sorted((row["filed_on"], row["_id"]) for row in whole)


async def test_what_stood_at_the_first_page_is_seen_once_while_more_is_filed(service: Running) -> None:
    days = {"filed_from": "2019-10-01", "filed_until": "2019-10-03"}
    stood = places(await pages(service, **days))
    seen: list[tuple[str, str]] = []
    cursor: dict[str, str] = {}
    for turn in range(200):
        answer = await service.http.get(
            "/v1/certificates", headers=service.token("center"), params={"limit": 5, **days, **cursor}
        )
        seen += places(answer.json()["rows"])
        if answer.json()["next"] is None:
            break
        cursor = {"cursor": answer.json()["next"]}
        (more,) = copies(MODEL, ROWS + 100_000 + turn, ROWS + 100_001 + turn)
        await stored(service).insert({**more, "filed_on": f"2019-10-0{turn % 3 + 1}"})
    assert len(seen) == len(set(seen))
    assert seen == sorted(seen)
    assert set(stood) <= set(seen)
    assert len(stood) >= 40


async def test_a_filter_beyond_the_callers_line_finds_nothing(service: Running) -> None:
    headers = service.token("authority", "33", "33")
    own = await service.http.get("/v1/certificates", headers=headers, params={"authority": "33"})
    other = await service.http.get("/v1/certificates", headers=headers, params={"authority": "66", "totals": "true"})
    assert {row["authority"] for row in own.json()["rows"]} == {"33"}
    assert other.json() == {"rows": [], "next": None, "totals": {"by_status": {}, "complete": True}}
    away = await service.http.get("/v1/certificates/export", headers=headers, params={"authority": "66"})
    assert (json.loads(away.text), away.headers["x-total-count"]) == ({"end": True, "rows": 0}, "0")


async def test_totals_say_how_many_there_are_of_each_status(service: Running) -> None:
    asked: dict[str, str | int] = {"totals": "true", "filed_until": "2019-09-30", "limit": 1}
    answer = await service.http.get("/v1/certificates", headers=service.token("center"), params=asked)
    by_status = {
        status: await stored(service).count({"status": status, "filed_on": {"$lte": "2019-09-30"}})
        for status in ("valid", "revoked")
    }
    assert answer.json()["totals"] == {"by_status": by_status, "complete": True}
    assert min(by_status.values()) > 0


async def test_an_export_as_csv_is_the_list_to_the_end(service: Running) -> None:
    headers = service.token("center")
    answer = await service.http.get("/v1/certificates/export", headers=headers, params={"format": "csv", "bom": "true"})
    assert answer.text.startswith("\ufeffid,number,status,")
    rows = list(csv.DictReader(StringIO(answer.text.removeprefix("\ufeff"))))
    assert len(rows) == int(answer.headers["x-total-count"]) >= ROWS
    assert places(rows) == sorted(places(rows))
    assert "person" not in rows[0]


async def test_an_export_as_ndjson_ends_by_saying_how_many_rows_it_has(service: Running) -> None:
    headers = service.token("unit", "unit-33-001", "33")
    answer = await service.http.get("/v1/certificates/export", headers=headers)
    *rows, last = map(json.loads, answer.text.splitlines())
    assert last == {"end": True, "rows": len(rows)}
    assert {row["unit"] for row in rows} == {"unit-33-001"}
    assert len(rows) == await store_of(service).count({}, Scope("33", "unit-33-001")) > 1_000


async def test_many_who_ask_at_once_each_get_their_own_certificate(service: Running) -> None:
    rows = await stored(service).find({}, limit=300, fields={"number": 1, "unit": 1})
    lookups = Lookups(store_of(service))
    found = await asyncio.gather(*(lookups.by_number(row["number"]) for row in rows), lookups.by_number("0" * 16))
    assert [(row or {}).get("unit") for row in found] == [*(row["unit"] for row in rows), None]


async def test_a_lookup_tells_the_status_as_it_is_now(service: Running) -> None:
    (row,) = await stored(service).find({"status": "valid"}, limit=1)
    path = f"/v1/verify/{row['number']}"
    assert (await service.http.get(path)).json()["status"] == "valid"
    await stored(service).update({"_id": row["_id"]}, {"$set": {"status": "suspended"}})
    assert (await service.http.get(path)).json()["status"] == "suspended"
