"""Where readers are kept, and how far the feed has gone out."""

from services.notification.streams.domain import Reader, State
from services.notification.subscriptions.storage import owned_by
from shared.auth import Caller
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store

INDEXES = (
    IndexModel([("authority", 1), ("owner", 1), ("_id", 1)]),
    IndexModel([("state", 1), ("_id", 1)]),
)
GONE = (State.CLOSING, State.CLOSED)
UNTOLD = (State.ASKED, State.CLOSING)


def reader_store(database: Database) -> Store[Reader]:
    """Notification's readers."""
    return Store(database, "/notification/readers", Reader, indexes=INDEXES)


async def listed(readers: Store[Reader], caller: Caller, *, after: str, limit: int) -> list[Reader]:
    """A caller's readers by id, those after the cursor."""
    query: Document = {"_id": {"$gt": after}, "state": {"$nin": GONE}, **owned_by(caller)}
    return await readers.find(query, limit=limit)


async def held(readers: Store[Reader], owner: str, line: str | None, *, but: str) -> int:
    """How many readers an organisation has beside one."""
    return await readers.count({"owner": owner, "line": line, "state": {"$nin": GONE}, "_id": {"$ne": but}})


async def untold(readers: Store[Reader], limit: int, *, after: str) -> list[Reader]:
    """Those that the broker must be told about by id, those after one."""
    return await readers.find({"state": {"$in": UNTOLD}, "_id": {"$gt": after}}, limit=limit)
