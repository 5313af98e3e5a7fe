"""Files of rows as a unit sends them, and what became of them."""

import csv
import io
import json
from base64 import b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from itertools import count
from typing import Any

import httpx

from tests.assessment.examples import resident_id
from tests.live import Running, eventually

COLUMNS = ("name", "id_number", "employer")
CSV = "text/csv"
NDJSON = "application/x-ndjson"
ENDED = ("done", "failed")


def candidate(number: int, **changes: str) -> dict[str, str]:
    """A good row; the employer's name is on two lines for every hundredth."""
    employer = "示例建筑\n工程有限公司" if number % 100 == 0 else "示例建筑工程有限公司"
    return {"name": f"测试{number}", "id_number": resident_id(number), "employer": employer, **changes}


_next = count(0, 25_000)


def people(size: int) -> range:
    """The numbers of people whom no other test enters: nobody is examined twice on a day."""
    begins = next(_next)
    return range(begins, begins + size)


def as_csv(rows: Iterable[Mapping[str, Any]], columns: Iterable[str] = COLUMNS) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(columns), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def as_ndjson(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def digest_of(file: bytes) -> dict[str, str]:
    return {"Content-Digest": f"sha-256=:{b64encode(sha256(file).digest()).decode()}:"}


async def send(
    service: Running, unit: str, batch: str, file: bytes, line: str = "33", media: str = CSV, kind: str = "entries",
    dry_run: bool = False, headers: Mapping[str, str] | None = None,
) -> httpx.Response:  # fmt: skip
    caller = {**service.token("unit", unit, line), "Content-Type": media, **(headers or {})}
    query = {"kind": kind, "dry_run": str(dry_run).lower()}
    return await service.http.post(f"/v1/batches/{batch}/imports", params=query, content=file, headers=caller)


async def sent(service: Running, unit: str, batch: str, file: bytes, **more: Any) -> dict[str, Any]:
    answer = await send(service, unit, batch, file, **more)
    assert answer.status_code == 202, answer.text
    made: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/v1/imports/{made['id']}"
    return made


async def see(service: Running, unit: str, identity: str, line: str = "33") -> dict[str, Any]:
    answer = await service.http.get(f"/v1/imports/{identity}", headers=service.token("unit", unit, line))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def ended(
    service: Running, unit: str, identity: str, line: str = "33", *, within: float = 30, state: str = "done"
) -> dict[str, Any]:
    async def at_its_end() -> dict[str, Any] | None:
        found = await see(service, unit, identity, line)
        return found if found["state"] in ENDED else None

    found = await eventually(at_its_end, within=within)
    assert found is not None
    assert found["state"] == state, found
    return found


async def refusals(service: Running, unit: str, identity: str, limit: int = 1000) -> list[tuple[int, str, str]]:
    """Line, field and rule of every refused row, page by page."""
    rows: list[tuple[int, str, str]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await service.http.get(
            f"/v1/imports/{identity}/refusals", params={"limit": str(limit), **cursor},
            headers=service.token("unit", unit, "33"),
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        page = answer.json()
        rows += [(row["line"], row["field"], row["rule"]) for row in page["rows"]]
        if not page.get("next"):
            return rows
        cursor = {"cursor": page["next"]}
