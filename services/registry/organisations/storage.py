"""Organisations: read from the data file that is loaded at start, kept with their events."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from services.registry.organisations.domain import Organisation, OrganisationKind
from shared.act import NATIONAL, Scope
from shared.errors import NotFound
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store


def _unique(field: str) -> IndexModel:
    return IndexModel([(field, 1)], unique=True, partialFilterExpression={field: {"$gt": ""}})


INDEXES = (
    IndexModel([("authority", 1), ("unit", 1)]),
    IndexModel([("affiliations.authority", 1), ("unit", 1)]),
    IndexModel([("name", 1)]),
    *map(_unique, ("uscc", "issuer_codes.appraisal", "issuer_codes.recognition")),
)


def organisation_store(database: Database) -> Store[Organisation]:
    """The registry's organisations."""
    return Store(database, "/registry/organisations", Organisation, indexes=INDEXES)


def under(authority: str, on: date) -> Document:
    """What stands in a line that day: by its affiliations, or by its own line where none was recorded."""
    in_force = {
        "authority": authority,
        "$and": [
            {"$or": [{"since": None}, {"since": {"$lte": on.isoformat()}}]},
            {"$or": [{"until": None}, {"until": {"$gte": on.isoformat()}}]},
        ],
    }
    unrecorded: Document = {"authority": authority, "affiliations": {"$in": [None, []]}}
    return {"$or": [unrecorded, {"affiliations": {"$elemMatch": in_force}}]}


def within(scope: Scope, on: date) -> Document:
    """The filter of what a scope sees that day: whoever asks within any of a unit's lines sees the unit."""
    query: Document = {} if scope.authority is None else under(scope.authority, on)
    return query if scope.unit is None else {**query, "unit": scope.unit}


async def seen(organisations: Store[Organisation], identity: str, scope: Scope, on: date) -> Organisation:
    """One organisation within a scope that day, or `NotFound`."""
    found = await organisations.find({"_id": identity, **within(scope, on)}, limit=1)
    if not found:
        raise NotFound(f"there is no Organisation {identity} within your scope")
    return found[0]


async def listed(
    organisations: Store[Organisation],
    scope: Scope,
    on: date,
    *,
    kind: OrganisationKind | None,
    line: str | None,
    after: str,
    limit: int,
) -> list[Organisation]:
    """Organisations within a scope, by id, those after the cursor; `line` keeps those that stand in it."""
    asked: list[Document] = [{"_id": {"$gt": after}}, within(scope, on)]
    if kind is not None:
        asked.append({"kind": kind})
    if line is not None:
        asked.append(under(line, on))
    return await organisations.find({"$and": asked}, limit=limit)


async def holding(
    organisations: Store[Organisation], uscc: Iterable[str], issuer_codes: Mapping[str, Iterable[str]]
) -> list[Organisation]:
    """The organisations that have one of these credit or issuer codes."""
    wanted = {"uscc": list(uscc), **{f"issuer_codes.{regime}": list(codes) for regime, codes in issuer_codes.items()}}
    asked = [{field: {"$in": codes}} for field, codes in wanted.items() if codes]
    return await organisations.find({"$or": asked}) if asked else []


async def of_names(organisations: Store[Organisation], names: Iterable[str]) -> list[Organisation]:
    """The organisations that bear one of these names."""
    return await organisations.find({"name": {"$in": list(names)}})


def regions_in(file: Path) -> Mapping[str, str]:
    """The first two digits of region codes, with their names."""
    regions: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))["regions"]
    return regions


def authorities_in(file: Path) -> frozenset[str]:
    """The authority codes of an organisations file."""
    return frozenset(row["authority_code"] for row in json.loads(file.read_text(encoding="utf-8"))["authorities"])


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
        issuer_codes=({"appraisal": row["issuer_code"]} if "issuer_code" in row else {}) | row.get("issuer_codes", {}),
    )
