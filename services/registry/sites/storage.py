"""Where sites are kept, the lists that are asked of them, and the conditions a site must meet."""

import json
from datetime import date
from pathlib import Path

from services.registry.sites.domain import Site, State
from shared.act import Scope
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store

INDEXES = (
    IndexModel([("authority", 1), ("unit", 1), ("_id", 1)]),
    IndexModel([("unit", 1), ("_id", 1)]),
    IndexModel([("state", 1), ("_id", 1)]),
)


def site_store(database: Database) -> Store[Site]:
    """The registry's sites."""
    return Store(database, "/registry/sites", Site, indexes=INDEXES)


async def listed(
    sites: Store[Site],
    scope: Scope,
    *,
    unit: str | None,
    state: State | None,
    occupation: str | None,
    after: str,
    limit: int,
) -> list[Site]:
    """Sites within a scope, by id, those after the cursor."""
    asked = {"unit": unit, "state": state, "scopes.occupation": occupation}
    # the scope beside what is asked, not over it: a unit that asks for another's sites gets none
    wanted: list[Document] = [{name: value} for name, value in asked.items() if value is not None]
    return await sites.find({"_id": {"$gt": after}, **({"$and": wanted} if wanted else {})}, scope, limit=limit)


async def standing_of(sites: Store[Site], unit: str, on: date, after: str, limit: int) -> list[Site]:
    """A unit's sites that are not removed by that day, those after an id."""
    standing: Document = {"$or": [{"removed_on": None}, {"removed_on": {"$gt": on.isoformat()}}]}
    return await sites.find({"unit": unit, **standing, "_id": {"$gt": after}}, limit=limit)


def conditions_in(file: Path) -> tuple[str, ...]:
    """The ids of the conditions in the data file."""
    return tuple(row["id"] for row in json.loads(file.read_text(encoding="utf-8"))["conditions"])
