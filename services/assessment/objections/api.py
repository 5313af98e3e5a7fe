"""Objections over HTTP: raised by candidates, units and authorities, and what becomes of each."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from services.assessment.objections.commands import (
    AskOwnObjections,
    DecideObjection,
    Kind,
    RaisedBy,
    RaiseObjection,
    RaiseOwnObjection,
    RefuseObjection,
    ReviewScore,
)
from services.assessment.objections.domain import Deadline, Objection, Review, State, Step, Verdict
from services.assessment.objections.handlers import Objections
from services.assessment.objections.storage import listed
from shared.auth import Role
from shared.http.door import Asked, Expected, Within, allow, doors, limited, public, reading
from shared.http.limits import Allowance
from shared.http.pages import Cursor, Limit, Page, after, page
from shared.http.tags import tagged

ACTING = (Role.UNIT, Role.AUTHORITY, Role.CENTER)


class ObjectionView(BaseModel):
    """An objection as the unit and the authorities above it see it."""

    id: str
    version: int
    authority: str
    unit: str
    batch: str
    entry: str
    kind: Kind
    text: str
    raised_by: RaisedBy
    state: State
    due: Deadline | None = Field(description="until when it is accepted or refused, then decided; null once it ended")
    overdue: bool = Field(description="whether that is over")
    late: tuple[str, ...] = Field(description="the steps that were overdue: acceptance, decision")
    steps: tuple[Step, ...]
    review: Review | None = Field(description="what a score review found, with its two signatures")
    verdict: Verdict | None = Field(description="what the decision means for the entry")
    reason: str = Field(description="why it was refused or decided so; empty while it is open")


class OwnObjection(BaseModel):
    """An objection as the candidate sees it; names nobody."""

    id: str
    kind: Kind
    state: State
    raised_on: date = Field(description="Asia/Shanghai")
    answer_by: date | None = Field(description="last day of the next step, Asia/Shanghai; null once it ended")
    reason: str = Field(description="why it was refused or decided so; empty while it is open")


class OwnObjections(BaseModel):
    """A candidate's objections, the oldest first."""

    rows: list[OwnObjection]


def routes(objections: Objections, limit: Allowance) -> APIRouter:
    """The doors of the objections room."""
    router = doors("", "objections")
    _candidates(router, objections, limit)
    _staff(router, objections)
    _decisions(router, objections)
    return router


def _candidates(router: APIRouter, objections: Objections, limit: Allowance) -> None:
    @router.post("/objections", status_code=201)
    @public
    @limited(limit)
    async def raise_own(asked: RaiseOwnObjection, act: Asked) -> OwnObjection:
        """Object to the own result; without a token, by ticket and ID number."""
        return _own(await objections.raise_own(act, asked))

    @router.post("/objections/own")
    @public
    @reading
    @limited(limit)
    async def own(asked: AskOwnObjections, response: Response) -> OwnObjections:
        """What became of the own objections; without a token, by ticket and ID number."""
        response.headers["Cache-Control"] = "no-store"
        return OwnObjections(rows=[_own(row) for row in await objections.own(asked)])


def _staff(router: APIRouter, objections: Objections) -> None:
    @router.post("/batches/{batch}/objections", status_code=201)
    @allow(*ACTING)
    async def raise_for(batch: str, asked: RaiseObjection, act: Asked, response: Response) -> ObjectionView:
        """Enter an objection that was received, or an own one; its entry is held back while it is open."""
        return view(tagged(response, await objections.raise_for(act, batch, asked)))

    @router.get("/objections")
    @allow(*ACTING, Role.AUDITOR)
    async def index(
        scope: Within,
        batch: Annotated[str | None, Query(description="of one batch only")] = None,
        state: State | None = None,
        overdue: Annotated[bool | None, Query(description="whose next step is overdue, or is not")] = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Page[ObjectionView]:
        """Objections by id."""
        rows = await listed(
            objections.objections,
            scope,
            batch=batch,
            state=state,
            overdue=overdue,
            after=after(cursor),
            limit=limit + 1,
        )
        return page([view(row) for row in rows], limit, lambda row: row.id)

    @router.get("/objections/{objection}")
    @allow(*ACTING, Role.AUDITOR)
    async def read(objection: str, scope: Within, response: Response) -> ObjectionView:
        """One objection with all its steps."""
        return view(tagged(response, await objections.objections.get(objection, scope)))


def _decisions(router: APIRouter, objections: Objections) -> None:
    @router.post("/objections/{objection}/accept")
    @allow(*ACTING)
    async def accept(objection: str, act: Asked, expect: Expected, response: Response) -> ObjectionView:
        """Accept it: it is looked into and decided within its days."""
        return view(tagged(response, await objections.accept(act, objection, expect)))

    @router.post("/objections/{objection}/refuse")
    @allow(*ACTING)
    async def refuse(
        objection: str, asked: RefuseObjection, act: Asked, expect: Expected, response: Response
    ) -> ObjectionView:
        """Refuse it with a reason: it is not looked into; a unit refuses only those about points."""
        return view(tagged(response, await objections.refuse(act, objection, asked, expect)))

    @router.post("/objections/{objection}/review")
    @allow(*ACTING)
    async def review(
        objection: str, asked: ReviewScore, act: Asked, expect: Expected, response: Response
    ) -> ObjectionView:
        """Decide an objection to points by a score review: arithmetic and omission only, two signatures."""
        return view(tagged(response, await objections.review(act, objection, asked, expect)))

    @router.post("/objections/{objection}/decide")
    @allow(Role.AUTHORITY, Role.CENTER)
    async def decide(
        objection: str, asked: DecideObjection, act: Asked, expect: Expected, response: Response
    ) -> ObjectionView:
        """Decide an objection of another kind: the entry is disqualified, or the result stands."""
        return view(tagged(response, await objections.decide(act, objection, asked, expect)))


def view(objection: Objection) -> ObjectionView:
    """What is shown of an objection to who acts on it."""
    return ObjectionView.model_validate(objection, from_attributes=True)


def _own(objection: Objection) -> OwnObjection:
    return OwnObjection(
        id=objection.id,
        kind=objection.kind,
        state=objection.state,
        raised_on=objection.raised_on,
        answer_by=objection.due.last_day if objection.due else None,
        reason=objection.reason,
    )
