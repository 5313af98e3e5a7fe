"""Where filings are kept: a unique index carries the promise of numbers without repeat and gap."""

from services.registry.filings.domain import Filing
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store

INDEXES = (
    IndexModel([("series", 1), ("start", 1)], unique=True, partialFilterExpression={"start": {"$type": "int"}}),
    *(IndexModel([(subject, 1), ("exam_on", 1)]) for subject in ("unit", "site", "assessors", "supervisor")),
)


def filing_store(database: Database) -> Store[Filing]:
    """The ledger of filed chunks and the numbers each took."""
    return Store(database, "/registry/filings", Filing, indexes=INDEXES)


async def next_start(filings: Store[Filing], series: str, first: int) -> int:
    """The number after the last one given in a series."""
    query: Document = {"series": series, "start": {"$type": "int"}}
    last = await filings.find(query, sort=[("start", -1)], limit=1)
    return (last[0].start or 0) + last[0].count if last else first
