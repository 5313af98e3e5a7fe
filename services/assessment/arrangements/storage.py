"""Where rolls and series are kept, and what is asked of entries to place them and to note their attendance."""

from collections.abc import Iterable, Sequence
from datetime import date

from services.assessment.arrangements.domain import Block, Marked, Roll, Series
from services.assessment.batches.domain import Batch, Room
from services.assessment.entries.domain import Attendance, Entry, Place, Resit, Sheet, State
from services.assessment.mirrors.domain import Site
from shared.act import Scope
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store

ROLLS = (IndexModel([("batch", 1), ("arrangement", 1), ("number", 1)]),)
SERIES = (IndexModel([("authority", 1), ("day", 1), ("number", 1)], unique=True),)


def roll_store(database: Database) -> Store[Roll]:
    """Who was given a place, run by run."""
    return Store(database, "/assessment/rolls", Roll, indexes=ROLLS)


def series_store(database: Database) -> Store[Series]:
    """The numbers of arrangements on tickets."""
    return Store(database, "/assessment/series", Series, indexes=SERIES)


async def stations_of(sites: Store[Site], batch: Batch, part: str) -> int | None:
    """The work stations of a batch's site for its occupation; only the practical part is held at them."""
    if part != "practical":
        return None
    found = await sites.find({"_id": batch.sitting(part).site}, limit=1)
    return found[0].stations(batch.occupation, batch.level) if found else None


async def carried(entries: Store[Entry], batch: str) -> list[tuple[Sequence[str], int]]:
    """How many enrolled candidates carry over which parts from an earlier exam."""
    rows = await entries.collection.aggregate(
        [
            {"$match": {"batch": batch, "state": State.ENROLLED}},
            {"$group": {"_id": "$resit.carried.part", "entries": {"$sum": 1}}},
        ]
    )
    return [(row["_id"] or (), row["entries"]) for row in rows]


async def enrolled_after(entries: Store[Entry], batch: str, after: str, limit: int) -> list[Entry]:
    """Those to be examined, by id, after an id."""
    query = {"batch": batch, "state": State.ENROLLED, "_id": {"$gt": after}}
    return await entries.find(query, limit=limit)


async def last_series(series: Store[Series], line: str, day: date) -> int:
    """The last number given in a line for a day."""
    found = await series.find({"authority": line, "day": day.isoformat()}, sort=[("number", -1)], limit=1)
    return found[0].number if found else 0


async def last_roll(rolls: Store[Roll], batch: Batch) -> Roll | None:
    """The last roll of the batch's arrangement; None before the first."""
    query = {"batch": batch.id, "arrangement": batch.arrangement}
    found = await rolls.find(query, sort=[("number", -1)], limit=1)
    return found[0] if found else None


async def in_room(
    rolls: Store[Roll], entries: Store[Entry], batch: Batch, room: Room, found: Sequence[Block]
) -> list[Entry]:
    """The entries with a place in a room, as its blocks tell which rolls they are on."""
    part = room.part
    mine = [
        {f"before.{part}": {"$lt": block.end}, f"after.{part}": {"$gt": block.first}}
        for block in found
        if block.room == room
    ]
    overlapping = await rolls.find({"batch": batch.id, "arrangement": batch.arrangement, "$or": mine})
    wanted = [name for roll in overlapping for name in _within(roll, room, found)]
    return await _at_door(entries, {"_id": {"$in": wanted}, "arrangement": batch.arrangement})


async def noted_in_room(entries: Store[Entry], batch: Batch, room: Room) -> list[Entry]:
    """Those with a place in a room of whom something was noted there; an online room may hold a hundred thousand."""
    here = {"$elemMatch": {"part": room.part, "room": room.name}}
    query = {"batch": batch.id, "attendance.part": room.part, "places": here, "arrangement": batch.arrangement}
    return await _at_door(entries, query)


async def _at_door(entries: Store[Entry], query: Document) -> list[Entry]:
    """Entries read as far as lists of rooms need, and no sheet of theirs."""
    return [
        Entry.model_construct(
            id=row["_id"],
            state=State(row["state"]),
            places=tuple(Place.model_validate(place) for place in row["places"]),
            attendance=tuple(Attendance.model_validate(mark) for mark in row["attendance"]),
            **{name: row[name] for name in ("ticket", "holder", "id_masked")},
        )
        for row in await entries.some(query, ("state", "places", "attendance", "ticket", "holder", "id_masked"))
    ]


def _within(roll: Roll, room: Room, found: Sequence[Block]) -> Iterable[str]:
    position = roll.before[room.part]
    mine = [block for block in found if block.room == room]
    for row in roll.rows:
        if room.part in row.parts:
            if any(block.first <= position < block.end for block in mine):
                yield row.entry
            position += 1


async def named(entries: Store[Entry], batch: str, ids: Iterable[str], tickets: Iterable[str]) -> list[Entry]:
    """The entries of a batch by id or by ticket, read as far as their attendance needs."""
    queries = ({"_id": {"$in": list(ids)}, "batch": batch}, {"ticket": {"$in": list(tickets)}, "batch": batch})
    return [
        _in_part(row)
        for query in queries
        for row in await entries.some(query, ("state", "ticket", "resit", "sheets.part"))
    ]


def _in_part(row: Document) -> Entry:
    resit = Resit.model_validate(row["resit"]) if row["resit"] else None
    sheets = tuple(Sheet.model_construct(**sheet) for sheet in row["sheets"])  # their parts only
    about = {"id": row["_id"], "state": State(row["state"]), "ticket": row["ticket"], "resit": resit}
    return Entry.model_construct(**about, sheets=sheets)


async def marked(entries: Store[Entry], batch: str) -> list[Marked]:
    """Those of whom something was noted at the exam."""
    return await _marks(entries, {"batch": batch, "attendance.part": {"$gt": ""}})


async def withdrawn(entries: Store[Entry], batch: Batch) -> list[Marked]:
    """Those who were given a place and withdrew."""
    query = {"batch": batch.id, "state": State.WITHDRAWN, "arrangement": batch.arrangement}
    return await _marks(entries, query)


async def _marks(entries: Store[Entry], query: Document) -> list[Marked]:
    rows = await entries.some(query, ("places.part", "places.room", "attendance.part", "attendance.mark"))
    return [
        Marked(
            [(place["part"], place["room"]) for place in row["places"]],
            [(noted["part"], noted["mark"]) for noted in row["attendance"]],
        )
        for row in rows
    ]


async def with_ticket(entries: Store[Entry], scope: Scope, batch: Batch, *, after: str, limit: int) -> list[Entry]:
    """Those with a ticket of the batch's arrangement, by id, which is the order of tickets as well."""
    query = {
        "batch": batch.id,
        "state": {"$in": list(State)},
        "_id": {"$gt": after},
        "arrangement": batch.arrangement,
        "ticket": {"$gt": ""},
    }
    return await entries.find(query, scope, limit=limit)
