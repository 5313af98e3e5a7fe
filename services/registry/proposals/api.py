"""Proposals over HTTP: units and authorities propose, the Center returns, adopts or declines."""

from fastapi import APIRouter, Response

from services.registry.proposals.commands import (
    AdoptProposal,
    DeclineProposal,
    ProposalKind,
    ReturnProposal,
    SubmitProposal,
)
from services.registry.proposals.domain import Proposal, State
from services.registry.proposals.handlers import Proposals
from services.registry.proposals.storage import listed
from shared.auth import Role
from shared.http.door import Asked, Expected, Within, allow, doors
from shared.http.pages import Cursor, Limit, Page, after, page
from shared.http.tags import tagged

READERS = (Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)


def routes(proposals: Proposals) -> APIRouter:
    """The doors of the proposals room."""
    router = doors("/proposals", "proposals")

    @router.post("", status_code=201)
    @allow(Role.UNIT, Role.AUTHORITY)
    async def submit(asked: SubmitProposal, act: Asked, response: Response) -> Proposal:
        """Lay a proposal before the Center."""
        return tagged(response, await proposals.submit(act, asked))

    @router.put("/{proposal}")
    @allow(Role.UNIT, Role.AUTHORITY)
    async def resubmit(
        proposal: str, asked: SubmitProposal, act: Asked, expect: Expected, response: Response
    ) -> Proposal:
        """Submit a returned proposal again, mended."""
        return tagged(response, await proposals.resubmit(act, proposal, asked, expect))

    @router.post("/{proposal}/return")
    @allow(Role.CENTER)
    async def send_back(
        proposal: str, asked: ReturnProposal, act: Asked, expect: Expected, response: Response
    ) -> Proposal:
        """Return a proposal with remarks."""
        return tagged(response, await proposals.send_back(act, proposal, asked, expect))

    @router.post("/{proposal}/adopt")
    @allow(Role.CENTER)
    async def adopt(proposal: str, asked: AdoptProposal, act: Asked, expect: Expected, response: Response) -> Proposal:
        """Adopt a proposal with a conclusion, and name the edition that came of it."""
        return tagged(response, await proposals.adopt(act, proposal, asked, expect))

    @router.post("/{proposal}/decline")
    @allow(Role.CENTER)
    async def decline(
        proposal: str, asked: DeclineProposal, act: Asked, expect: Expected, response: Response
    ) -> Proposal:
        """Decline a proposal with a reason."""
        return tagged(response, await proposals.decline(act, proposal, asked, expect))

    @router.get("/{proposal}")
    @allow(*READERS)
    async def read(proposal: str, scope: Within, response: Response) -> Proposal:
        """One proposal with its text."""
        return tagged(response, await proposals.proposals.get(proposal, scope))

    @router.get("")
    @allow(*READERS)
    async def index(
        scope: Within,
        kind: ProposalKind | None = None,
        state: State | None = None,
        occupation: str | None = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Page[Proposal]:
        """Proposals by id."""
        rows = await listed(
            proposals.proposals,
            scope,
            kind=kind,
            state=state,
            occupation=occupation,
            after=after(cursor),
            limit=limit + 1,
        )
        return page(rows, limit, lambda row: row.id)

    return router
