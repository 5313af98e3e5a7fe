"""Where deliveries and cursors are kept; everything here is written in bulk and may be written twice."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from time import time
from uuid import uuid4

from services.notification.deliveries.domain import Attempt, Delivery, Health, State
from shared.errors import NotFound
from shared.storage.mongo import Database, Document, IndexModel, UpdateOne

LEASE = 20.0  # seconds of real time after which a claimed delivery is anybody's again
FREE = 0.0
BY_DUE = (("due", 1), ("_id", 1))
BY_POSITION = (("again", 1), ("position", 1), ("_id", 1))
DROPPED_AT_ONCE = 1_000
WAITING: Document = {"partialFilterExpression": {"state": State.WAITING}}
INDEXES = (
    IndexModel([("state", 1), ("subscription", 1), ("due", 1), ("_id", 1)]),
    IndexModel([("subscription", 1), ("again", 1), ("due", 1), ("_id", 1)], **WAITING),
    IndexModel([("subscription", 1), ("again", 1), ("position", 1), ("_id", 1)], **WAITING),
    IndexModel([("subscription", 1), ("state", 1), ("_id", 1)]),
    IndexModel([("authority", 1), ("unit", 1), ("_id", 1)]),
)


class Deliveries:
    """One document per delivery; a claim is a token and a time in it."""

    def __init__(self, database: Database) -> None:
        self._rows = database.collection("deliveries")

    async def prepare(self) -> None:
        """Make the indexes; safe to repeat."""
        await self._rows.ensure_indexes(INDEXES)

    async def add(self, deliveries: Sequence[Delivery]) -> set[int]:
        """Insert those that are not there yet; the places of those that were. One with a claim is taken at once."""
        return await self._rows.insert_all([_document(row) for row in deliveries])

    async def due(self, now: datetime) -> dict[str, datetime]:
        """The subscriptions for which something is due, and since when; one index step each, however much waits."""
        rows = await self._rows.aggregate(
            [
                {"$match": {"state": State.WAITING}},
                {"$sort": {"subscription": 1, "due": 1}},
                {"$group": {"_id": "$subscription", "due": {"$first": "$due"}}},
            ]
        )
        return {row["_id"]: row["due"] for row in rows if row["due"] <= now}

    async def claim(self, subscription: str, now: datetime, most: int) -> list[Delivery]:
        """Take what is due for this process alone, oldest first; `release` or the lease's end gives it back.

        What is sent again comes after everything new.
        """
        free = _free(subscription, now)
        rows = await self._rows.find({**free, "again": {"$in": [False, None]}}, sort=BY_DUE, limit=most)
        if len(rows) < most:
            rows += await self._rows.find({**free, "again": True}, sort=BY_DUE, limit=most - len(rows))
        return await self._take(rows, free)

    async def claim_in_order(self, subscription: str, now: datetime, most: int) -> list[Delivery]:
        """The same by position: nothing while the first is not due yet, or any is in the hands of another process."""
        waiting: Document = {"subscription": subscription, "state": State.WAITING}
        if await self._rows.find_one({**waiting, "claimed_until": {"$gte": time()}}, projection={"_id": 1}):
            return []
        rows = await self._rows.find(waiting, sort=BY_POSITION, limit=most)
        first = list(takewhile(lambda row: row["due"] <= now, rows))
        claimed = await self._take(first, _free(subscription, now))
        if [row.id for row in claimed] == [row["_id"] for row in first]:
            return claimed
        await self.release(claimed)  # another process was there at the same time: neither may go before the other
        return []

    async def _take(self, rows: Sequence[Document], free: Document) -> list[Delivery]:
        if not rows:
            return []
        claim = uuid4().hex
        mine = {"_id": {"$in": [row["_id"] for row in rows]}}
        claimed = {"claim": claim, "claimed_until": time() + LEASE}
        if await self._rows.update_all({**free, **mine}, {"$set": claimed}) < len(rows):
            taken = {row["_id"] for row in await self._rows.find({**mine, "claim": claim}, fields={"_id": 1})}
            rows = [row for row in rows if row["_id"] in taken]
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

    async def get(self, delivery: str, query: Document) -> Delivery:
        """One delivery with all its attempts."""
        row = await self._rows.find_one({**query, "_id": delivery})
        if row is None:
            raise NotFound(f"there is no Delivery {delivery} within your scope")
        return _delivery(row)

    async def waiting_again(self, subscription: str) -> int:
        """How much is still to be sent again to it."""
        return await self._rows.count({"subscription": subscription, "state": State.WAITING, "again": True})

    async def waiting(self, subscription: str, most: int) -> tuple[int, datetime | None]:
        """How much is still to be sent to it, up to so many, and since when the oldest is due or will be."""
        waiting: Document = {"subscription": subscription, "state": State.WAITING}
        rows = await self._rows.aggregate([{"$match": waiting}, {"$limit": most}, {"$count": "deliveries"}])
        first = await self._rows.find_one(waiting, sort=[("due", 1)], projection={"due": 1})
        return rows[0]["deliveries"] if rows else 0, first["due"] if first else None

    async def ended(self, query: Document, replay: str, after: str, limit: int) -> list[str]:
        """What a redrive takes next, by id: what ended so, and what it took already if nobody noted that."""
        rows = await self._rows.find(
            {"subscription": query["subscription"], "_id": {"$gt": after}, "$or": [query, {"redriven": replay}]},
            sort=[("_id", 1)],
            limit=limit,
            fields={"_id": 1},
        )
        return [row["_id"] for row in rows]

    async def redrive(self, deliveries: Sequence[str], by: str, now: datetime) -> int:
        """Try these anew from the beginning of the schedule; a repeat changes nothing. How many were changed."""
        over: Document = {"_id": {"$in": list(deliveries)}, "state": {"$ne": State.WAITING}, "redriven": {"$ne": by}}
        anew = {"state": State.WAITING, "due": now, "tried": 0, "ended_at": None, "again": True, "redriven": by}
        return await self._rows.update_all(over, {"$set": {**anew, "claim": "", "claimed_until": FREE}})

    async def drop_replay(self, subscription: str, replay: str, now: datetime) -> bool:
        """What a cancelled replay was still to send is over; some of it at a time, whether there may be more."""
        waiting: Document = {"subscription": subscription, "state": State.WAITING, "again": True}
        waiting["$or"] = [{"replay": replay}, {"redriven": replay}]
        rows = await self._rows.find(waiting, limit=DROPPED_AT_ONCE, fields={"_id": 1})
        over = {"$set": {"state": State.DROPPED, "ended_at": now, "claim": ""}}
        await self._rows.update_all({**waiting, "_id": {"$in": [row["_id"] for row in rows]}}, over)
        return len(rows) == DROPPED_AT_ONCE

    async def listed(self, query: Document, *, after: str, limit: int) -> list[Delivery]:
        """Deliveries by id, those after the cursor."""
        rows = await self._rows.find({**query, "_id": {"$gt": after}}, sort=[("_id", 1)], limit=limit)
        return [_delivery(row) for row in rows]


class Endpoints:
    """How each endpoint has answered lately; several processes may write, in any order and twice."""

    def __init__(self, database: Database) -> None:
        self._rows = database.collection("endpoints")

    async def health(self, subscription: str) -> Health:
        """What is known of one."""
        return Health.model_validate(await self._rows.find_one({"_id": subscription}) or {})

    async def note(self, tried: Sequence[Delivery]) -> None:
        """Keep the first failure since it last took anything, and when that was."""
        seen: dict[str, list[Attempt]] = defaultdict(list)
        for row in tried:
            seen[row.subscription].append(row.attempts[-1])
        writes = [
            UpdateOne({"_id": name}, change, upsert=True) for name, rows in seen.items() for change in _noted(rows)
        ]
        if writes:
            await self._rows.write_all(writes)

    async def forget(self, subscriptions: Sequence[str], now: datetime) -> None:
        """They are not tried any more: when one is again, its days are counted anew, whatever is still noted late."""
        await self._rows.write_all([UpdateOne({"_id": name}, _well(now), upsert=True) for name in subscriptions])


def _well(at: datetime) -> list[Document]:
    """Failures up to this instant do not count."""
    since = {"$cond": [{"$gt": ["$failing_since", at]}, "$failing_since", None]}
    return [{"$set": {"well_at": {"$max": ["$well_at", at]}, "failing_since": since}}]


def _noted(attempts: Sequence[Attempt]) -> Iterator[list[Document]]:
    taken = max((row.at for row in attempts if row.taken), default=None)
    if taken is not None:
        yield [*_well(taken), {"$set": {"taken_at": {"$max": ["$taken_at", taken]}}}]
    failed = min((row.at for row in attempts if not row.taken and (taken is None or row.at > taken)), default=None)
    if failed is not None:  # $max and $min pass over what is null or absent
        since = {"$min": ["$failing_since", failed]}
        yield [{"$set": {"failing_since": {"$cond": [{"$lt": ["$well_at", failed]}, since, "$failing_since"]}}}]


class Cursors:
    """How far each subscription has been told; it only moves forward."""

    def __init__(self, database: Database) -> None:
        self._rows = database.collection("cursors")

    async def known(self, subscriptions: Sequence[str]) -> dict[str, int]:
        """The positions reached so far; a subscription that was told nothing yet is absent."""
        rows = await self._rows.find({"_id": {"$in": list(subscriptions)}})
        return {row["_id"]: row["position"] for row in rows}

    async def move(self, told: Mapping[str, int]) -> None:
        """Each subscription has been told everything up to its position."""
        if told:
            await self._rows.write_all(
                [UpdateOne({"_id": name}, {"$max": {"position": at}}, upsert=True) for name, at in told.items()]
            )


def _free(subscription: str, now: datetime) -> Document:
    return {
        "subscription": subscription,
        "state": State.WAITING,
        "due": {"$lte": now},
        "claimed_until": {"$lt": time()},
    }


def _document(delivery: Delivery) -> Document:
    claimed = {"claim": delivery.claim, "claimed_until": time() + LEASE} if delivery.claim else {"claimed_until": FREE}
    return {"_id": delivery.id, **delivery.model_dump(exclude={"id"}), **claimed}


def _delivery(row: Document) -> Delivery:
    return Delivery.model_validate({**row, "id": row["_id"]})


def _claimed(delivery: Delivery) -> Document:
    if delivery.state is State.DELIVERED:
        return {"_id": delivery.id}
    return {"_id": delivery.id, "claim": delivery.claim}


def _progress(delivery: Delivery) -> Document:
    progress = delivery.model_dump(include={"state", "due", "attempts", "tried", "ended_at"})
    return {**progress, "claim": "", "claimed_until": FREE}
