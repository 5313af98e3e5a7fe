"""What verification reads: certificates by number, those of a series that do not hold, and the words from data."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from services.registry.certificates.domain import Certificate, Status
from services.registry.organisations.domain import Organisation
from services.registry.verification.domain.answer import Catalogue, LevelWords, OccupationWords, UnitWords, Words
from services.registry.verification.domain.credential import Issuer
from services.registry.verification.domain.sheet import PaperWords
from services.registry.verification.domain.statuslist import BITS
from shared.storage.mongo import Document, IndexModel
from shared.storage.store import Store

# MongoDB takes a partial index only for a query that says the same words, so every list asks for all of them.
HOLDS_NOT: Document = {"status": {"$in": [Status.REVOKED.value, Status.SUSPENDED.value, Status.VOIDED.value]}}
STATUS_LIST_INDEX = IndexModel(
    [("series", 1), ("serial", 1)],
    name="not_valid",
    # only those that a list has bits for: filing pays nothing for it
    partialFilterExpression=HOLDS_NOT,
)


async def by_numbers(certificates: Store[Certificate], numbers: Collection[str]) -> dict[str, Certificate]:
    """The certificates with these numbers, by number."""
    rows = await certificates.find({"number": {"$in": sorted(numbers)}})
    return {row.number: row for row in rows}


def not_holding(series: str, block: int) -> Document:
    """The query for the certificates of a block of serials that do not hold."""
    return {
        "series": series,
        "serial": {"$gte": block * BITS, "$lt": (block + 1) * BITS},
        **HOLDS_NOT,
    }


async def serials(certificates: Store[Certificate], series: str, block: int, statuses: Collection[Status]) -> list[int]:
    """The serials of a block whose certificates have one of these statuses."""
    rows = await certificates.collection.find(not_holding(series, block), fields={"serial": 1, "status": 1})
    return sorted(row["serial"] for row in rows if row["status"] in statuses)


async def units(organisations: Store[Organisation], ids: Collection[str]) -> dict[str, UnitWords]:
    """The names of units; the id stands in for one that is not there."""
    rows = await organisations.find({"_id": {"$in": sorted(ids)}})
    named = {row.id: UnitWords(id=row.id, zh=row.name, en=row.name_en) for row in rows}
    return {unit: named.get(unit) or UnitWords(id=unit, zh=unit, en=unit) for unit in ids}


def catalogue(folder: Path) -> Catalogue:
    """The words for occupations and levels."""
    occupations = _content(folder / "occupations.json")["occupations"]
    levels = _content(folder / "standards.json")["levels"]
    return Catalogue(
        {
            row["id"]: OccupationWords(id=row["id"], zh=row["name_zh"]["value"], en=row["name_en"]["value"])
            for row in occupations
        },
        {
            code: LevelWords(code=code, zh=row["zh"], en=row["en"], print=row["print"])
            for code, row in levels.items()
            if isinstance(row, dict)
        },
    )


def issuer(folder: Path, url: str) -> Issuer:
    """Who signs: the Center, at the public address."""
    return Issuer(url.rstrip("/"), _content(folder / "organisations.json")["center"]["name"]["zh"])


def papers(folder: Path) -> Mapping[str, PaperWords]:
    """The fixed words of the printed certificates, by regime."""
    return {row["regime"]: _paper(row) for row in _content(folder / "certificate.json")["papers"]}


def _paper(row: Mapping[str, Any]) -> PaperWords:
    parts = {name: Words(**{tongue: row[name][tongue] for tongue in ("zh", "en")}) for name in _PARTS}
    return PaperWords(regime=row["regime"], official=all(row[name]["status"] == "official" for name in _PARTS), **parts)


_PARTS = ("name", "text", "date_label", "id_type")


def _content(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content
