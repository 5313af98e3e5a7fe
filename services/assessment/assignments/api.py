"""Assignments over HTTP: units assign and ask for proposals, authorities set rules aside, holders recuse themselves."""

from collections.abc import Mapping
from datetime import date, datetime

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from services.assessment.assignments.commands import AssignBatch, DeclareRecusal, OverrideRule, ProposeAssignment
from services.assessment.assignments.domain import Proposal, Recusal
from services.assessment.assignments.handlers import Assignments
from services.assessment.assignments.storage import recusals_in
from services.assessment.batches.domain import Batch, Override, Refusal
from services.assessment.mirrors.domain import Card
from shared.auth import Role
from shared.http.door import Asked, Expected, Within, allow, doors, reading
from shared.http.tags import tagged


class CardView(BaseModel):
    """A card that is named, without its holder's sealed data."""

    card: str
    number: str = Field(description="number printed on the card; empty where it is not known here")
    kind: str
    holder: str = Field(description="masked name", examples=["张*"])
    valid_until: date | None


class GroupView(BaseModel):
    """Who assesses one part."""

    part: str
    head: str = Field(description="card of the head assessor")
    assessors: tuple[CardView, ...]


class InvigilatorView(BaseModel):
    """Who watches over a room."""

    part: str
    room: str
    holder: str = Field(description="masked name")


class RecusalView(BaseModel):
    """A conflict that was declared."""

    id: str
    card: str
    kind: str
    entry: str = Field(description="the candidate it is about; empty: the whole batch")
    note: str
    actor: str
    role: str
    at: datetime


class AssignmentView(BaseModel):
    """Who assesses, supervises and invigilates a batch; what was refused, set aside and declared."""

    batch: str
    state: str = Field(description="open, confirmed or reopened")
    why: str = Field(description="why it was opened again")
    groups: tuple[GroupView, ...]
    supervisor: CardView | None
    supervision: str = Field(description="internal or external; empty when nobody is assigned")
    invigilators: tuple[InvigilatorView, ...]
    rules_on: date | None = Field(description="day whose rules it was confirmed by")
    confirmed_at: datetime | None
    by: str
    overrides: tuple[Override, ...]
    refusals: tuple[Refusal, ...] = Field(description="the newest of them")
    recusals: tuple[RecusalView, ...]


def routes(assignments: Assignments) -> APIRouter:
    """The doors of the assignments room."""
    router = doors("/batches/{batch}", "assignments")

    async def view(batch: Batch) -> AssignmentView:
        cards = await assignments.known.mirrors.cards_known(batch.assignment.cards)
        return _view(batch, cards, await recusals_in(assignments.known.recusals, batch.id))

    @router.post("/assignment")
    @allow(Role.UNIT)
    async def assign(
        batch: str, asked: AssignBatch, act: Asked, expect: Expected, response: Response
    ) -> AssignmentView:
        """Assign it: confirmed when every rule holds, else each rule that is not met is named."""
        return await view(tagged(response, await assignments.assign(act, batch, asked, expect)))

    @router.get("/assignment")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def read(batch: str, scope: Within, response: Response) -> AssignmentView:
        """Its assignment, with refusals, overrides and recusals."""
        return await view(tagged(response, await assignments.known.batches.get(batch, scope)))

    @router.post("/assignment/proposal")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT)
    @reading
    async def propose(batch: str, asked: ProposeAssignment, scope: Within) -> Proposal:
        """Who of a pool could be assigned, or which rule nobody meets; nothing is changed."""
        return await assignments.propose(scope, batch, asked)

    @router.post("/assignment/overrides")
    @allow(Role.CENTER, Role.AUTHORITY)
    async def override(
        batch: str, asked: OverrideRule, act: Asked, expect: Expected, response: Response
    ) -> AssignmentView:
        """Let a rule pass for a card or the group of a part, with a reason."""
        return await view(tagged(response, await assignments.override(act, batch, asked, expect)))

    @router.post("/recusals", status_code=201)
    @allow(Role.AUTHORITY, Role.UNIT, Role.ASSESSOR, Role.SUPERVISOR)
    async def recuse(batch: str, asked: DeclareRecusal, act: Asked) -> RecusalView:
        """Declare that the holder of a card must not assess or supervise it."""
        return _recusal(await assignments.recuse(act, batch, asked))

    return router


def _view(batch: Batch, cards: Mapping[str, Card], recusals: list[Recusal]) -> AssignmentView:
    of = batch.assignment
    shown = of.model_dump(exclude={"groups", "supervisor", "invigilators"})
    return AssignmentView(
        **shown,
        batch=batch.id,
        groups=tuple(
            GroupView(part=group.part, head=group.head, assessors=tuple(_card(cards, card) for card in group.assessors))
            for group in of.groups
        ),
        supervisor=_card(cards, of.supervisor) if of.supervisor else None,
        invigilators=tuple(InvigilatorView.model_validate(row, from_attributes=True) for row in of.invigilators),
        recusals=tuple(_recusal(row) for row in recusals),
    )


def _card(cards: Mapping[str, Card], card: str) -> CardView:
    known = cards.get(card)
    if known is None:
        return CardView(card=card, number="", kind="", holder="", valid_until=None)
    return CardView(card=card, number=known.number, kind=known.kind, holder=known.holder, valid_until=known.valid_until)


def _recusal(recusal: Recusal) -> RecusalView:
    return RecusalView.model_validate(recusal, from_attributes=True)
