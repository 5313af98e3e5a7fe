"""Where reports are kept, and the lists that are asked of them."""

from services.registry.reports.domain import Report, State
from shared.act import Scope
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store

INDEXES = (
    IndexModel([("authority", 1), ("unit", 1), ("_id", 1)]),
    IndexModel([("plan", 1), ("_id", 1)]),
    IndexModel([("state", 1), ("_id", 1)]),
)


def report_store(database: Database) -> Store[Report]:
    """The registry's implementation-status reports."""
    return Store(database, "/registry/reports", Report, indexes=INDEXES)


async def listed(
    reports: Store[Report], scope: Scope, *, plan: str | None, state: State | None, after: str, limit: int
) -> list[Report]:
    """Reports within a scope, by id, those after the cursor."""
    wanted = {"plan": plan, "state": state}
    query: Document = {"_id": {"$gt": after}, **{name: value for name, value in wanted.items() if value is not None}}
    return await reports.find(query, scope, limit=limit)
