"""Where replays are kept, and which of them go on."""

from services.notification.replays.domain import Replay
from services.notification.subscriptions.storage import owned_by
from shared.auth import Caller
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store

INDEXES = (
    IndexModel([("authority", 1), ("unit", 1), ("_id", 1)]),
    IndexModel([("ended_at", 1), ("_id", 1)]),
)


def replay_store(database: Database) -> Store[Replay]:
    """Notification's replays."""
    return Store(database, "/notification/replays", Replay, indexes=INDEXES)


async def running(replays: Store[Replay]) -> list[Replay]:
    """All that go on, and those cancelled of which something is still to be dropped."""
    return await replays.find({"ended_at": None})


async def listed(replays: Store[Replay], caller: Caller, *, after: str, limit: int) -> list[Replay]:
    """A caller's replays by id, those after the cursor."""
    query: Document = {"_id": {"$gt": after}, **owned_by(caller)}
    return await replays.find(query, limit=limit)
