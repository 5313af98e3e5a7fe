"""The entries of a cancelled batch, run by run."""

from services.assessment.cancellations.domain import LEFT
from services.assessment.entries.domain import Entry
from shared.storage.store import Store

RUN = 500  # entries in one write


async def entries_left(entries: Store[Entry], batch: str, after: str) -> list[Entry]:
    """Entries of a batch by id, after an id."""
    query = {"batch": batch, "state": {"$in": list(LEFT)}, "_id": {"$gt": after}}
    return await entries.find(query, limit=RUN)
