"""Where plans and their earlier editions are kept, the lists that are asked of them, and the sections' data file."""

import json
from pathlib import Path

from services.registry.plans.domain import IN_FORCE, FiledEdition, Plan, PlanKind, Section, State
from shared.act import Scope
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store

INDEXES = (
    IndexModel([("authority", 1), ("unit", 1), ("_id", 1)]),
    IndexModel([("state", 1), ("valid_until", 1)]),
    IndexModel([("shares.plan", 1)], sparse=True),
    IndexModel([("line", 1)], unique=True, partialFilterExpression={"line": {"$type": "string"}}),
)


def plan_store(database: Database) -> Store[Plan]:
    """The registry's plans."""
    return Store(database, "/registry/plans", Plan, indexes=INDEXES, upgrades={1: _with_editions})


def edition_store(database: Database) -> Store[FiledEdition]:
    """Editions that a later one has replaced."""
    return Store(database, "/registry/plan_editions", FiledEdition, indexes=(IndexModel([("plan", 1)]),))


def sections_in(file: Path) -> tuple[Section, ...]:
    """The sections of `plan_sections.json`."""
    rows = json.loads(file.read_text(encoding="utf-8"))["sections"]
    return tuple(Section.model_validate(row) for row in rows)


async def listed(
    plans: Store[Plan], scope: Scope, *, state: State | None, kind: PlanKind | None, after: str, limit: int
) -> list[Plan]:
    """Plans within a scope, by id, those after the cursor."""
    wanted = {"state": state, "kind": kind}
    query: Document = {"_id": {"$gt": after}, **{name: value for name, value in wanted.items() if value is not None}}
    return await plans.find(query, scope, limit=limit)


async def overall_in_force(plans: Store[Plan], authority: str) -> Plan | None:
    """The overall plan on file of an authority; there is one at most."""
    found = await plans.find({"line": authority}, limit=1)
    return found[0] if found else None


async def framing(plans: Store[Plan], authority: str, plan: str) -> list[Plan]:
    """The overall plans of the line of which a unit plan takes a share."""
    return await plans.find({"authority": authority, "shares.plan": plan})


async def unsettled(plans: Store[Plan]) -> list[Plan]:
    """Overall plans in which something is reserved for a filing that has not come about."""
    return await plans.find({"line": {"$type": "string"}, "shares.coming.valid_from": {"$exists": True}})


async def over(plans: Store[Plan], today: str, limit: int) -> list[Plan]:
    """Filed plans whose last day is over, the longest waiting first; `today` as ISO text, as days are kept."""
    query: Document = {"state": {"$in": list(IN_FORCE)}, "valid_until": {"$lt": today}}
    return await plans.find(query, sort=[("valid_until", 1)], limit=limit)


def _with_editions(document: Document) -> Document:
    """A plan from before there were editions: what is on file is the first."""
    return {**document, "edition": int(document["state"] == State.FILED)}
