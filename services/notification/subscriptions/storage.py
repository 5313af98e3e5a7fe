"""Where subscriptions are kept, and who sees which."""

from collections.abc import Iterable

from services.notification.subscriptions.domain import State, Subscription
from shared.act import Scope, scope_of
from shared.auth import Caller, Role
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store

INDEXES = (
    IndexModel([("authority", 1), ("unit", 1), ("_id", 1)]),
    IndexModel([("state", 1), ("_id", 1), ("version", 1)]),
)


def subscription_store(database: Database) -> Store[Subscription]:
    """Notification's subscriptions."""
    return Store(database, "/notification/subscriptions", Subscription, indexes=INDEXES, upgrades={1: _with_filter})


def _with_filter(document: Document) -> Document:
    """Schema 1 knew types only."""
    return {**document, "only": {"types": document.get("types", ())}}


def owner_for(caller: Caller) -> str | None:
    """Subscribers of one line do not see each other; for everybody else the scope says enough."""
    return caller.organisation if caller.role is Role.SUBSCRIBER else None


def owned_by(caller: Caller) -> Document:
    """The filter of what belongs to a caller: its scope, and for a subscriber its own."""
    owner = owner_for(caller)
    return {**scope_of(caller).query(), **({} if owner is None else {"owner": owner})}


async def listed(subscriptions: Store[Subscription], caller: Caller, *, after: str, limit: int) -> list[Subscription]:
    """A caller's subscriptions by id, those after the cursor."""
    query: Document = {"_id": {"$gt": after}, "state": {"$ne": State.DELETED}, **owned_by(caller)}
    return await subscriptions.find(query, limit=limit)


async def standing(subscriptions: Store[Subscription]) -> dict[str, int]:
    """All that are sent to, and which version of each stands; out of an index alone."""
    rows = await subscriptions.collection.find({"state": State.ACTIVE}, fields={"version": 1})
    return {row["_id"]: row["version"] for row in rows}


async def active(subscriptions: Store[Subscription], among: Iterable[str]) -> list[Subscription]:
    """Those of these that are sent to."""
    return await subscriptions.find({"_id": {"$in": list(among)}, "state": State.ACTIVE})


def told(subscription: Subscription) -> Scope:
    """What a subscription is told of."""
    return Scope(authority=subscription.line, unit=subscription.unit)
