"""Where entries are kept, and what is asked of them batch by batch."""

from collections.abc import Iterable

from services.assessment.batches.domain import Tally
from services.assessment.entries.domain import QUALIFIED, Entry, State
from shared.act import Scope
from shared.storage.mongo import Database, IndexModel
from shared.storage.store import Store

# One index for every list and count: a list over several states is merged from one scan of each.
INDEXES = (IndexModel([("batch", 1), ("state", 1), ("_id", 1)]),)


def entry_store(database: Database) -> Store[Entry]:
    """Assessment's entries."""
    return Store(database, "/assessment/entries", Entry, indexes=INDEXES)


async def listed(
    entries: Store[Entry], scope: Scope, batch: str, *, state: State | None, after: str, limit: int
) -> list[Entry]:
    """Entries of a batch within a scope, by id, those after the cursor."""
    states = list(State) if state is None else [state]
    query = {"batch": batch, "state": {"$in": states}, "_id": {"$gt": after}}
    return await entries.find(query, scope, limit=limit)


async def qualified(entries: Store[Entry], batch: str, *, after: str, limit: int) -> list[Entry]:
    """Those who passed, by id, after an id; the same whenever it is asked."""
    query = {"batch": batch, "state": {"$in": list(QUALIFIED)}, "_id": {"$gt": after}}
    return await entries.find(query, limit=limit)


async def tally(entries: Store[Entry], batch: str) -> Tally:
    """How many entries of a batch are in each state."""
    rows = await entries.collection.aggregate(
        [{"$match": {"batch": batch}}, {"$group": {"_id": "$state", "entries": {"$sum": 1}}}]
    )
    return Tally(**{row["_id"]: row["entries"] for row in rows})


async def among(entries: Store[Entry], batch: str, wanted: Iterable[str]) -> set[str]:
    """Which of these ids are entries of the batch."""
    rows = await entries.collection.find({"_id": {"$in": list(wanted)}, "batch": batch}, fields={"_id": 1})
    return {row["_id"] for row in rows}


async def made_by(entries: Store[Entry], act: str, wanted: Iterable[str]) -> set[str]:
    """Which of these entries an act made before."""
    rows = await entries.collection.find({"_id": {"$in": list(wanted)}, "taken": act}, fields={"_id": 1})
    return {row["_id"] for row in rows}
