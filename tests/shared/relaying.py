"""A relay at work, and what it did, for the tests of the outbox."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.messaging.wire import Wire
from shared.outbox.relay import Relay
from shared.storage.leases import Lease
from shared.storage.mongo import Database
from shared.storage.store import Store
from tests.live import Said, eventually
from tests.shared.notes import Note, pending_of

NEVER = 3600.0  # seconds; no sweep within any test


@asynccontextmanager
async def relaying(
    wire: Wire,
    database: Database,
    *stores: Store[Note],
    sweep_every: float = NEVER,
    sweep_after: float = 0.0,
    holder: str = "tests",
) -> AsyncIterator[Relay]:
    """A relay that serves the stores until the block ends."""
    lease = Lease(database, f"sweep-{stores[0].collection.name}", holder=holder)
    relay = Relay(wire, lease, sweep_every=sweep_every, sweep_after=sweep_after)
    relay.serves(*stores)
    running = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        running.cancel()
        await asyncio.wait([running])


async def struck(store: Store[Note], name: str = "note-1") -> None:
    """Wait until nothing is pending."""

    async def nothing() -> bool:
        return await pending_of(store, name) == []

    await eventually(nothing)


async def heard_of(said: list[Said], count: int) -> list[str]:
    """The ids of the events said, once there are so many."""

    async def enough() -> list[str]:
        return [one.headers["ce-id"] for one in said] if len(said) >= count else []

    return await eventually(enough)


async def nothing_is_pending(store: Store[Note]) -> None:
    """Wait until every event of the store is struck."""

    async def all_struck() -> bool:
        return await store.collection.count({"pending.0": {"$exists": True}}) == 0

    await eventually(all_struck)
