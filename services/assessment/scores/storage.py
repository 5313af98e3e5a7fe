"""Where papers are kept; which batch a member of its staff may look into."""

from services.assessment.batches.domain import Batch
from services.assessment.entries.domain import Entry
from services.assessment.scores.domain import Paper, part_of, plain_paper
from shared.act import EVERYTHING, Scope
from shared.auth import Caller, Role
from shared.errors import NotFound
from shared.storage.mongo import Database
from shared.storage.store import Store

STAFF = (Role.ASSESSOR, Role.SUPERVISOR)


def paper_store(database: Database) -> Store[Paper]:
    """The papers that units named; which one counts stands in the batch."""
    return Store(database, "/assessment/papers", Paper)


async def paper_of(papers: Store[Paper], batch: Batch, part: str, step: float) -> Paper:
    """What a part of a batch is scored by: the paper named for it, or else the plain one of its edition."""
    if named := batch.papers.get(part):
        return await papers.get(named)
    return plain_paper(batch, part_of(batch, part), step)


async def batch_for(batches: Store[Batch], identity: str, caller: Caller | None, scope: Scope) -> Batch:
    """The batch as the caller may see it: assessors and supervisors come from any line, their assignment counts."""
    if caller is None or caller.role not in STAFF:
        return await batches.get(identity, scope)
    batch = await batches.get(identity, EVERYTHING)
    if caller.subject not in batch.assignment.cards:
        raise NotFound(f"there is no Batch {identity} within your scope")
    return batch


async def entry_of(entries: Store[Entry], batch: Batch, identity: str) -> Entry:
    """An entry of a batch that the caller may see, or `NotFound`."""
    entry = await entries.get(identity)
    if entry.batch != batch.id:
        raise NotFound(f"there is no Entry {identity} in this batch")
    return entry
