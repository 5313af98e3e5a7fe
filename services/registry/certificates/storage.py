"""Where certificates are kept: unique indexes keep a number, and a place of a person, from being given twice."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from services.registry.certificates.domain import Certificate, NumberFormat, NumberFormats, OnRecord, Status
from shared.act import Scope
from shared.storage.lists import count_by, page_after
from shared.storage.mongo import LONG_WAIT, Database, Document, IndexModel
from shared.storage.store import Store

DECIDED = {"decisions.0": {"$exists": True}}
INDEXES = (
    IndexModel([("number", 1)], unique=True),
    IndexModel([("person_index", 1), ("occupation", 1), ("level", 1), ("place", 1)], unique=True),
    # Each list is in the order of one of these four; a filter that has none of its own is applied along the scan.
    IndexModel([("filed_on", 1), ("_id", 1)]),
    IndexModel([("authority", 1), ("filed_on", 1), ("_id", 1)]),
    IndexModel([("unit", 1), ("filed_on", 1), ("_id", 1)]),
    IndexModel(  # the few that do not hold; filing writes nothing into it
        [("status", 1), ("filed_on", 1), ("_id", 1)],
        partialFilterExpression={"status": {"$in": [status for status in Status if status is not Status.VALID]}},
    ),
    IndexModel([("decisions.case", 1)], name="decided", partialFilterExpression=DECIDED),
)
TOLD = ("person_index", "occupation", "level", "place", "sanctioned_until")
MOST_COUNTED = 100_000

EXPORTED = (
    *("number", "status", "regime", "authority", "unit", "occupation", "level", "batch", "holder"),
    *("exam_on", "filed_on"),
)
LOOKED_UP = ("number", "status", "holder", "occupation", "level", "unit", "filed_on")


def certificate_store(database: Database) -> Store[Certificate]:
    """The registry's certificates."""
    return Store(database, "/registry/certificates", Certificate, indexes=INDEXES)


def number_formats(file: Path) -> NumberFormats:
    """The number formats of `numbers.json`."""
    content = json.loads(file.read_text(encoding="utf-8"))
    formats = [_format(row) for row in content["formats"]]
    return NumberFormats(
        formats={format_.regime: format_ for format_ in formats}, print_serial=content["print_serial"]["template"]
    )


def _format(row: dict[str, Any]) -> NumberFormat:
    digits = {part["name"]: part["digits"] for part in row["parts"]}
    return NumberFormat(
        id=row["id"],
        regime=row["regime"],
        pattern=row["pattern"],
        pieces=tuple(digits),
        levels=row["levels"],
        serial_digits=digits["serial"],
        first=row["serial"]["first"],
        last=row["serial"]["last"],
    )


async def on_record(certificates: Store[Certificate], persons: Iterable[str]) -> list[OnRecord]:
    """What the certificates of these persons tell."""
    rows = await certificates.collection.find({"person_index": {"$in": list(persons)}}, fields=dict.fromkeys(TOLD, 1))
    return [
        OnRecord(
            row["_id"],
            row["person_index"],
            row["occupation"],
            row["level"],
            row["place"],
            date.fromisoformat(row["sanctioned_until"]) if row.get("sanctioned_until") else None,
        )
        for row in rows
    ]


class Lookups:
    """What is on file under a number, read anew for each request.

    Requests that come in while one query is under way go together in the next: the more there are, the less each
    costs. None is answered by a query that began before it came.
    """

    def __init__(self, certificates: Store[Certificate]) -> None:
        self._certificates = certificates
        self._turn = asyncio.Lock()
        self._numbers: set[str] = set()
        self._next: asyncio.Task[dict[str, Document]] | None = None

    async def by_number(self, number: str) -> Document | None:
        """What the public may know of the certificate with a number."""
        if self._next is None:
            self._numbers = set()
            self._next = asyncio.create_task(self._read(self._numbers))
        self._numbers.add(number)
        found = await asyncio.shield(self._next)  # whoever hangs up ends nobody else's query
        return found.get(number)

    async def _read(self, numbers: set[str]) -> dict[str, Document]:
        async with self._turn:
            self._next = None
            rows = await self._certificates.some({"number": {"$in": list(numbers)}}, LOOKED_UP)
        return {row["number"]: row for row in rows}


@dataclass(frozen=True, slots=True)
class Filters:
    """Which certificates are wanted; days are those of filing, both included."""

    authority: str | None = None
    unit: str | None = None
    occupation: str | None = None
    level: str | None = None
    status: Status | None = None
    regime: str | None = None
    filed_from: date | None = None
    filed_until: date | None = None

    def query(self, scope: Scope) -> Document | None:
        """The query within a scope; None when the two exclude each other."""
        names = ("authority", "unit", "occupation", "level", "status", "regime")
        wanted: Document = {name: value for name in names if (value := getattr(self, name)) is not None}
        limits = scope.query()
        if any(wanted.get(name, value) != value for name, value in limits.items()):
            return None
        bounds = {"$gte": self.filed_from, "$lte": self.filed_until}
        days = {sign: day.isoformat() for sign, day in bounds.items() if day is not None}
        return {**wanted, **limits, **({"filed_on": days} if days else {})}


async def listed(
    certificates: Store[Certificate], filters: Filters, scope: Scope, *, after: tuple[str, str] | None, limit: int
) -> list[Certificate]:
    """Certificates by the day they were filed on, and id."""
    query = filters.query(scope)
    return [] if query is None else await page_after(certificates, query, "filed_on", after, limit)


async def totals(certificates: Store[Certificate], filters: Filters, scope: Scope) -> dict[str, int]:
    """How many there are by status, of the first `MOST_COUNTED`."""
    query = filters.query(scope)
    return {} if query is None else await count_by(certificates, query, "status", MOST_COUNTED)


async def count(certificates: Store[Certificate], filters: Filters, scope: Scope) -> int:
    """How many there are; of millions it takes seconds."""
    query = filters.query(scope)
    return 0 if query is None else await certificates.collection.count(query, within=LONG_WAIT)


async def exported(certificates: Store[Certificate], filters: Filters, scope: Scope) -> AsyncIterator[list[Document]]:
    """The exported fields of all of them, in the order of the list."""
    query = filters.query(scope)
    if query is not None:
        async for run in certificates.rows(query, EXPORTED, sort=(("filed_on", 1), ("_id", 1))):
            yield [{**row, "id": row["_id"]} for row in run]
