"""Where deliveries and cursors are kept; everything here is written in bulk and may be written twice."""

from collections.abc import Sequence
from datetime import datetime
from time import time
from uuid import uuid4

from services.notification.deliveries.domain import Delivery, State
from shared.storage.mongo import Database, Document, IndexModel, UpdateOne

LEASE = 20.0  # seconds of real time after which a claimed delivery is anybody's again
FREE = 0.0
DROPPED_AT_ONCE = 1_000
INDEXES = (
    IndexModel([("state", 1), ("subscription", 1), ("due", 1), ("_id", 1)]),
    IndexModel([("subscription", 1), ("ended_at", 1)], partialFilterExpression={"state": State.DELIVERED}),
    IndexModel([("authority", 1), ("unit", 1), ("_id", 1)]),
)


class Deliveries:
    """One document per delivery; a claim is a token and a time in it."""

    def __init__(self, database: Database) -> None:
        self._rows = database.collection("deliveries")

    async def prepare(self) -> None:
        """Make the indexes; safe to repeat."""
        await self._rows.ensure_indexes(INDEXES)

    async def add(self, deliveries: Sequence[Delivery]) -> None:
        """Insert those that are not there yet."""
        if deliveries:
            await self._rows.insert_all([_document(row) for row in deliveries])

    async def due(self, now: datetime) -> list[str]:
        """The subscriptions for which something is due; costs one index step each, however much waits."""
        rows = await self._rows.aggregate(
            [
                {"$match": {"state": State.WAITING}},
                {"$sort": {"subscription": 1, "due": 1}},
                {"$group": {"_id": "$subscription", "due": {"$first": "$due"}}},
            ]
        )
        return [row["_id"] for row in rows if row["due"] <= now]

    async def claim(self, subscription: str, now: datetime, most: int) -> list[Delivery]:
        """Take what is due for this process alone, oldest first; `release` or the lease's end gives it back."""
        free: Document = {
            "subscription": subscription,
            "state": State.WAITING,
            "due": {"$lte": now},
            "claimed_until": {"$lt": time()},
        }
        rows = await self._rows.find(free, sort=[("due", 1), ("_id", 1)], limit=most)
        if not rows:
            return []
        claim = uuid4().hex
        mine = {"_id": {"$in": [row["_id"] for row in rows]}}
        claimed = {"claim": claim, "claimed_until": time() + LEASE}
        if await self._rows.update_all({**free, **mine}, {"$set": claimed}) < len(rows):
            rows = await self._rows.find({**mine, "claim": claim}, sort=[("due", 1), ("_id", 1)])
        return [_delivery({**row, **claimed}) for row in rows]

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        """Give back what was claimed and not tried."""
        if deliveries:
            await self._rows.write_all(
                [UpdateOne(_claimed(row), {"$set": {"claimed_until": FREE}}) for row in deliveries]
            )

    async def record(self, tried: Sequence[Delivery]) -> None:
        """Write what became of claimed deliveries.

        The last claim decides, except that what was delivered stays delivered: then its claim is over for everybody.
        """
        if tried:
            await self._rows.write_all([UpdateOne(_claimed(row), {"$set": _progress(row)}) for row in tried])

    async def drop(self, subscription: str, now: datetime) -> None:
        """What a deleted subscription was still to be sent is over; some of it at a time."""
        waiting: Document = {"subscription": subscription, "state": State.WAITING}
        rows = await self._rows.find(waiting, limit=DROPPED_AT_ONCE, fields={"_id": 1})
        over = {"$set": {"state": State.DROPPED, "ended_at": now, "claim": ""}}
        await self._rows.update_all({**waiting, "_id": {"$in": [row["_id"] for row in rows]}}, over)

    async def taken_since(self, subscription: str, since: datetime) -> bool:
        """Whether the endpoint took anything at or after that instant."""
        query = {"subscription": subscription, "state": State.DELIVERED, "ended_at": {"$gte": since}}
        return await self._rows.find_one(query, projection={"_id": 1}) is not None

    async def listed(self, query: Document, *, after: str, limit: int) -> list[Delivery]:
        """Deliveries by id, those after the cursor."""
        rows = await self._rows.find({**query, "_id": {"$gt": after}}, sort=[("_id", 1)], limit=limit)
        return [_delivery(row) for row in rows]


class Cursors:
    """How far each subscription has been told; it only moves forward."""

    def __init__(self, database: Database) -> None:
        self._rows = database.collection("cursors")

    async def known(self, subscriptions: Sequence[str]) -> dict[str, int]:
        """The positions reached so far; a subscription that was told nothing yet is absent."""
        rows = await self._rows.find({"_id": {"$in": list(subscriptions)}})
        return {row["_id"]: row["position"] for row in rows}

    async def move(self, subscriptions: Sequence[str], position: int) -> None:
        """These have been told everything up to `position`."""
        forward = {"$max": {"position": position}}
        await self._rows.write_all([UpdateOne({"_id": name}, forward, upsert=True) for name in subscriptions])


def _document(delivery: Delivery) -> Document:
    return {"_id": delivery.id, **delivery.model_dump(exclude={"id"}), "claimed_until": FREE}


def _delivery(row: Document) -> Delivery:
    return Delivery.model_validate({**row, "id": row["_id"]})


def _claimed(delivery: Delivery) -> Document:
    if delivery.state is State.DELIVERED:
        return {"_id": delivery.id}
    return {"_id": delivery.id, "claim": delivery.claim}


def _progress(delivery: Delivery) -> Document:
    progress = delivery.model_dump(include={"state", "due", "attempts", "tried", "ended_at"})
    return {**progress, "claim": "", "claimed_until": FREE}
