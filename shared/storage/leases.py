"""A lease: at most one process at a time does a named piece of work, and another takes over when it dies."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from uuid import uuid4

from shared.errors import StorageUnavailable
from shared.storage.mongo import Database

RENEWALS = 3  # in the length of a lease that is kept up
HOLDER = f"{os.getpid()}-{uuid4().hex[:8]}"


class Lease:
    """Held for `seconds` of the database's own clock, renewed by taking it again; `holder` is this process."""

    def __init__(self, database: Database, name: str, seconds: float = 10.0, holder: str = HOLDER) -> None:
        self._leases = database.collection("leases")
        self._database = database
        self._name = name
        self._length = timedelta(seconds=seconds)
        self._holder = holder

    async def take(self) -> bool:
        """Take or renew; False while another process holds it."""
        now = await self._database.server_time()
        mine_or_free = {"_id": self._name, "$or": [{"holder": self._holder}, {"until": {"$lt": now}}]}
        return await self._leases.update(
            mine_or_free, {"$set": {"holder": self._holder, "until": now + self._length}}, upsert=True
        )

    async def release(self) -> None:
        """Give it back, so that a successor need not wait."""
        await self._leases.delete({"_id": self._name, "holder": self._holder})

    @asynccontextmanager
    async def kept_up(self) -> AsyncIterator[None]:
        """Renew a lease that was taken while the block lasts, and give it back at its end."""
        async with self.given_back():
            renewing = asyncio.create_task(self._renew())
            try:
                yield
            finally:
                renewing.cancel()
                await asyncio.wait([renewing])

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._length.total_seconds() / RENEWALS)
            with suppress(StorageUnavailable):  # the next one is in time, or it runs out
                await self.take()

    @asynccontextmanager
    async def given_back(self) -> AsyncIterator[None]:
        """Release it at the end of the block, whatever the end; a database that is away lets it run out."""
        try:
            yield
        finally:
            with suppress(StorageUnavailable):
                await self.release()
