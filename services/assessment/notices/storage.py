"""What is asked of the public's notices: who passed, by ticket, and which of them have days that may move."""

from services.assessment.batches.domain import Batch, State
from services.assessment.entries.domain import QUALIFIED, Entry
from shared.storage.store import Store

MOST_COUNTED = 100  # in one look of the clock, those that end first


async def provisional(batches: Store[Batch]) -> list[Batch]:
    """Running notices with a day whose holidays were not announced when they were counted."""
    query = {"state": State.PUBLICISED, "notice.provisional": True}
    return await batches.find(query, sort=[("notice.ends_at", 1)], limit=MOST_COUNTED)


async def passed(entries: Store[Entry], batch: str, *, after: str, limit: int) -> list[Entry]:
    """Who passed a batch, by ticket, those after a ticket; held back by an objection or not."""
    query = {"batch": batch, "ticket": {"$gt": after}, "state": {"$in": list(QUALIFIED)}}
    return await entries.find(query, sort=[("ticket", 1)], limit=limit)
