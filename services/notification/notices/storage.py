"""Where public notices are kept, and how far the feed was followed for them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.notification.notices.domain.notice import Notice, NoticeKind, State
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store

PUBLIC: Document = {"was_published": True}
NEWEST_FIRST = (("opens_at", -1), ("_id", -1))
INDEXES = (
    IndexModel([("was_published", 1), ("opens_at", -1), ("_id", -1)]),
    IndexModel([("series", 1)], partialFilterExpression={"series": {"$gt": ""}}),
    IndexModel([("opens_at", 1)], name="scheduled", partialFilterExpression={"state": State.SCHEDULED}),
)
MOST_DUE = 500


@dataclass(frozen=True)
class Asked:
    """Which published notices a reader wants: of a kind, a line, open now or not any more (None: both)."""

    kind: NoticeKind | None = None
    line: str | None = None
    is_open: bool | None = None

    def query(self, now: datetime) -> Document:
        """The filter at an instant."""
        named: Document = {"kind": self.kind, "authority": self.line}
        query = {**PUBLIC, **{field: value for field, value in named.items() if value is not None}}
        if self.is_open is True:
            return {**query, "state": State.PUBLISHED, "ends_at": {"$gt": now}}
        if self.is_open is False:
            return {**query, "$or": [{"state": {"$ne": State.PUBLISHED}}, {"ends_at": {"$lte": now}}]}
        return query


def notice_store(database: Database) -> Store[Notice]:
    """Notification's public notices."""
    return Store(database, "/notification/notices", Notice, indexes=INDEXES)


async def listed(store: Store[Notice], query: Document, after: tuple[datetime, str] | None, limit: int) -> list[Notice]:
    """The newest first, those after a place in that order."""
    if after is None:
        return await store.find(query, sort=NEWEST_FIRST, limit=limit)
    opened, identity = after
    further = [{"opens_at": {"$lt": opened}}, {"opens_at": opened, "_id": {"$lt": identity}}]
    return await store.find({"$and": [query, {"$or": further}]}, sort=NEWEST_FIRST, limit=limit)


async def scheduled(store: Store[Notice], now: datetime) -> list[Notice]:
    """Announcements whose time has come."""
    return await store.find({"state": State.SCHEDULED, "opens_at": {"$lte": now}}, limit=MOST_DUE)


async def of_series(store: Store[Notice], series: Sequence[str]) -> list[Notice]:
    """Every notice of these series."""
    return await store.find({"series": {"$in": list(series)}}) if series else []


class UnitNames:
    """What the registry calls each unit; the highest sequence stands, in whatever order its events come."""

    def __init__(self, database: Database) -> None:
        self._rows = database.collection("unit_names")

    async def learn(self, unit: str, name: str, sequence: int) -> None:
        """A unit is called so as of this version of it."""
        named = {"name": name, "sequence": sequence}
        await self._rows.update({"_id": unit}, {"$setOnInsert": named}, upsert=True)
        await self._rows.update({"_id": unit, "sequence": {"$lt": sequence}}, {"$set": named})

    async def known(self, units: Iterable[str | None]) -> dict[str, str]:
        """The names of those of these units that have been heard of."""
        rows = await self._rows.find({"_id": {"$in": [unit for unit in set(units) if unit]}})
        return {row["_id"]: row["name"] for row in rows}
