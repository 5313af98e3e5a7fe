"""Where signals are kept, batch by batch."""

from services.assessment.signals.domain import Signal
from shared.errors import NotFound
from shared.storage.mongo import Database, IndexModel
from shared.storage.store import Store


def signal_store(database: Database) -> Store[Signal]:
    """What was found in the sheets of batches."""
    return Store(database, "/assessment/signals", Signal, indexes=(IndexModel([("batch", 1), ("_id", 1)]),))


async def listed(signals: Store[Signal], batch: str, *, after: str, limit: int) -> list[Signal]:
    """Signals of a batch by id, those after the cursor."""
    return await signals.find({"batch": batch, "_id": {"$gt": after}}, limit=limit)


async def signal_of(signals: Store[Signal], batch: str, identity: str) -> Signal:
    """A signal of a batch that the caller may see, or `NotFound`."""
    signal = await signals.get(identity)
    if signal.batch != batch:
        raise NotFound(f"there is no Signal {identity} in this batch")
    return signal
