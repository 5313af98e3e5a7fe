"""Where certificates are kept: unique indexes keep a number, and a place of a person, from being given twice."""

from collections.abc import Iterable

from services.registry.certificates.domain import Certificate, Status
from shared.act import Scope
from shared.storage.mongo import Database, IndexModel
from shared.storage.store import Store

INDEXES = (
    IndexModel([("number", 1)], unique=True),
    IndexModel([("person_index", 1), ("occupation", 1), ("level", 1), ("place", 1)], unique=True),
    IndexModel([("authority", 1), ("unit", 1), ("_id", 1)]),
)


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


async def by_number(certificates: Store[Certificate], number: str) -> Certificate | None:
    """The certificate with a number."""
    found = await certificates.find({"number": number}, limit=1)
    return found[0] if found else None


async def listed(certificates: Store[Certificate], scope: Scope, *, after: str, limit: int) -> list[Certificate]:
    """Certificates within a scope, by id."""
    return await certificates.find({"_id": {"$gt": after}}, scope, limit=limit)
