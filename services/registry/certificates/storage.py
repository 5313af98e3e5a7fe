"""Where certificates are kept: unique indexes keep a number, and a place of a person, from being given twice."""

import asyncio
from collections.abc import Iterable

from services.registry.certificates.domain import Certificate, Status
from shared.act import Scope
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store

INDEXES = (
    IndexModel([("number", 1)], unique=True),
    IndexModel([("person_index", 1), ("occupation", 1), ("level", 1), ("place", 1)], unique=True),
    IndexModel([("authority", 1), ("unit", 1), ("_id", 1)]),
)

LOOKED_UP = ("number", "status", "holder", "occupation", "level", "unit", "filed_on")


def certificate_store(database: Database) -> Store[Certificate]:
    """The registry's certificates."""
    return Store(database, "/registry/certificates", Certificate, indexes=INDEXES)


async def held_by(
    certificates: Store[Certificate], persons: Iterable[str], occupation: str, level: str
) -> dict[str, str]:
    """For each person index that holds a valid certificate of the occupation and level, its entry."""
    rows = await certificates.collection.find(
        {"person_index": {"$in": list(persons)}, "occupation": occupation, "level": level, "status": Status.VALID},
        fields={"person_index": 1},
    )
    return {row["person_index"]: row["_id"] for row in rows}


class Lookups:
    """What is on file under a number, read anew for each request.

    Requests that come in while one query is under way go together in the next: the more there are, the less each
    costs. None is answered by a query that began before it came.
    """

    def __init__(self, certificates: Store[Certificate]) -> None:
        self._certificates = certificates
        self._turn = asyncio.Lock()
        self._numbers: set[str] = set()
        self._next: asyncio.Task[dict[str, Document]] | None = None

    async def by_number(self, number: str) -> Document | None:
        """What the public may know of the certificate with a number."""
        if self._next is None:
            self._numbers = set()
            self._next = asyncio.create_task(self._read(self._numbers))
        self._numbers.add(number)
        found = await asyncio.shield(self._next)  # whoever hangs up ends nobody else's query
        return found.get(number)

    async def _read(self, numbers: set[str]) -> dict[str, Document]:
        async with self._turn:
            self._next = None
            rows = await self._certificates.some({"number": {"$in": list(numbers)}}, LOOKED_UP)
        return {row["number"]: row for row in rows}


async def listed(certificates: Store[Certificate], scope: Scope, *, after: str, limit: int) -> list[Certificate]:
    """Certificates within a scope, by id."""
    return await certificates.find({"_id": {"$gt": after}}, scope, limit=limit)
