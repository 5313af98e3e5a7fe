"""Where objections are kept: one open at a time for each entry, which a unique index keeps."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from services.assessment.entries.domain import Entry
from services.assessment.objections.domain import Objection, State
from shared.act import Scope
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store

OPEN: Document = {"is_open": True}
INDEXES = (
    IndexModel([("entry", 1)], name="one-open", unique=True, partialFilterExpression=OPEN),
    IndexModel([("entry", 1), ("_id", 1)]),
    IndexModel([("batch", 1), ("_id", 1)]),
    IndexModel([("authority", 1), ("unit", 1), ("_id", 1)]),
    IndexModel([("due.ends_at", 1)], partialFilterExpression=OPEN),
)
MOST_DUE = 500  # looked at in one look of the clock; the next look takes the rest


def objection_store(database: Database) -> Store[Objection]:
    """Assessment's objections."""
    return Store(database, "/assessment/objections", Objection, indexes=INDEXES)


async def listed(
    objections: Store[Objection],
    scope: Scope,
    *,
    batch: str | None,
    state: State | None,
    overdue: bool | None,
    after: str,
    limit: int,
) -> Sequence[Objection]:
    """Objections within a scope, by id, those after the cursor."""
    asked = {"batch": batch, "state": state, "overdue": overdue}
    query = {name: value for name, value in asked.items() if value is not None}
    return await objections.find({**query, "_id": {"$gt": after}}, scope, limit=limit)


async def of_entry(objections: Store[Objection], entry: str) -> Sequence[Objection]:
    """Every objection to one result, the oldest first."""
    found = await objections.find({"entry": entry})
    return sorted(found, key=lambda row: row.steps[0].at)


async def to_look_at(objections: Store[Objection], now: datetime) -> Sequence[Objection]:
    """Open ones whose deadline is over or was counted without a calendar, the longest over first."""
    over: list[Document] = [{"due.ends_at": {"$lte": now}}, {"due.provisional": True}]
    query = {**OPEN, "overdue": False, "$or": over}
    return await objections.find(query, sort=[("due.ends_at", 1)], limit=MOST_DUE)


async def by_ticket(entries: Store[Entry], ticket: str, indexes: Iterable[str]) -> Entry | None:
    """The entry of a ticket, if its person has one of these; whichever of the two is wrong, nothing is found."""
    found = await entries.find({"ticket": {"$eq": ticket, "$gt": ""}, "person_index": {"$in": [*indexes]}}, limit=1)
    return found[0] if found else None
