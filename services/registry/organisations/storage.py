"""Organisations: read from the data file that is loaded at start, kept with their events."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from services.registry.organisations.domain import Organisation, OrganisationKind
from shared.act import NATIONAL
from shared.storage.mongo import Database, IndexModel
from shared.storage.store import Store


def organisation_store(database: Database) -> Store[Organisation]:
    """The registry's organisations."""
    return Store(
        database, "/registry/organisations", Organisation, indexes=(IndexModel([("authority", 1), ("unit", 1)]),)
    )


def in_file(file: Path) -> Iterator[Organisation]:
    """The Center, the authorities and the pilot units of an organisations file."""
    content = json.loads(file.read_text(encoding="utf-8"))
    yield _organisation(content["center"], OrganisationKind.CENTER, NATIONAL, None)
    for row in content["authorities"]:
        yield _organisation(row, OrganisationKind(row["kind"]), row["authority_code"], None)
    for row in content["units"]:
        yield _organisation(row, OrganisationKind.UNIT, row["authority_code"], row["id"])


def _organisation(row: Mapping[str, Any], kind: OrganisationKind, authority: str, unit: str | None) -> Organisation:
    return Organisation(
        id=row["id"],
        authority=authority,
        unit=unit,
        kind=kind,
        name=row["name"]["zh"],
        name_en=row["name"]["en"],
        example=row.get("example", False),
        uscc=row.get("uscc", ""),
        issuer_code=row.get("issuer_code", ""),
        issuer_codes=row.get("issuer_codes", {}),
    )
