"""Where the mirrors are kept, and what batches ask of them."""

from datetime import date

from services.assessment.mirrors.domain import Standard, Unit
from shared.act import Scope
from shared.storage.mongo import Database, IndexModel
from shared.storage.store import Store

SUSPENDED = IndexModel([("suspended_on", 1)], partialFilterExpression={"suspended_on": {"$type": "string"}})


def unit_store(database: Database) -> Store[Unit]:
    """Assessment's mirror of units."""
    return Store(database, "/assessment/units", Unit, indexes=(SUSPENDED,))


def standard_store(database: Database) -> Store[Standard]:
    """Assessment's mirror of standard editions."""
    return Store(database, "/assessment/standards", Standard, indexes=(IndexModel([("occupation", 1)]),))


async def unit_within(units: Store[Unit], unit: str, scope: Scope) -> Unit | None:
    """A unit, if it is known and within the scope."""
    found = await units.find({"_id": unit}, scope, limit=1)
    return found[0] if found else None


async def suspended_units(units: Store[Unit], on: date) -> list[Unit]:
    """The units that have no standing that day."""
    return await units.find({"suspended_on": {"$type": "string", "$lte": on}})


async def editions_of(standards: Store[Standard], occupation: str) -> list[Standard]:
    """Every edition known for an occupation."""
    return await standards.find({"occupation": occupation})
