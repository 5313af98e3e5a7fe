"""Where batches are kept, the lists asked of them, and who is writing rows into one."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from time import time

from services.assessment.batches.domain import OPEN, Batch, State
from shared.act import Act, Scope
from shared.errors import Contended
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store

INDEXES = (
    IndexModel([("authority", 1), ("unit", 1), ("_id", 1)]),
    IndexModel([("unit", 1), ("state", 1)]),
    IndexModel([("state", 1), ("notice.ends_at", 1)]),
    IndexModel([("unit", 1), ("_id", 1)], name="frozen", partialFilterExpression={"frozen": True}),
    # Who assessed before, and where: the rules of assignment, and a card that does not hold any more.
    IndexModel([("unit", 1), ("occupation", 1), ("exam_on", -1), ("_id", -1)]),
    IndexModel([("sittings.site", 1), ("sittings.on", 1)]),
    IndexModel([("assignment.groups.assessors", 1)]),
    IndexModel([("assignment.supervisor", 1)]),
)
MOST_TOLD = 500  # batches frozen or released in one write; the next look takes the rest
MOST_DUE = 100  # batches made final in one look; the next look takes the rest
LONGEST_WRITE = 20.0  # seconds after which a request that writes rows is ended
GIVES_UP = LONGEST_WRITE + 10  # seconds after which nothing of one that did not sign off can land any more


def batch_store(database: Database) -> Store[Batch]:
    """Assessment's batches."""
    return Store(database, "/assessment/batches", Batch, indexes=INDEXES, upgrades={1: _with_sittings})


def _with_sittings(document: Document) -> Document:
    """Schema 1 had one day and site, took entries and scores while it was filed, and named its group in two fields."""
    held = {"on": document["exam_on"], "begins": "09:00", "site": document.get("site", "")}
    group = {"part": "practical", "assessors": document.get("assessors", [])}
    return {
        **document,
        "state": State.REGISTERING if document["state"] == State.FILED else document["state"],
        "ends_on": document["exam_on"],
        "mode": "central",
        "sittings": [{"part": part["id"], **held} for part in document["parts"]],
        "registration_until": document["exam_on"],
        "assignment": {"groups": [group] if group["assessors"] else [], "supervisor": document.get("supervisor", "")},
    }


async def listed(batches: Store[Batch], scope: Scope, *, state: State | None, after: str, limit: int) -> list[Batch]:
    """Batches within a scope, by id, those after the cursor."""
    query: Document = {"_id": {"$gt": after}}
    if state is not None:
        query["state"] = state
    return await batches.find(query, scope, limit=limit)


async def open_of(batches: Store[Batch], units: Iterable[str]) -> list[Batch]:
    """Batches of these units that are not finalised and not frozen yet."""
    query = {"unit": {"$in": list(units)}, "state": {"$in": list(OPEN)}, "frozen": False}
    return await batches.find(query, limit=MOST_TOLD)


async def frozen_of(batches: Store[Batch], units: Iterable[str]) -> list[Batch]:
    """Frozen batches of these units."""
    return await batches.find({"unit": {"$in": list(units)}, "frozen": True}, limit=MOST_TOLD)


async def units_with_frozen(batches: Store[Batch]) -> set[str]:
    """The units that have a frozen batch."""
    rows = await batches.collection.aggregate([{"$match": {"frozen": True}}, {"$group": {"_id": "$unit"}}])
    return {row["_id"] for row in rows}


async def overdue(batches: Store[Batch], ended_before: datetime) -> list[Batch]:
    """Publicised batches whose period ended before an instant, the oldest first."""
    query = {"state": State.PUBLICISED, "notice.ends_at": {"$lte": ended_before}, "frozen": False}
    return await batches.find(query, sort=[("notice.ends_at", 1)], limit=MOST_DUE)


@asynccontextmanager
async def taking_rows(
    batches: Store[Batch], identity: str, act: Act, states: Sequence[State], rule: str
) -> AsyncIterator[Batch]:
    """The batch while an act writes rows into it in one of these states; it does not move on meanwhile.

    It is read once more when the act has signed on: what was assigned or arranged just before counts already.

    Signing on counts as a change of the batch, so whoever decided to move it on just before decides anew.
    An act that fails does not sign off, for a write of its may still land: its repeat signs on in its place.
    """
    (await batches.get(identity, act.scope)).must_be(states, rule)
    writer, mine = f"writers.{act.id}", time() + GIVES_UP
    still = {"_id": identity, "state": {"$in": list(states)}, "frozen": False}
    if not await batches.collection.update(still, {"$set": {writer: mine}, "$inc": {"version": 1}}):
        (await batches.get(identity, act.scope)).must_be(states, rule)
        raise Contended(f"batch {identity} is being changed; repeat the request")
    try:
        async with asyncio.timeout(LONGEST_WRITE):
            yield await batches.get(identity, act.scope)
    except TimeoutError as late:
        raise Contended("the rows could not be written in time; repeat the same request, or send fewer") from late
    signed_on = {"_id": identity, writer: mine}
    await batches.collection.update(signed_on, {"$unset": {writer: ""}, "$inc": {"version": 1}})
