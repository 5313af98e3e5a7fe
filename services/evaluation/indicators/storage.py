"""Facts and the mirror of units: plain collections that say nothing, and the sums over them."""

from collections.abc import Iterable, Sequence
from typing import Any

from services.evaluation.indicators.domain import Fact, Unit, UnitIndicators
from shared.act import EVERYTHING, Scope
from shared.events.assessment import BatchClosed, BatchFiled, ResultsPublicised
from shared.events.base import Event
from shared.events.registry import CertificateFiled, FilingRejected
from shared.storage.mongo import Database, Document, IndexModel

FACT_INDEXES = (
    IndexModel([("authority", 1), ("unit", 1), ("_id", 1)]),
    IndexModel([("unit", 1), ("_id", 1)]),
    IndexModel([("batch", 1), ("kind", 1)]),
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
        query: Document = {"$and": [scope.query(), {"unit": unit, "_id": {"$gt": after}, **named}]}
        rows = await self._facts.find(query, sort=[("_id", 1)], limit=limit)
        return [Fact(**row, id=row["_id"]) for row in rows]

    async def figures(self, units: Iterable[str], scope: Scope = EVERYTHING) -> dict[str, UnitIndicators]:
        """The figures of those units that have facts within the scope."""
        wanted: Document = {"$and": [scope.query(), {"unit": {"$in": list(units)}}]}
        rows = await self._facts.aggregate([{"$match": wanted}, _BY_BATCH, _LAG, _BY_UNIT])
        return {row["unit"]: UnitIndicators.added_up(row) for row in rows}


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


def _of(kind: type[Event], value: Any, otherwise: Any = None) -> Document:
    return {"$cond": [{"$eq": ["$kind", kind.type]}, value, otherwise]}


# Results that are publicised again replace the earlier ones: documents compare by their first field, so the
# greatest is the newest. Nothing below depends on the order of the facts, and null never counts.
_RESULTS = {"sequence": "$sequence", "entries": "$entries", "passed": "$passed", "failed": "$failed"}
_BY_BATCH: Document = {
    "$group": {
        "_id": {"unit": "$unit", "batch": "$batch"},
        "authority": {"$max": "$authority"},
        "batches": {"$max": _of(BatchFiled, 1, 0)},
        "results": {"$max": _of(ResultsPublicised, _RESULTS)},
        "closed_at": {"$min": _of(BatchClosed, {"$toLong": "$at"})},
        "filed": {"$sum": _of(CertificateFiled, 1, 0)},
        "filed_mean": {"$avg": _of(CertificateFiled, {"$toLong": "$at"})},
        "filed_last": {"$max": _of(CertificateFiled, {"$toLong": "$at"})},
        "rejected": {"$sum": _of(FilingRejected, 1, 0)},
        "last_event_at": {"$max": "$at"},
    }
}


def _seconds_after_close(instant: str) -> Document:
    return {"$divide": [{"$subtract": [instant, "$closed_at"]}, 1000]}


# Null goes through subtraction and division, so a batch that is open or has no filings has no lag.
_LAG: Document = {
    "$set": {
        "timed": {"$cond": [{"$gt": [{"$min": ["$closed_at", "$filed_last"]}, None]}, "$filed", 0]},
        "lag": {"$multiply": ["$filed", _seconds_after_close("$filed_mean")]},
        "longest": _seconds_after_close("$filed_last"),
    }
}
_BY_UNIT: Document = {
    "$group": {
        "_id": "$_id.unit",
        "unit": {"$first": "$_id.unit"},
        "authority": {"$max": "$authority"},
        **{name: {"$sum": f"${name}"} for name in ("batches", "filed", "rejected", "timed", "lag")},
        **{name: {"$sum": f"$results.{name}"} for name in ("entries", "passed", "failed")},
        "longest": {"$max": "$longest"},
        "last_event_at": {"$max": "$last_event_at"},
    }
}
