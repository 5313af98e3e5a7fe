"""Where chunks are kept, which entries still wait to be said, and marking those that were."""

from collections import defaultdict

from services.assessment.batches.domain import Batch
from services.assessment.batches.domain import State as BatchState
from services.assessment.entries.domain import QUALIFIED, Entry, State
from services.assessment.results.domain import Chunk
from shared.storage.mongo import Collection, Database, Document, IndexModel
from shared.storage.store import Store

NOBODY_YET = {"$in": [0, None]}  # entries from before 2026-11 have no such field
NOT_HELD = {"$in": ["", None]}
TOLD = (
    *("authority", "batch", "unit", "occupation", "level", "state", "holder", "id_masked", "person", "person_index"),
    *("employer", "scores", "objection", "filings", "chunk", "found_wrong", "version"),
)
"""What of an entry is read to say it: reading all its sheets takes ten times as long."""
MOST_LOOKED = 10  # batches looked at in one look of the clock; the next look goes on behind them


def chunk_store(database: Database) -> Store[Chunk]:
    """The chunks of final results that were said."""
    return Store(database, "/assessment/chunks", Chunk, indexes=(IndexModel([("batch", 1), ("chunk", 1)]),))


async def objected(objections: Collection, batch: str) -> list[str]:
    """The entries with an open objection, whether they are held back by it already or a moment later."""
    rows = await objections.find({"batch": batch, "is_open": True}, fields={"entry": 1})
    return sorted({row["entry"] for row in rows})


async def is_unfollowed(objections: Collection, entry: Entry) -> bool:
    """Whether an objection was decided after its result was said, and what it found is not on the entry yet."""
    found = {"is_open": False, "verdict.certified": True, "state": {"$in": ["changed", "upheld"]}}
    rows = await objections.find({"entry": entry.id, **found}, fields={"_id": 1})
    known = " ".join(note.basis for note in entry.found_wrong)
    return any(str(row["_id"]) not in known for row in rows)


async def unheld(entries: Store[Entry], objections: Collection, batch: str) -> int:
    """How many passed and are not held back by an objection."""
    free = {"objection": NOT_HELD, "_id": {"$nin": await objected(objections, batch)}}
    return await entries.count({"batch": batch, "state": State.PASSED, **free})


async def to_say(entries: Store[Entry], objections: Collection, batch: str, *, after: str, limit: int) -> list[Entry]:
    """Who of a closed batch passed, is not held back and was not said yet, by id, after an id."""
    free = {"objection": NOT_HELD, "_id": {"$gt": after, "$nin": await objected(objections, batch)}}
    return await _some(entries, {"batch": batch, "state": State.PASSED, "chunk": NOBODY_YET, **free}, limit)


async def left_to_say(entries: Store[Entry], objections: Collection, batch: str, *, limit: int) -> list[Entry]:
    """The same of a batch that is finalised: released by an objection's end, or filed again."""
    # `chunk` as the index has it: who was said before there was that field is not said again
    free = {"objection": NOT_HELD, "_id": {"$nin": await objected(objections, batch)}}
    return await _some(entries, {"batch": batch, "state": State.PASSED, "chunk": 0, **free}, limit)


async def _some(entries: Store[Entry], query: Document, limit: int) -> list[Entry]:
    rows = await entries.collection.find(query, sort=[("_id", 1)], limit=limit, fields=dict.fromkeys(TOLD, 1))
    return [Entry.model_validate({**row, "id": row["_id"]}) for row in rows]


async def is_waiting(entries: Store[Entry], objections: Collection, batch: str) -> bool:
    """Whether some entry waits for the registry's word, or is held back by an objection."""
    passed: Document = {"batch": batch, "state": State.PASSED}
    held: Document = {"batch": batch, "objection": {"$gt": ""}}
    for query in (passed, held):
        if await entries.collection.find_one(query, projection={"_id": 1}):
            return True
    return bool(await objected(objections, batch))


async def mark(entries: Store[Entry], chunk: Chunk) -> None:
    """Mark a chunk's entries as said, each once: only if it stands before the very filing that the chunk says."""
    by_filing: dict[int, list[str]] = defaultdict(list)
    for entry, filing in chunk.filings.items():
        by_filing[filing].append(entry)
    for filing, ids in by_filing.items():
        before: object = NOBODY_YET if filing == 1 else filing - 1
        await _mark(entries, {"_id": {"$in": ids}, "filings": before}, chunk, filing)
    if chunk.results and not chunk.filings:
        within = {"batch": chunk.batch, "_id": {"$gte": chunk.first, "$lte": chunk.last}}
        await _mark(entries, {**within, "state": {"$in": list(QUALIFIED)}, "filings": NOBODY_YET}, chunk, 1)


async def _mark(entries: Store[Entry], query: Document, chunk: Chunk, filing: int) -> None:
    change = {"$set": {"chunk": chunk.chunk, "filings": filing}, "$inc": {"version": 1}}
    await entries.collection.update_all(query, change)


async def finalised_after(batches: Store[Batch], after: str) -> list[Batch]:
    """Some batches that may still have something to say, by id, those after an id."""
    states = [BatchState.FINALISED, BatchState.CERTIFIED]
    query = {"state": {"$in": states}, "_id": {"$gt": after}}
    return await batches.find(query, limit=MOST_LOOKED)
