"""Where cycles and extensions are kept, the lists asked of them, and the stages of the data file."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.evaluation.cycles.domain import Cycle, Extension, Stage
from shared.act import Scope
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store

EXTENSION_INDEXES = (
    IndexModel([("cycle", 1), ("organisation", 1), ("act", 1), ("until", -1)]),
    IndexModel([("cycle", 1), ("authority", 1), ("unit", 1), ("_id", 1)]),
)


class _StageFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_number: Literal[1] = Field(alias="schema")
    status: Literal["official", "comparable", "ours"]
    source: str
    stages: tuple[Stage, ...] = Field(min_length=1)


def stages_in(file: Path) -> tuple[Stage, ...]:
    """The stages of `stages.json`, in their order."""
    return _StageFile.model_validate(json.loads(file.read_bytes())).stages


def cycle_store(database: Database) -> Store[Cycle]:
    """The cycles of the programme."""
    return Store(database, "/evaluation/cycles", Cycle, indexes=(IndexModel([("next_at", 1)]),))


def extension_store(database: Database) -> Store[Extension]:
    """What was granted to organisations that are late."""
    return Store(database, "/evaluation/extensions", Extension, indexes=EXTENSION_INDEXES)


async def due(cycles: Store[Cycle], now: datetime, limit: int) -> list[Cycle]:
    """Cycles with a stage that opened or closed and was not announced, the longest waiting first."""
    return await cycles.find({"next_at": {"$lte": now}}, sort=[("next_at", 1)], limit=limit)


async def listed(cycles: Store[Cycle], *, after: str, limit: int) -> list[Cycle]:
    """Cycles by id, those after the cursor."""
    return await cycles.find({"_id": {"$gt": after}}, limit=limit)


async def extended_until(extensions: Store[Extension], cycle: str, act: str, organisation: str) -> date | None:
    """The last day of the longest extension an organisation has for an act."""
    query: Document = {"cycle": cycle, "organisation": organisation, "act": act}
    rows = await extensions.find(query, sort=[("until", -1)], limit=1)
    return rows[0].until if rows else None


async def extensions_of(
    extensions: Store[Extension], cycle: str, scope: Scope, *, after: str, limit: int
) -> list[Extension]:
    """The extensions of a cycle within a scope, by id, those after the cursor."""
    return await extensions.find({"cycle": cycle, "_id": {"$gt": after}}, scope, limit=limit)
