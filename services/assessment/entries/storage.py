"""Where entries are kept, and what is asked of them: batch by batch, and the certificates that people hold."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from services.assessment.batches.domain import Tally
from services.assessment.eligibility.domain import Holding
from services.assessment.entries.domain import QUALIFIED, Certificate, Entry, State
from shared.act import Scope
from shared.storage.mongo import Database, IndexModel
from shared.storage.store import Store

INDEXES = (
    # One index for every list and count: a list over several states is merged from one scan of each.
    IndexModel([("batch", 1), ("state", 1), ("_id", 1)]),
    # Those whose result is not said yet: what was held back or filed again is found among a hundred thousand said.
    IndexModel([("batch", 1), ("_id", 1)], name="unsaid", partialFilterExpression={"state": "passed", "chunk": 0}),
    IndexModel([("batch", 1)], name="held", partialFilterExpression={"objection": {"$gt": ""}}),
    # Certificates by person, written when an entry is certified and not when it is enrolled.
    IndexModel([("person_index", 1)], name="holders", partialFilterExpression={"state": "certified"}),
)


def entry_store(database: Database) -> Store[Entry]:
    """Assessment's entries."""
    return Store(database, "/assessment/entries", Entry, indexes=INDEXES)


async def listed(
    entries: Store[Entry], scope: Scope, batch: str, *, state: State | None, after: str, limit: int
) -> list[Entry]:
    """Entries of a batch within a scope, by id, those after the cursor."""
    states = list(State) if state is None else [state]
    query = {"batch": batch, "state": {"$in": states}, "_id": {"$gt": after}}
    return await entries.find(query, scope, limit=limit)


async def qualified(entries: Store[Entry], batch: str, *, after: str, limit: int) -> list[Entry]:
    """Those who passed, by id, after an id; the same whenever it is asked."""
    query = {"batch": batch, "state": {"$in": list(QUALIFIED)}, "_id": {"$gt": after}}
    return await entries.find(query, limit=limit)


async def tally(entries: Store[Entry], batch: str) -> Tally:
    """How many entries of a batch are in each state."""
    rows = await entries.collection.aggregate(
        [{"$match": {"batch": batch}}, {"$group": {"_id": "$state", "entries": {"$sum": 1}}}]
    )
    return Tally(**{row["_id"]: row["entries"] for row in rows})


async def among(entries: Store[Entry], batch: str, wanted: Iterable[str]) -> set[str]:
    """Which of these ids are entries of the batch."""
    rows = await entries.collection.find({"_id": {"$in": list(wanted)}, "batch": batch}, fields={"_id": 1})
    return {row["_id"] for row in rows}


async def made_by(entries: Store[Entry], act: str, wanted: Iterable[str]) -> set[str]:
    """Which of these entries an act made before."""
    rows = await entries.collection.find({"_id": {"$in": list(wanted)}, "taken": act}, fields={"_id": 1})
    return {row["_id"] for row in rows}


async def holdings_of(entries: Store[Entry], people: Iterable[str]) -> Mapping[str, Sequence[Holding]]:
    """The certificates that hold, by the indexes of their holders, in whichever line and regime they were obtained."""
    query = {"person_index": {"$in": list(people)}, "state": State.CERTIFIED, "certificate.status": "valid"}
    fields = {"person_index": 1, "occupation": 1, "level": 1, "certificate": 1}
    found: dict[str, list[Holding]] = defaultdict(list)
    for row in await entries.collection.find(query, fields=fields):
        known = Certificate.model_validate(row["certificate"])
        if known.filed_on and known.exam_on:  # else only a later word on it was heard; its filing is on the way
            found[row["person_index"]].append(
                Holding(row["level"], row["occupation"], known.filed_on, known.number, "certificate", known.exam_on)
            )
    return found
