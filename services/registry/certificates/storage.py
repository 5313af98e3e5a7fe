"""Where certificates are kept: unique indexes keep a number, and a place of a person, from being given twice."""

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from services.registry.certificates.domain import Certificate, NumberFormat, NumberFormats, OnRecord
from shared.act import Scope
from shared.storage.mongo import Database, IndexModel
from shared.storage.store import Store

DECIDED = {"decisions.0": {"$exists": True}}
INDEXES = (
    IndexModel([("number", 1)], unique=True),
    IndexModel([("person_index", 1), ("occupation", 1), ("level", 1), ("place", 1)], unique=True),
    IndexModel([("authority", 1), ("unit", 1), ("_id", 1)]),
    IndexModel([("decisions.case", 1)], name="decided", partialFilterExpression=DECIDED),
)
TOLD = ("person_index", "occupation", "level", "place", "sanctioned_until")


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


async def by_number(certificates: Store[Certificate], number: str) -> Certificate | None:
    """The certificate with a number."""
    found = await certificates.find({"number": number}, limit=1)
    return found[0] if found else None


async def listed(certificates: Store[Certificate], scope: Scope, *, after: str, limit: int) -> list[Certificate]:
    """Certificates within a scope, by id."""
    return await certificates.find({"_id": {"$gt": after}}, scope, limit=limit)
