"""Where entries are kept, and what is asked of them: batch by batch, and person by person across batches."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from services.assessment.batches.domain import Batch, Tally
from services.assessment.eligibility.domain import Holding, UnderWay
from services.assessment.entries.domain import QUALIFIED, Certificate, Entry, State, tally_shown
from shared.act import Scope
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store

TO_BE_EXAMINED = {"days.0": {"$exists": True}}
"""Who takes a day; every query that one of the two unique indexes is to answer says so."""
INDEXES = (
    # One index for every list and count: a list over several states is merged from one scan of each.
    IndexModel([("batch", 1), ("state", 1), ("_id", 1)]),
    # Those whose result is not said yet: what was held back or filed again is found among a hundred thousand said.
    IndexModel([("batch", 1), ("_id", 1)], name="unsaid", partialFilterExpression={"state": "passed", "chunk": 0}),
    IndexModel([("batch", 1)], name="held", partialFilterExpression={"objection": {"$gt": ""}}),
    # Certificates by person, written when an entry is certified and not when it is enrolled.
    IndexModel([("person_index", 1)], name="holders", partialFilterExpression={"state": "certified"}),
    # Nobody is examined twice on one day, whichever of two requests comes first.
    IndexModel(
        [("person_index", 1), ("days", 1)], name="one a day", unique=True, partialFilterExpression=TO_BE_EXAMINED
    ),
    IndexModel(
        [("person_index", 1), ("occupation", 1), ("level", 1)],
        name="failed",
        partialFilterExpression={"state": "failed"},
    ),
    IndexModel(
        [("resit.entry", 1), ("resit.turn", 1)],
        name="resits",
        unique=True,
        partialFilterExpression={"resit.entry": {"$exists": True}, **TO_BE_EXAMINED},
    ),
    IndexModel([("entered_at", 1)], name="refused", partialFilterExpression={"state": "ineligible"}),
    IndexModel([("entered_at", 1), ("_id", 1)], name="withdrawn", partialFilterExpression={"state": "withdrawn"}),
    # Tickets and work-piece numbers, written when they are given; sheets and attendance find entries by them, and lists
    # for the public are in the order of tickets.
    IndexModel([("ticket", 1)], name="tickets", unique=True, partialFilterExpression={"ticket": {"$gt": ""}}),
    IndexModel([("batch", 1), ("ticket", 1)], name="in order", partialFilterExpression={"ticket": {"$gt": ""}}),
    IndexModel(
        [("batch", 1), ("places.work_piece", 1)],
        name="work_pieces",
        unique=True,
        partialFilterExpression={"places.work_piece": {"$gt": ""}},
    ),
    # Those of whom something was noted at the exam, mostly few.
    IndexModel(
        [("batch", 1), ("attendance.part", 1)],
        name="attended",
        partialFilterExpression={"attendance.part": {"$gt": ""}},
    ),
    # Conflicts with assessors: by employer, teacher, relative; and who signed a sheet.
    *(
        IndexModel([("batch", 1), (field, 1)], name=field, partialFilterExpression={field: {"$gt": ""}})
        for field in ("employer_key", "teachers", "relatives")
    ),
    IndexModel(
        [("batch", 1), ("sheets.assessor", 1)],
        name="signed",
        partialFilterExpression={"sheets.0": {"$exists": True}},
    ),
)
MOST_AT_ONCE = 500  # documents in one write of what the clock or an event asks for


class Stood(NamedTuple):
    """What is asked of an entry that stands already when its candidate is entered."""

    state: State
    person_index: str
    taken: Sequence[str]
    reason: str = ""
    detail: str = ""


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


async def enrolled_in(entries: Store[Entry], batch: str) -> int:
    """How many are to be examined in a batch that still takes candidates."""
    return await entries.count({"batch": batch, "state": State.ENROLLED})


async def shown_tally(entries: Store[Entry], batch: Batch) -> Tally:
    """The same, as anybody may see it."""
    return tally_shown(await tally(entries, batch.id), batch)


async def among(entries: Store[Entry], batch: str, wanted: Iterable[str]) -> set[str]:
    """Which of these ids are entries of the batch."""
    rows = await entries.collection.find({"_id": {"$in": list(wanted)}, "batch": batch}, fields={"_id": 1})
    return {row["_id"] for row in rows}


async def standing(entries: Store[Entry], wanted: Collection[str]) -> dict[str, Stood]:
    """Those of these ids that are there: only what is asked of many at once."""
    if not wanted:
        return {}
    fields = dict.fromkeys(Stood._fields, 1)
    rows = await entries.collection.find({"_id": {"$in": list(wanted)}}, fields=fields)
    return {row.pop("_id"): Stood(**{**row, "state": State(row["state"])}) for row in rows}


async def examined_on(
    entries: Store[Entry], people: Collection[str], days: Iterable[date]
) -> Mapping[str, Mapping[str, str]]:
    """Who is examined on one of these days: by person the entries, each with its batch."""
    if not people:
        return {}
    query: Document = {"person_index": {"$in": list(people)}, "days": {"$in": list(days)}, **TO_BE_EXAMINED}
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for row in await entries.collection.find(query, fields={"person_index": 1, "batch": 1}):
        found[row["person_index"]][row["_id"]] = row["batch"]
    return found


async def failed_of(
    entries: Store[Entry], people: Iterable[str], occupation: str, level: str, *, but: str
) -> dict[str, Entry]:
    """The newest failed entry of each person in an occupation and level, in any batch but one."""
    about = {"occupation": occupation, "level": level, "state": State.FAILED, "batch": {"$ne": but}}
    rows = await entries.find({"person_index": {"$in": list(people)}, **about})
    return {row.person_index: row for row in sorted(rows, key=lambda row: max(row.days, default=date.min))}


async def turns_of(entries: Store[Entry], failed: Iterable[str], *, but: str) -> Mapping[str, set[int]]:
    """Which turns of these failed entries' resits are taken, in any batch but one."""
    query = {"resit.entry": {"$in": list(failed)}, "batch": {"$ne": but}, **TO_BE_EXAMINED}
    found: dict[str, set[int]] = defaultdict(set)
    for row in await entries.collection.find(query, fields={"resit": 1}):
        found[row["resit"]["entry"]].add(row["resit"]["turn"])
    return found


