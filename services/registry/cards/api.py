"""Cards over HTTP: the Center and the authorities issue and keep them, those who examine ask which may act."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from services.registry.cards.commands import (
    ChangeEmployer,
    ChangeScopes,
    CheckCards,
    GradeCard,
    IssueCard,
    ReinstateCard,
    RenewCard,
    RevealHolder,
    RevokeCard,
    SuspendCard,
)
from services.registry.cards.domain.card import Card
from services.registry.cards.domain.evidence import CardKind
from services.registry.cards.domain.history import Change, Grading, Refusal, Reveal, Status, Suspension, Term
from services.registry.cards.handlers import Cards
from services.registry.cards.storage import Wanted, listed
from shared.auth import Role
from shared.events.registry import Scope
from shared.http.door import Asked, Expected, Within, allow, doors, reading, unkept
from shared.http.pages import Cursor, Limit, Page, after, page
from shared.http.tags import tagged

ISSUERS = (Role.CENTER, Role.AUTHORITY)
READERS = (*ISSUERS, Role.AUDITOR)
EXAMINERS = (*READERS, Role.UNIT, Role.SUPERVISOR)


class CardView(BaseModel):
    """A card as it is listed; the person is masked."""

    id: str
    number: str = Field(examples=["A33190001"])
    kind: CardKind
    authority: str = Field(description="line of the issuer; `national` is the Center")
    holder: str = Field(description="masked name", examples=["张*"])
    id_number: str = Field(description="masked ID number", examples=["330106********1015"])
    employer: str
    scopes: tuple[Scope, ...]
    status: Status = Field(description="as of today, Asia/Shanghai")
    valid_from: date
    valid_until: date
    suspended_on: date | None
    ended_on: date | None
    reason: str
    basis: str


class CardRecord(CardView):
    """A card with everything that became of it."""

    terms: tuple[Term, ...]
    suspensions: tuple[Suspension, ...]
    gradings: tuple[Grading, ...]
    changes: tuple[Change, ...]
    reveals: tuple[Reveal, ...]


class HolderShown(BaseModel):
    """A holder in clear."""

    name: str
    id_number: str


class Answer(BaseModel):
    """Whether a card's holder may act, and if not, why."""

    asked: str = Field(description="the number or id asked about")
    card: str | None = Field(description="id of the card; null when it is unknown")
    kind: CardKind | None
    may_act: bool
    refusal: Refusal | None = Field(description="stable slug; null when the holder may act")
    detail: str


def routes(cards: Cards) -> APIRouter:
    """The doors of the cards room."""
    router = doors("/cards", "cards")
    _add_reads(router, cards)
    _add_life(router, cards)
    _add_changes(router, cards)
    return router


def _add_reads(router: APIRouter, cards: Cards) -> None:
    @router.get("")
    @allow(*READERS)
    async def index(
        scope: Within, wanted: Annotated[Wanted, Depends()], cursor: Cursor = None, limit: Limit = 100
    ) -> Page[CardView]:
        """Cards by id, narrowed by kind, status today, occupation, level, employer or the end of the term."""
        today = cards.clock.today()
        rows = await listed(cards.cards, scope, wanted, today=today, after=after(cursor), limit=limit + 1)
        return page([_view(row, today) for row in rows], limit, lambda row: row.id)

    @router.post("/check")
    @allow(*EXAMINERS)
    @reading
    async def check(asked: CheckCards, scope: Within) -> list[Answer]:
        """Which of these cards may act on a day, and why the others may not."""
        found = await cards.check(scope, asked)
        return [_answer(name, card, asked) for name, card in zip(asked.cards, found, strict=True)]

    @router.get("/{card}")
    @allow(*READERS)
    async def read(card: str, scope: Within, response: Response) -> CardRecord:
        """One card with its history."""
        found = tagged(response, await cards.cards.get(card, scope))
        return _record(found, cards.clock.today())

    @router.post("/{card}/reveal")
    @allow(*ISSUERS)
    @unkept
    async def reveal(card: str, asked: RevealHolder, act: Asked, response: Response) -> HolderShown:
        """The holder's name and ID number; who asked and why stays on the card's record."""
        response.headers["Cache-Control"] = "no-store"
        return HolderShown.model_validate(await cards.reveal(act, card, asked))


