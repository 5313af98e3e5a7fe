"""Where the feed is kept: the position is the document's id, so the database itself refuses a position given twice."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from time import monotonic

from services.notification.feed.domain.event import FeedEvent, Head, LineHead, LinkDigest, digested, placed
from services.notification.feed.domain.filters import Filter
from shared.act import NATIONAL, Scope
from shared.errors import Contended
from shared.storage.mongo import Database, Document, IndexModel

RACES = 100  # runs of other writers that may come first
ALL = Filter()
PAUSE = 0.005  # seconds at most before the next try, so that two writers do not meet again and again
LOOK = 50_000  # positions gone through at once, so that no look for what is rare, or not there, goes through millions
PLACED = {"place": {"$gt": 0}}
AFTER_EVERY_LINE = "~"  # sorts behind the code of every line
LINK = {"_id": 1, "place": 1, "event": 1, "digest": 1, "chain": 1}
INDEXES = (
    IndexModel([("event", 1)], unique=True),
    IndexModel([("authority", 1), ("unit", 1), ("_id", 1)]),
    # Heads that were read too early would give a place twice and fork the chain: the database refuses it.
    IndexModel([("authority", 1), ("place", 1)], unique=True, partialFilterExpression=PLACED),
    IndexModel([("type", 1), ("_id", 1)]),
    IndexModel([("subject", 1), ("_id", 1)]),
    IndexModel([("correlation", 1), ("_id", 1)]),
    IndexModel([("unit", 1), ("_id", 1)]),
    IndexModel([("occupation", 1), ("_id", 1)]),
    IndexModel([("level", 1), ("_id", 1)]),
    IndexModel([("about", 1), ("time", 1), ("_id", 1)]),
)


@dataclass(frozen=True)
class Wanted:
    """What a reader asks of the feed: events after a position, of a filter."""

    after: int
    limit: int
    only: Filter = ALL

    def query(self) -> Document:
        """The filter beside position and scope."""
        exact = {
            "authority": self.only.authorities,
            "unit": self.only.units,
            "occupation": self.only.occupations,
            "level": self.only.levels,
            "subject": self.only.subjects,
            "correlation": self.only.correlations,
        }
        query: Document = {field: {"$in": list(values)} for field, values in exact.items() if values}
        if self.only.types:
            query["$or"] = [{"type": _type(pattern)} for pattern in self.only.types]
        return query


def _type(pattern: str) -> str | Document:
    if not pattern.endswith(".*"):
        return pattern
    return {"$gte": pattern[:-1], "$lt": f"{pattern[:-1]}\uffff"}


def _query(wanted: Wanted, scope: Scope, until: int) -> Document:
    # Both may name the line or the unit: neither may replace the other.
    return {"_id": {"$gt": wanted.after, "$lte": until}, "$and": [within(scope), wanted.query()]}


def within(scope: Scope) -> Document:
    """The filter of a scope: a line also sees what concerns every line."""
    if scope.authority is not None and scope.unit is None:
        return {"authority": {"$in": [scope.authority, NATIONAL]}}
    return scope.query()


def admits(scope: Scope, event: FeedEvent) -> bool:
    """The same for one event in hand."""
    if scope.authority is not None and scope.unit is None:
        return event.authority in (scope.authority, NATIONAL)
    return scope.admits(event.authority, event.unit)


class FeedLog:
    """The append-only log; positions run 1 … n without a gap, whoever writes and however often."""

    def __init__(self, database: Database, look: int = LOOK) -> None:
        self._rows = database.collection("feed")
        self._at_once = look
        self._turn = asyncio.Lock()  # writers of one process need not race each other

    async def prepare(self) -> None:
        """Make the indexes; safe to repeat."""
        await self._rows.ensure_indexes(INDEXES)

    async def append(self, events: Sequence[FeedEvent]) -> int:
        """Add the events that are not in the log yet; the position of the last one added, 0 if there was none.

        There is no leader. A writer takes the positions after the highest it sees, in order, and stops at the
        first one refused: another writer was there first, or the event is known by now. Nothing after it was
        written, so no gap can arise; it looks again and goes on with the rest. Places and chains of the lines follow
        in the same way.
        """
        async with self._turn:
            left, last = {event.event: digested(event) for event in events}, 0
            for _ in range(RACES):
                known, newest = await asyncio.gather(self._known(left), self.newest())
                left = {name: event for name, event in left.items() if name not in known}
                if not left:
                    return last
                # Only now: what was written before `newest` was read is in the heads, what came after it is refused.
                run = placed(left.values(), newest, await self._heads({event.authority for event in left.values()}))
                refused = await self._rows.insert_all([_document(event) for event in run], ordered=True)
                taken = run[: len(run) - len(refused)]
                last = taken[-1].position if taken else last
                left = {event.event: event for event in run[len(taken) :]}
                if left:
                    await asyncio.sleep(random.uniform(0, PAUSE))  # noqa: S311 - no secret
        raise Contended("many writers append to the feed at once; the events come again")

    async def _known(self, events: Iterable[str]) -> set[str]:
        rows = await self._rows.find({"event": {"$in": list(events)}}, fields={"event": 1, "_id": 0})
        return {row["event"] for row in rows}

    async def _heads(self, lines: Iterable[str]) -> dict[str, Head]:
        names = list(lines)
        found = await asyncio.gather(*(self._head(line) for line in names))
        return dict(zip(names, found, strict=True))

    async def _head(self, line: str) -> Head:
        row = await self._rows.find_one(
            {"authority": line, **PLACED}, sort=[("place", -1)], projection={"place": 1, "chain": 1, "_id": 0}
        )
        return Head(**row) if row else Head()

    async def heads(self) -> AsyncIterator[LineHead]:
        """The last event of every line that has said anything, one step in the index for each line, however long."""
        line, fields = AFTER_EVERY_LINE, {"authority": 1, "place": 1, "chain": 1}
        while row := await self._rows.find_one(
            {"authority": {"$lt": line}, **PLACED}, sort=[("authority", -1), ("place", -1)], projection=fields
        ):
            line = row["authority"]
            yield LineHead(line, row["place"], row["_id"], row["chain"])

    async def chains(self, places: Mapping[str, int]) -> dict[str, str]:
        """The chain of each line at one place of it, as far as the log has it."""
        wanted = [{"authority": line, "place": place} for line, place in places.items()]
        rows = await self._rows.find({"$or": wanted}, fields={"authority": 1, "chain": 1}) if wanted else []
        return {row["authority"]: row["chain"] for row in rows}

    async def links(self, line: str, first: int, last: int | None, most: int) -> list[LinkDigest]:
        """What the chain of a line is made of, from one place to another (both included), without any content."""
        rows = await self._rows.find(_places(line, first, last), sort=[("place", 1)], limit=most, fields=LINK)
        return [LinkDigest(row["place"], row["_id"], row["event"], row["digest"], row["chain"]) for row in rows]

    async def along(self, line: str, first: int, last: int | None, most: int) -> list[FeedEvent]:
        """The events of a line from one place to another, both included."""
        rows = await self._rows.find(_places(line, first, last), sort=[("place", 1)], limit=most)
        return [_event(row) for row in rows]

    async def newest(self) -> int:
        """The highest position, 0 while the log is empty."""
        row = await self._rows.find_one({}, sort=[("_id", -1)], projection={"_id": 1})
        return int(row["_id"]) if row else 0

    async def read(self, wanted: Wanted, scope: Scope, until: int) -> list[FeedEvent]:
        """Events after a position up to `until` (included) within a scope, oldest first."""
        rows = await self._rows.find(_query(wanted, scope, until), sort=[("_id", 1)], limit=wanted.limit)
        return [_event(row) for row in rows]

    async def look(self, wanted: Wanted, scope: Scope, until: int, seconds: float) -> tuple[list[FeedEvent], int]:
        """What is found of it in about so many seconds, and the position up to which that is all.

        Two filters that are common, and never meet, cost a step for each event of the feed: a look ends in time all
        the same, and the next one goes on from there.
        """
        rows, reached = list[FeedEvent](), wanted.after
        for at, reached in self._parts(wanted.after, until, seconds):
            rows += await self.read(replace(wanted, after=at, limit=wanted.limit - len(rows)), scope, reached)
            if len(rows) == wanted.limit:
                return rows, rows[-1].position
        return rows, reached

    async def count(self, wanted: Wanted, scope: Scope, until: int, seconds: float) -> tuple[int, bool]:
        """How many there are, up to the limit and in about so many seconds; whether that is all."""
        count, reached = 0, wanted.after
        for at, reached in self._parts(wanted.after, until, seconds):
            left = wanted.limit - count
            query = _query(replace(wanted, after=at), scope, reached)
            found = await self._rows.aggregate([{"$match": query}, {"$limit": left}, {"$count": "events"}])
            count += found[0]["events"] if found else 0
            if count == wanted.limit:
                return count, False
        return count, reached >= until

    def _parts(self, after: int, until: int, seconds: float) -> Iterator[tuple[int, int]]:
        """The first part whatever it takes, then further ones as long as there is time."""
        at, ends = after, monotonic() + seconds
        while at < until and (at == after or monotonic() < ends):
            begin, at = at, min(at + self._at_once, until)
            yield begin, at

    async def naming(self, subject: str, scope: Scope, most: int) -> list[FeedEvent]:
        """Events that name something, by the time they were said."""
        query = {"about": subject, **within(scope)}
        rows = await self._rows.find(query, sort=[("time", 1), ("_id", 1)], limit=most)
        return [_event(row) for row in rows]

    async def at(self, positions: Sequence[int]) -> dict[int, FeedEvent]:
        """The events at these positions."""
        rows = await self._rows.find({"_id": {"$in": list(positions)}})
        return {row["_id"]: _event(row) for row in rows}


def _places(line: str, first: int, last: int | None) -> Document:
    bounds = {"$gte": max(first, 1)} if last is None else {"$gte": max(first, 1), "$lte": last}
    return {"authority": line, "place": bounds}


class Reached:
    """How far a follower has come in the feed; it only moves forward."""

    def __init__(self, database: Database, follower: str) -> None:
        self._rows = database.collection("reached")
        self._follower = follower

    async def position(self) -> int:
        """The position up to which all is done; 0 before the first."""
        row = await self._rows.find_one({"_id": self._follower})
        return int(row["position"]) if row else 0

    async def move(self, position: int) -> None:
        """Everything up to `position` is done."""
        await self._rows.update({"_id": self._follower}, {"$max": {"position": position}}, upsert=True)


def _document(event: FeedEvent) -> Document:
    row = event._asdict()
    return {"_id": row.pop("position"), **row}


def _event(row: Document) -> FeedEvent:
    # A field of a newer process is left out: two versions of the service run side by side.
    kept = {field: row[field] for field in FeedEvent._fields if field in row}
    return FeedEvent(**{**kept, "position": row["_id"], "about": tuple(row.get("about", ()))})
