"""Where batches are kept, the lists asked of them, and who is writing rows into one."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from time import time

from services.assessment.batches.domain import EXAMINED, OPEN, Batch, Quota, State
from shared.act import Act, Scope
from shared.errors import Contended
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store

INDEXES = (
    # Lists by the day of the exam, for the Center, a line, a unit; a state is wanted more often than an occupation.
    IndexModel([("exam_on", 1), ("_id", 1)]),
    IndexModel([("authority", 1), ("exam_on", 1), ("_id", 1)]),
    IndexModel([("unit", 1), ("exam_on", 1), ("_id", 1)]),
    IndexModel([("state", 1), ("exam_on", 1), ("_id", 1)]),
    IndexModel([("occupation", 1), ("exam_on", 1), ("_id", 1)]),
    IndexModel([("plan", 1), ("occupation", 1)]),
    IndexModel([("unit", 1), ("state", 1), ("exam_on", 1), ("_id", 1)]),
    IndexModel([("state", 1), ("notice.ends_at", 1)]),
    IndexModel([("unit", 1), ("_id", 1)], name="frozen", partialFilterExpression={"frozen": True}),
    # Who assessed before, and where: the rules of assignment, and a card that does not hold any more.
    IndexModel([("unit", 1), ("occupation", 1), ("exam_on", -1), ("_id", -1)]),
    IndexModel([("sittings.site", 1), ("sittings.on", 1)]),
    IndexModel([("assignment.groups.assessors", 1)]),
    IndexModel([("assignment.supervisor", 1)]),
    IndexModel([("assignment.judging", 1)], partialFilterExpression={"assignment.judging": True}),
)
WAITING = IndexModel([("waiting", 1)], partialFilterExpression={"waiting": {"$type": "date"}})
MOST_TOLD = 500  # batches frozen or released in one write; the next look takes the rest
MOST_DUE = 100  # batches made final in one look; the next look takes the rest
LONGEST_WRITE = 20.0  # seconds after which a request that writes rows is ended
GIVES_UP = LONGEST_WRITE + 10  # seconds after which nothing of one that did not sign off can land any more


def batch_store(database: Database) -> Store[Batch]:
    """Assessment's batches."""
    return Store(database, "/assessment/batches", Batch, indexes=INDEXES, upgrades={1: _with_sittings})


def quota_store(database: Database) -> Store[Quota]:
    """The numbers of filed plans, by plan and occupation."""
    return Store(database, "/assessment/quotas", Quota, indexes=(WAITING,))


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


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which batches are listed: None leaves a thing open."""

    unit: str | None = None
    occupation: str | None = None
    state: State | None = None
    exam_from: date | None = None
    exam_until: date | None = None

    def query(self) -> Document:
        """As the database is asked."""
        named = {"occupation": self.occupation, "state": self.state}
        days = {"$gte": self.exam_from, "$lte": self.exam_until}
        found: Document = {name: value for name, value in named.items() if value is not None}
        if bounds := {name: day for name, day in days.items() if day is not None}:
            found["exam_on"] = bounds
        return {"$and": [{"unit": self.unit}], **found} if self.unit is not None else found


async def listed(
    batches: Store[Batch], scope: Scope, wanted: Wanted, *, beyond: tuple[str, str] | None, limit: int
) -> list[Batch]:
    """Batches within a scope by the day of the exam and id, those beyond the cursor."""
    query = wanted.query()
    if beyond is not None:
        day, identity = beyond
        later: Document = {"$or": [{"exam_on": {"$gt": day}}, {"exam_on": day, "_id": {"$gt": identity}}]}
        query = {"$and": [later, {"exam_on": {"$gte": day}}, query]}
    return await batches.find(query, scope, sort=[("exam_on", 1), ("_id", 1)], limit=limit)


async def filed_under(batches: Store[Batch], plan: str, occupation: str) -> list[Batch]:
    """Batches that were filed under a plan and not cancelled."""
    gone = [State.PLANNED, State.CANCELLED]
    return await batches.find({"plan": plan, "occupation": occupation, "state": {"$nin": gone}})


async def quotas_waiting(quotas: Store[Quota], before: datetime) -> list[Quota]:
    """Quotas with a share that waits to be settled since before an instant, the oldest first."""
    since = {"waiting": {"$type": "date", "$lte": before}}
    return await quotas.find(since, sort=[("waiting", 1)], limit=MOST_DUE)


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


async def judged_anew(batches: Store[Batch]) -> list[Batch]:
    """Batches whose entries are to be judged by a group that changed in the exam."""
    query = {"assignment.judging": True, "state": {"$in": list(EXAMINED)}, "frozen": False}
    return await batches.find(query, limit=MOST_DUE)


async def overdue(batches: Store[Batch], ended_before: datetime) -> list[Batch]:
    """Publicised batches whose period ended before an instant, the oldest first."""
    query = {"state": State.PUBLICISED, "notice.ends_at": {"$lte": ended_before}, "frozen": False}
    return await batches.find(query, sort=[("notice.ends_at", 1)], limit=MOST_DUE)


def _as_stored(states: Sequence[State]) -> Document:
    """The states as documents hold them: in schema 1, a batch that takes candidates is filed."""
    today: Document = {"state": {"$in": list(states)}}
    if State.REGISTERING not in states:
        return today
    return {"$or": [today, {"schema": {"$lt": 2}, "state": State.FILED}]}


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
    still = {"_id": identity, **_as_stored(states), "frozen": False}
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
