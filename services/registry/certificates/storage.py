"""Where certificates and filings are kept: two unique indexes carry the promise of no repeat and no gap."""

import json
from collections.abc import Iterable
from pathlib import Path

from services.registry.certificates.domain import Certificate, Filing, NumberFormat, Status
from shared.act import Scope
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store

CERTIFICATE_INDEXES = (
    IndexModel([("number", 1)], unique=True),
    IndexModel([("person_index", 1)]),
    IndexModel([("authority", 1), ("unit", 1), ("_id", 1)]),
)
FILING_INDEXES = (
    IndexModel([("series", 1), ("start", 1)], unique=True, partialFilterExpression={"start": {"$type": "int"}}),
)


def certificate_store(database: Database) -> Store[Certificate]:
    """The registry's certificates."""
    return Store(database, "/registry/certificates", Certificate, indexes=CERTIFICATE_INDEXES)


def filing_store(database: Database) -> Store[Filing]:
    """The ledger of filed chunks and the numbers each took."""
    return Store(database, "/registry/filings", Filing, indexes=FILING_INDEXES)


def number_format(file: Path) -> NumberFormat:
    """The 16-digit format from `numbers.json`."""
    row = json.loads(file.read_text(encoding="utf-8"))["formats"][0]
    digits = {part["name"]: part["digits"] for part in row["parts"]}
    return NumberFormat(
        id=row["id"],
        pattern=row["pattern"],
        serial_digits=digits["serial"],
        first=row["serial"]["first"],
        last=row["serial"]["last"],
    )


async def next_start(filings: Store[Filing], series: str, first: int) -> int:
    """The number after the last one given in a series."""
    query: Document = {"series": series, "start": {"$type": "int"}}
    last = await filings.find(query, sort=[("start", -1)], limit=1)
    return (last[0].start or 0) + last[0].count if last else first


async def held_by(
    certificates: Store[Certificate], persons: Iterable[str], occupation: str, level: str
) -> dict[str, str]:
    """For each person index that holds a valid certificate of the occupation and level, its entry."""
    rows = await certificates.collection.find(
        {"person_index": {"$in": list(persons)}, "occupation": occupation, "level": level, "status": Status.VALID},
        fields={"person_index": 1},
    )
    return {row["person_index"]: row["_id"] for row in rows}


async def by_number(certificates: Store[Certificate], number: str) -> Certificate | None:
    """The certificate with a number."""
    found = await certificates.find({"number": number}, limit=1)
    return found[0] if found else None


async def listed(certificates: Store[Certificate], scope: Scope, *, after: str, limit: int) -> list[Certificate]:
    """Certificates within a scope, by id."""
    return await certificates.find({"_id": {"$gt": after}}, scope, limit=limit)
