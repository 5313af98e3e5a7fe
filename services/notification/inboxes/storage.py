"""Where items of inboxes are kept, who sees which, and how they are found."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.notification.feed.domain.filters import EVERY_LINE
from services.notification.inboxes.domain.item import Desk, Item, Standing, desk_of_line, desk_of_unit
from shared.act import scope_of
from shared.auth import Caller, Role
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store

OPEN: Document = {"waits": True, "settlement": None}
RUN = 500  # items looked at in one go
INDEXES = (
    IndexModel([("desk", 1), ("soonest", 1), ("_id", 1)]),
    IndexModel([("desk", 1), ("position", -1), ("_id", -1)]),
    IndexModel([("desk", 1), ("shown_at", 1)]),
    IndexModel([("desk", 1), ("shown_at", 1)], name="unread", partialFilterExpression={"read": None}),
    IndexModel([("desk", 1), ("soonest", 1), ("_id", 1)], name="waiting", partialFilterExpression=OPEN),
    IndexModel([("authority", 1), ("unit", 1), ("position", -1), ("_id", -1)]),
    IndexModel([("position", -1), ("_id", -1)]),
    IndexModel([("subject", 1)], partialFilterExpression={"waits": True}),
    IndexModel([("shown_at", 1)], name="untold", partialFilterExpression={"told": False}),
    IndexModel([("due_at", 1)], name="open", partialFilterExpression=OPEN),
)


class Which(StrEnum):
    """Items by how they stand or what was done with them."""

    UNREAD = "unread"
    READ = "read"
    ACKNOWLEDGED = "acknowledged"
    NEWS = "news"
    OPEN = "open"
    """Waiting, near the limit or beyond it."""
    WAITING = "waiting"
    SOON = "soon"
    OVERDUE = "overdue"
    SETTLED = "settled"


class Order(StrEnum):
    """What comes first."""

    DUE = "due"
    NEWEST = "newest"


@dataclass(frozen=True)
class Moment:
    """Now, and how near to its last day something is near its limit."""

    now: datetime
    soon_days: int

    @property
    def near(self) -> datetime:
        """What is due before that is near its limit."""
        return self.now + timedelta(days=self.soon_days)

    def query(self, which: Which) -> Document:
        """The filter of those items."""
        undone: Document = {"$or": [{"due_at": None}, {"due_at": {"$gt": self.near}}]}
        queries: dict[Which, Document] = {
            Which.UNREAD: {"read": None},
            Which.READ: {"read": {"$ne": None}},
            Which.ACKNOWLEDGED: {"acknowledged": {"$ne": None}},
            Which.NEWS: {"waits": False},
            Which.OPEN: OPEN,
            Which.WAITING: {**OPEN, **undone},
            Which.SOON: {**OPEN, "due_at": {"$gt": self.now, "$lte": self.near}},
            Which.OVERDUE: {**OPEN, "due_at": {"$lte": self.now}},
            Which.SETTLED: {"settlement": {"$ne": None}},
        }
        return queries[which]


def item_store(database: Database) -> Store[Item]:
    """Notification's items of inboxes."""
    return Store(database, "/notification/inbox_items", Item, indexes=INDEXES)


def desk_of(caller: Caller) -> Desk:
    """The inbox of a caller's organisation."""
    if caller.role is Role.UNIT:
        return desk_of_unit(caller.authority or EVERY_LINE, caller.organisation)
    return desk_of_line(caller.authority or EVERY_LINE)


def seen_by(caller: Caller) -> Document:
    """What a caller may see: its own; an auditor every one in its scope."""
    return scope_of(caller).query() if caller.role is Role.AUDITOR else {"desk": desk_of(caller).name}


async def listed(store: Store[Item], query: Document, order: Order, after: tuple[str, str], limit: int) -> list[Item]:
    """Items in an order, those after a place in it."""
    value, identity = after
    if order is Order.DUE:
        further: Document = {"$or": [{"soonest": {"$gt": value}}, {"soonest": value, "_id": {"$gt": identity}}]}
        sort = (("soonest", 1), ("_id", 1))
    else:
        at = int(value or 0)
        further = {"$or": [{"position": {"$lt": at}}, {"position": at, "_id": {"$lt": identity}}]}
        sort = (("position", -1), ("_id", -1))
    return await store.find({"$and": [query, further]} if value else query, sort=sort, limit=limit)


async def open_about(store: Store[Item], subjects: Iterable[str]) -> list[Item]:
    """What waits about these."""
    return await store.find({"subject": {"$in": sorted(subjects)}, **OPEN})


async def untold(store: Store[Item], now: datetime) -> list[Item]:
    """Items of which no mails are made yet, the oldest first."""
    return await store.find({"told": False, "shown_at": {"$lte": now}}, sort=(("shown_at", 1),), limit=RUN)


async def unreminded(store: Store[Item], moment: Moment) -> list[Item]:
    """Items that came near their limit or passed it since mails were made of them."""
    known: Document = {"told": True, "shown_at": {"$lte": moment.now}, **OPEN}
    late = {"due_at": {"$lte": moment.now}, "reminded": {"$ne": Standing.OVERDUE}}
    near = {"due_at": {"$gt": moment.now, "$lte": moment.near}, "reminded": Standing.NEWS}
    return await store.find({**known, "$or": [late, near]}, sort=(("due_at", 1),), limit=RUN)
