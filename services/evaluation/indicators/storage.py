"""Facts and the mirror of units: plain collections that say nothing, and the counts over them."""

from collections.abc import Sequence

from services.evaluation.indicators.domain import Counted, Fact, Unit, UnitIndicators, add_up
from shared.act import EVERYTHING, Scope
from shared.events.assessment import ResultsPublicised
from shared.storage.mongo import Database, Document, IndexModel

# Every question names its unit, so these serve all scopes; counts are read from the second one alone.
FACT_INDEXES = (
    IndexModel([("unit", 1), ("_id", 1)]),
    IndexModel([("unit", 1), ("kind", 1), ("batch", 1), ("at", 1), ("authority", 1)]),
)
UNIT_INDEXES = (IndexModel([("authority", 1), ("unit", 1), ("_id", 1)]),)


class Facts:
    """Facts by event id: whatever is heard again is there already, in whatever order it comes."""

    def __init__(self, database: Database) -> None:
        self._facts = database.collection("facts")

    async def prepare(self) -> None:
        """Make the indexes; safe to repeat."""
        await self._facts.ensure_indexes(FACT_INDEXES)

    async def keep(self, facts: Sequence[Fact]) -> None:
        """Keep many at once."""
        await self._facts.insert_all([_document(row) for row in facts])

    async def listed(
        self, unit: str, scope: Scope, *, batch: str | None, kind: str | None, after: str, limit: int
    ) -> list[Fact]:
        """Facts of a unit by id, those after the cursor."""
        named = {field: value for field, value in {"batch": batch, "kind": kind}.items() if value is not None}
        query = {**_within(unit, scope), **named, "_id": {"$gt": after}}
        rows = await self._facts.find(query, sort=[("_id", 1)], limit=limit)
        return [_fact(row) for row in rows]

    async def figures(self, unit: str, scope: Scope = EVERYTHING) -> UnitIndicators | None:
        """The figures of a unit, or None when it has no facts within the scope."""
        within = _within(unit, scope)
        rows = await self._facts.aggregate([{"$match": within}, _COUNTED])
        publicised = await self._facts.find({**within, "kind": ResultsPublicised.type})
        counted = [Counted(**row["_id"], **row) for row in rows]
        return add_up(counted, [_fact(row) for row in publicised]) if counted else None


class Units:
    """The mirror of the registry's units: the newest description wins, in whatever order they come."""

    def __init__(self, database: Database) -> None:
        self._units = database.collection("units")

    async def prepare(self) -> None:
        """Make the indexes; safe to repeat."""
        await self._units.ensure_indexes(UNIT_INDEXES)

    async def keep(self, unit: Unit) -> None:
        """Keep a description unless a newer one is known."""
        older: Document = {"_id": unit.id, "sequence": {"$lt": unit.sequence}}
        await self._units.update(older, {"$set": unit.model_dump(exclude={"id"})}, upsert=True)

    async def find(self, identity: str, scope: Scope) -> Unit | None:
        """The unit within the scope."""
        found = await self._units.find_one({"_id": identity, **scope.query()})
        return None if found is None else Unit(**found, id=found["_id"])

    async def listed(self, scope: Scope, *, after: str, limit: int) -> list[Unit]:
        """Units within the scope by id, those after the cursor."""
        rows = await self._units.find({"_id": {"$gt": after}, **scope.query()}, sort=[("_id", 1)], limit=limit)
        return [Unit(**row, id=row["_id"]) for row in rows]


def _document(row: Fact) -> Document:
    return {"_id": row.id, **row.model_dump(exclude={"id"})}


def _within(unit: str, scope: Scope) -> Document:
    # both conditions on `unit` stand: a unit's own scope and another unit's name find nothing together
    return {"$and": [{"unit": unit}, scope.query()]}


def _fact(row: Document) -> Fact:
    return Fact(**row, id=row["_id"])


_COUNTED: Document = {
    "$group": {
        "_id": {"unit": "$unit", "kind": "$kind", "batch": "$batch"},
        "authority": {"$first": "$authority"},
        "facts": {"$sum": 1},
        "first_at": {"$min": "$at"},
        "last_at": {"$max": "$at"},
        "mean_ms": {"$avg": {"$toLong": "$at"}},
    }
}
