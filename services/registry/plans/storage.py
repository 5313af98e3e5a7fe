"""Where plans are kept, and the lists that are asked of them."""

from services.registry.plans.domain import Plan, State
from shared.act import Scope
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store

INDEXES = (
    IndexModel([("authority", 1), ("unit", 1), ("_id", 1)]),
    IndexModel([("state", 1), ("_id", 1)]),
)


def plan_store(database: Database) -> Store[Plan]:
    """The registry's plans."""
    return Store(database, "/registry/plans", Plan, indexes=INDEXES)


async def listed(plans: Store[Plan], scope: Scope, *, state: State | None, after: str, limit: int) -> list[Plan]:
    """Plans within a scope, by id, those after the cursor."""
    query: Document = {"_id": {"$gt": after}}
    if state is not None:
        query["state"] = state
    return await plans.find(query, scope, limit=limit)
