"""What the rules of assignment ask of batches and entries, each by an index; and where recusals are kept."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from datetime import date, timedelta

from services.assessment.assignments.domain import CHECKED, STAFFED, Recusal
from services.assessment.batches.domain import Batch, Group, State
from services.assessment.entries.domain import Entry
from services.assessment.entries.domain import State as EntryState
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store

LIVE = [state for state in EntryState if state not in (EntryState.INELIGIBLE, EntryState.WITHDRAWN)]
BEGUN = [state for state in State if list(State).index(state) >= list(State).index(State.IN_EXAM)]
COUNTS: Document = {
    "state": {"$ne": State.CANCELLED},
    "$or": [{"assignment.state": "confirmed"}, {"state": {"$in": [x for x in BEGUN if x is not State.CANCELLED]}}],
}
"""Batches that count for the ones after them: neither cancelled nor without a confirmed assignment."""
NEAR = timedelta(days=60)  # in which a busy site has its last exam days; further back is looked only where it has not
RUN = 100
LINKS = ("employer_key", "teachers", "relatives")
"""The fields of an entry that may tie its candidate to the holder of a card."""


def recusal_store(database: Database) -> Store[Recusal]:
    """The recusals that were declared."""
    return Store(database, "/assessment/recusals", Recusal, indexes=(IndexModel([("batch", 1), ("card", 1)]),))


async def recusals_in(recusals: Store[Recusal], batch: str) -> list[Recusal]:
    """All that was declared for a batch."""
    return await recusals.find({"batch": batch})


# -- batches -------------------------------------------------------------------------------------------


async def batch_before(batches: Store[Batch], batch: Batch, part: str) -> Batch | None:
    """The batch before, by its first day and then its id, in which the unit had this part assessed at this site."""
    earlier = [{"exam_on": {"$lt": batch.exam_on}}, {"exam_on": batch.exam_on, "_id": {"$lt": batch.id}}]
    query = {
        "unit": batch.unit,
        "occupation": batch.occupation,
        "sittings": {"$elemMatch": {"part": part, "site": batch.sitting(part).site}},
        "assignment.groups.part": part,
        "$and": [COUNTS, {"$or": earlier}],
    }
    found = await batches.find(query, sort=[("exam_on", -1), ("_id", -1)], limit=1)
    return found[0] if found else None


async def days_before(batches: Store[Batch], batch: Batch, part: str, most: int) -> dict[date, frozenset[str]]:
    """The last days before this batch's on which others were assessed at the part's site, and by which cards."""
    here = batch.sitting(part)
    days: dict[date, frozenset[str]] = {}
    for since in (here.on - NEAR, date.min) if here.site else ():
        days = await _days(batches, batch.id, here.site, since, here.on)
        if len(days) >= most:
            break
    return {day: days[day] for day in sorted(days, reverse=True)[:most]}


async def _days(batches: Store[Batch], but: str, site: str, since: date, until: date) -> dict[date, frozenset[str]]:
    held = {"site": site, "on": {"$gte": since, "$lt": until}}
    query = {"_id": {"$ne": but}, "sittings": {"$elemMatch": held}, **COUNTS}
    days: dict[date, frozenset[str]] = {}
    for row in await batches.collection.find(query, fields={"sittings": 1, "assignment.groups": 1}):
        groups = {group["part"]: frozenset(group["assessors"]) for group in row["assignment"]["groups"]}
        for sitting in row["sittings"]:
            on, cards = date.fromisoformat(sitting["on"]), groups.get(sitting["part"])
            if sitting["site"] == site and since <= on < until and cards:
                days[on] = days.get(on, frozenset()) | cards
    return days


async def naming(batches: Store[Batch], card: str) -> AsyncIterator[Batch]:
    """Batches whose confirmed assignment names a card, until their sheets are sealed."""
    named = [{"assignment.groups.assessors": card}, {"assignment.supervisor": card}]
    query = {"assignment.state": "confirmed", "state": {"$in": list(CHECKED)}, "$or": named}
    async for batch in _runs(batches, query):
        yield batch


async def after(batches: Store[Batch], batch: Batch) -> AsyncIterator[Batch]:
    """Batches at the same sites, or like it of the unit, not before this one, that are assigned and have not begun."""
    sites = sorted({sitting.site for sitting in batch.sittings} - {""})
    here: Document = {"sittings": {"$elemMatch": {"site": {"$in": sites}, "on": {"$gte": batch.exam_on}}}}
    alike: Document = {"unit": batch.unit, "occupation": batch.occupation, "exam_on": {"$gte": batch.exam_on}}
    query = {"$or": [here, alike], "assignment.state": "confirmed", "state": {"$in": list(STAFFED)}}
    async for other in _runs(batches, query):
        if other.id != batch.id:
            yield other


async def _runs(batches: Store[Batch], query: Document) -> AsyncIterator[Batch]:
    last = ""
    while run := await batches.find({**query, "_id": {"$gt": last}}, limit=RUN):
        for batch in run:
            yield batch
        last = run[-1].id


# -- entries -------------------------------------------------------------------------------------------


async def candidates(entries: Store[Entry], batch: str) -> int:
    """How many are to be examined in a batch."""
    return await entries.count({"batch": batch, "state": {"$in": LIVE}})


async def entered(entries: Store[Entry], batch: str, people: Collection[str]) -> frozenset[str]:
    """Which of these people are candidates of a batch."""
    query = {"person_index": {"$in": list(people)}, "days.0": {"$exists": True}, "batch": batch}
    rows = await entries.collection.find(query, fields={"person_index": 1}) if people else []
    return frozenset(row["person_index"] for row in rows)


async def linked(entries: Store[Entry], batch: str, field: str, cards: Mapping[str, Collection[str]]) -> dict[str, str]:
    """By card, a candidate of the batch whose field holds one of the card's words.

    Most often nobody is linked, which one look tells; only then each card is looked up, a candidate for each.
    """
    words = sorted({word for known in cards.values() for word in known if word})
    if await _linked(entries, batch, field, words) is None:
        return {}
    found = await asyncio.gather(*(_linked(entries, batch, field, sorted(known)) for known in cards.values()))
    return {card: entry for card, entry in zip(cards, found, strict=True) if entry is not None}


async def _linked(entries: Store[Entry], batch: str, field: str, words: Iterable[str]) -> str | None:
    query = {"batch": batch, field: {"$in": [word for word in words if word], "$gt": ""}, "state": {"$in": LIVE}}
    rows = await entries.collection.find(query, fields={"_id": 1}, limit=1)
    return rows[0]["_id"] if rows else None


async def signed(entries: Store[Entry], batch: str, groups: Iterable[Group]) -> frozenset[tuple[str, str]]:
    """Who of these groups signed a sheet of their part, by part and card."""
    found: set[tuple[str, str]] = set()
    for part, card in ((group.part, card) for group in groups for card in group.assessors):
        mine = {"$elemMatch": {"part": part, "assessor": card}}
        query = {"batch": batch, "sheets.assessor": card, "sheets.0": {"$exists": True}, "sheets": mine}
        if await entries.collection.find(query, fields={"_id": 1}, limit=1):
            found.add((part, card))
    return frozenset(found)