async def forget(entries: Store[Entry], state: State, before: datetime) -> int:
    """Delete some entries of a state that were entered before an instant; how many."""
    query = {"state": state, "entered_at": {"$lt": before}}
    rows = await entries.collection.find(query, fields={"_id": 1}, limit=MOST_AT_ONCE)
    return await entries.collection.delete({"_id": {"$in": [row["_id"] for row in rows]}, **query})


async def owners(entries: Store[Entry], batch: str, work_pieces: Iterable[str]) -> dict[tuple[str, str], str]:
    """Whose work pieces these are: the entry by part and number."""
    query = {"batch": batch, "places.work_piece": {"$in": list(work_pieces)}}
    rows = await entries.collection.find(query, fields={"places": 1})
    return {(place["part"], place["work_piece"]): row["_id"] for row in rows for place in row["places"]}


async def after_entry(entries: Store[Entry], batch: str, *, after: str, limit: int) -> list[Entry]:
    """Entries of a batch in whatever state, by id, after an id."""
    return await entries.find({**of_batch(batch), "_id": {"$gt": after}}, limit=limit)


def of_batch(batch: str) -> dict[str, object]:
    """Every entry of a batch, named so that the index gives them in the order of their ids."""
    return {"batch": batch, "state": {"$in": list(State)}}


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


async def under_way_of(
    entries: Store[Entry], people: Iterable[str], occupation: str
) -> Mapping[str, Sequence[UnderWay]]:
    """The exams of an occupation that have not ended in a certificate, by the indexes of who sits them."""
    query = {"person_index": {"$in": list(people)}, **TO_BE_EXAMINED}
    about = {"occupation": occupation, "state": {"$in": [State.ENROLLED, State.PASSED, State.FAILED]}}
    found: dict[str, list[UnderWay]] = defaultdict(list)
    fields = dict.fromkeys(("person_index", "batch", "level", "days", "state"), 1)
    for row in await entries.collection.find({**query, **about}, fields=fields):
        day, failed = date.fromisoformat(str(min(row["days"]))), row["state"] == State.FAILED
        found[row["person_index"]].append(UnderWay(row["level"], day, row["batch"], failed))
    return found
