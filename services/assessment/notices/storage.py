"""What the public's pages ask of entries: those who passed, in the order of their tickets."""

from services.assessment.entries.domain import QUALIFIED, Entry
from shared.storage.store import Store


async def passed(entries: Store[Entry], batch: str, *, after: str, limit: int) -> list[Entry]:
    """Who passed a batch, by ticket, those after a ticket; held back by an objection or not."""
    query = {"batch": batch, "ticket": {"$gt": after}, "state": {"$in": list(QUALIFIED)}}
    return await entries.find(query, sort=[("ticket", 1)], limit=limit)