def _add_life(router: APIRouter, cards: Cards) -> None:
    @router.post("", status_code=201)
    @allow(*ISSUERS)
    async def issue(asked: IssueCard, act: Asked, response: Response) -> CardRecord:
        """Issue a card in the caller's line."""
        return _record(tagged(response, await cards.issue(act, asked)), cards.clock.today())

    @router.post("/{card}/renew")
    @allow(*ISSUERS)
    async def renew(card: str, asked: RenewCard, act: Asked, expect: Expected, response: Response) -> CardRecord:
        """Give a card a further term after re-training."""
        return _record(tagged(response, await cards.renew(act, card, asked, expect)), cards.clock.today())

    @router.post("/{card}/suspend")
    @allow(*ISSUERS)
    async def suspend(card: str, asked: SuspendCard, act: Asked, expect: Expected, response: Response) -> CardRecord:
        """Suspend a card from a day on."""
        return _record(tagged(response, await cards.suspend(act, card, asked, expect)), cards.clock.today())

    @router.post("/{card}/reinstate")
    @allow(*ISSUERS)
    async def reinstate(
        card: str, asked: ReinstateCard, act: Asked, expect: Expected, response: Response
    ) -> CardRecord:
        """Lift a suspension."""
        return _record(tagged(response, await cards.reinstate(act, card, asked, expect)), cards.clock.today())

    @router.post("/{card}/revoke")
    @allow(*ISSUERS)
    async def revoke(card: str, asked: RevokeCard, act: Asked, expect: Expected, response: Response) -> CardRecord:
        """Withdraw a card for good."""
        return _record(tagged(response, await cards.revoke(act, card, asked, expect)), cards.clock.today())


def _add_changes(router: APIRouter, cards: Cards) -> None:
    @router.post("/{card}/grade")
    @allow(*ISSUERS)
    async def grade(card: str, asked: GradeCard, act: Asked, expect: Expected, response: Response) -> CardRecord:
        """Grade a year's work, or correct its grade."""
        return _record(tagged(response, await cards.grade(act, card, asked, expect)), cards.clock.today())

    @router.post("/{card}/scopes")
    @allow(*ISSUERS)
    async def rescope(card: str, asked: ChangeScopes, act: Asked, expect: Expected, response: Response) -> CardRecord:
        """Change the occupations and levels of a card."""
        return _record(tagged(response, await cards.rescope(act, card, asked, expect)), cards.clock.today())

    @router.post("/{card}/employer")
    @allow(*ISSUERS)
    async def employ(card: str, asked: ChangeEmployer, act: Asked, expect: Expected, response: Response) -> CardRecord:
        """Record the holder's new employer."""
        return _record(tagged(response, await cards.employ(act, card, asked, expect)), cards.clock.today())


def _view(card: Card, today: date) -> CardView:
    return CardView.model_validate({**vars(card), "status": card.status(today)})


def _record(card: Card, today: date) -> CardRecord:
    return CardRecord.model_validate({**vars(card), "status": card.status(today)})


def _answer(name: str, card: Card | None, asked: CheckCards) -> Answer:
    if card is None:
        detail = "no card of this number or id is within your line or the Center's"
        return Answer(asked=name, card=None, kind=None, may_act=False, refusal=Refusal.UNKNOWN, detail=detail)
    refusal, detail = card.refuses(asked.on, asked.occupation, asked.level) or (None, "")
    return Answer(asked=name, card=card.id, kind=card.kind, may_act=refusal is None, refusal=refusal, detail=detail)
