"""Lists in an order of their own: read page by page from wherever the page before ended, and counted."""

from typing import TypeVar

from shared.entity import Entity
from shared.storage.mongo import Document
from shared.storage.store import Store

E = TypeVar("E", bound=Entity)


async def page_after(
    store: Store[E], query: Document, field: str, after: tuple[str, str] | None, limit: int
) -> list[E]:
    """By a field (text or day) and id, those after a place in that order.

    Two ranges of one index, the rest of the same value and what lies beyond it: no page costs more than another.
    """
    order = ((field, 1), ("_id", 1))
    if after is None:
        return await store.find(query, sort=order, limit=limit)
    value, identity = after
    wanted = query.get(field, {})
    same = {**query, field: {**wanted, "$eq": value}, "_id": {"$gt": identity}}
    rows = await store.find(same, sort=order, limit=limit)
    if len(rows) < limit:
        beyond = {**query, field: {**wanted, "$gt": value}}
        rows += await store.find(beyond, sort=order, limit=limit - len(rows))
    return rows


async def count_by(store: Store[E], query: Document, field: str, most: int) -> dict[str, int]:
    """How many there are by a field's values, of the first `most`."""
    rows = await store.collection.aggregate(
        [{"$match": query}, {"$limit": most}, {"$group": {"_id": f"${field}", "count": {"$sum": 1}}}]
    )
    return {row["_id"]: row["count"] for row in rows}
