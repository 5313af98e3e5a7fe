"""Where proposals are kept, and the lists that are asked of them."""

from services.registry.proposals.commands import ProposalKind
from services.registry.proposals.domain import Proposal, State
from shared.act import Scope
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store

INDEXES = (
    IndexModel([("authority", 1), ("unit", 1), ("_id", 1)]),
    IndexModel([("kind", 1), ("state", 1), ("_id", 1)]),
)


def proposal_store(database: Database) -> Store[Proposal]:
    """The registry's proposals."""
    return Store(database, "/registry/proposals", Proposal, indexes=INDEXES)


async def listed(
    proposals: Store[Proposal],
    scope: Scope,
    *,
    kind: ProposalKind | None,
    state: State | None,
    occupation: str | None,
    after: str,
    limit: int,
) -> list[Proposal]:
    """Proposals within a scope, by id, those after the cursor."""
    named = {"kind": kind, "state": state, "occupation": occupation}
    query: Document = {"_id": {"$gt": after}, **{name: value for name, value in named.items() if value is not None}}
    return await proposals.find(query, scope, limit=limit)
