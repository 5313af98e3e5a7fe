"""Where cases are kept, and the certificates in question: found through what their filings rest on."""

import re
from collections.abc import Sequence

from services.registry.cases.commands import OpenCase, Subject
from services.registry.cases.domain import Case
from services.registry.certificates.domain import Certificate
from services.registry.certificates.storage import DECIDED
from services.registry.filings.domain import Filing
from shared.act import Scope
from shared.errors import Malformed
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store

RESTS_ON = {
    Subject.UNIT: "unit",
    Subject.SITE: "site",
    Subject.ASSESSOR: "assessors",
    Subject.SUPERVISOR: "supervisor",
}


def case_store(database: Database) -> Store[Case]:
    """The registry's cases."""
    return Store(database, "/registry/cases", Case, indexes=(IndexModel([("authority", 1), ("_id", 1)]),))


def in_question(asked: OpenCase | Case, filing: str) -> Document:
    """The filings of a subject on these days; one whose day is not known is in question as well.

    Of one certificate it is its own filing, by whose `accepted` the others in it are told apart.
    """
    subject, subject_id, since, until = asked.subject, asked.subject_id, asked.since, asked.until
    if subject is Subject.CERTIFICATE:
        return {"_id": filing, "accepted": subject_id}
    query: Document = {RESTS_ON[subject]: subject_id}
    outside = [{"exam_on": {limit: day}} for limit, day in (("$lt", since), ("$gt", until)) if day is not None]
    return {**query, "$nor": outside} if outside else query


def of(case: Case) -> Document:
    """The filings in question of a case."""
    return in_question(case, case.filing)


async def affected(filings: Store[Filing], query: Document) -> int:
    """How many certificates came from these filings."""
    each = 1 if "accepted" in query else "$count"
    found = await filings.collection.aggregate([{"$match": query}, {"$group": {"_id": None, "n": {"$sum": each}}}])
    return int(found[0]["n"]) if found else 0


async def affected_ids(filings: Store[Filing], query: Document, after: str, limit: int) -> list[tuple[str, str]]:
    """Some certificates of these filings, each with the cursor after it: its filing and its place there."""
    filing, _, place = after.rpartition("|")
    if after and re.fullmatch("[0-9]{1,4}", place) is None:
        raise Malformed("this cursor was given out for another list", field="cursor")
    later = {"$or": [{"_id": {"$gt": filing}}, {"place": {"$gt": int(place)}}]} if after else {}
    only = {"accepted": query["accepted"]} if "accepted" in query else {}
    rows = await filings.collection.aggregate(
        [
            {"$match": {"$and": [query, {"_id": {"$gte": filing}}]}},
            {"$sort": {"_id": 1}},
            {"$project": {"accepted": 1}},
            {"$unwind": {"path": "$accepted", "includeArrayIndex": "place"}},
            {"$match": {**later, **only}},
            {"$limit": limit},
        ]
    )
    return [(row["accepted"], f"{row['_id']}|{row['place']}") for row in rows]


async def not_among(filings: Store[Filing], query: Document, certificates: Sequence[Certificate]) -> set[str]:
    """Those certificates whose filing is not among these filings, or that are not the one in question."""
    ids = {row.filing for row in certificates}
    rows = await filings.collection.find({"$and": [query, {"_id": {"$in": list(ids)}}]}, fields={"_id": 1})
    among = {row["_id"] for row in rows}
    return {row.id for row in certificates if row.filing not in among or row.id != query.get("accepted", row.id)}


async def decisions(certificates: Store[Certificate], case: str) -> dict[str, int]:
    """How many certificates were decided on in a case, by their last decision in it."""
    of_case = {"$filter": {"input": "$decisions", "cond": {"$eq": ["$$this.case", case]}}}
    rows = await certificates.collection.aggregate(  # there: reading a hundred thousand here takes too long to answer
        [
            {"$match": {**DECIDED, "decisions.case": case}},
            {"$project": {"last": {"$last": of_case}}},
            {"$group": {"_id": "$last.decision", "count": {"$sum": 1}}},
        ]
    )
    return {row["_id"]: row["count"] for row in rows}


async def listed(cases: Store[Case], scope: Scope, *, after: str, limit: int) -> list[Case]:
    """Cases within a scope, by id."""
    return await cases.find({"_id": {"$gt": after}}, scope, limit=limit)
