"""Batches over HTTP: units plan and file them, everyone sees their own line."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from services.assessment.batches.commands import CancelBatch, OpenRegistration, PlanBatch
from services.assessment.batches.domain import Batch, Mode, Notice, Room, Seal, State, Tally
from services.assessment.batches.handlers import Batches
from services.assessment.batches.storage import Wanted, listed
from shared.auth import Role
from shared.events.assessment import Sitting
from shared.events.registry import Part
from shared.http.door import Asked, Expected, Within, allow, doors
from shared.http.pages import Cursor, Limit, Page, after_place, page, place
from shared.http.tags import tagged

Named = Annotated[str | None, Query(max_length=100)]
Counted = Callable[[Batch], Awaitable[Tally]]


class BatchView(BaseModel):
    """A batch as its unit and the authorities above it see it."""

    id: str
    version: int
    authority: str
    unit: str
    occupation: str
    level: str
    standard: str = Field(description="the edition it is examined by")
    exam_on: date = Field(description="first day")
    ends_on: date = Field(description="last day")
    mode: str
    sittings: tuple[Sitting, ...]
    planned: int
    begun_on: date | None = Field(description="day it was filed; it ends under the regime of that day")
    plan: str = Field(description="the filed plan it is held under; empty until it is filed")
    plan_edition: int
    registration_until: date | None = Field(description="last day on which candidates are entered")
    rooms: tuple[Room, ...]
    tickets: int = Field(description="tickets given; 0 until all have one")
    site: str = Field(description="id of the site; empty when it is held online")
    assessors: tuple[str, ...] = Field(description="ids of the assessors' cards")
    supervisor: str = Field(description="id of the supervisor's card; empty when none is named")
    state: State
    moments: Mapping[str, datetime] = Field(description="when it reached its states, UTC")
    frozen: bool
    frozen_for: str = Field(description="why it is frozen; empty when it is not")
    seal: Seal | None = Field(description="the seal over all sheets, once there is one")
    notice: Notice | None = Field(description="the public notice of its results, once there is one")
    chunks: int = Field(description="in how many parts the final results are said, once it is closed")
    reason: str = Field(description="why it was cancelled; empty when it was not")


class BatchDetail(BatchView):
    """One batch with what is examined and how many entries are in each state."""

    parts: tuple[Part, ...]
    counts: Tally = Field(description="entries by state; until the seal whoever has a result is counted as enrolled")


def routes(batches: Batches, counted: Counted) -> APIRouter:
    """The doors of the batches room; `counted` asks the entries room."""
    router = doors("/batches", "batches")

    _moves(router, batches)

    @router.get("/modes")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def modes() -> list[Mode]:
        """How a part can be held, and what each mode needs, by the rules of today."""
        return batches.modes(batches.clock.today())

    @router.get("/{batch}")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def read(batch: str, scope: Within, response: Response) -> BatchDetail:
        """One batch with its parts and the number of entries by state."""
        found = tagged(response, await batches.batches.get(batch, scope))
        shown = view(found).model_dump()
        return BatchDetail(**shown, parts=found.parts, counts=await counted(found))

    @router.get("")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def index(
        scope: Within, wanted: Annotated[Wanted, Depends(_wanted)], cursor: Cursor = None, limit: Limit = 100
    ) -> Page[BatchView]:
        """Batches by the day of the exam: of a unit, occupation, state, between two days."""
        rows = await listed(batches.batches, scope, wanted, beyond=after_place(cursor), limit=limit + 1)
        return page([view(row) for row in rows], limit, lambda row: place(row.exam_on, row.id))

    return router


def _wanted(
    unit: Named = None,
    occupation: Named = None,
    state: State | None = None,
    exam_from: Annotated[date | None, Query(description="first day of exams, Asia/Shanghai")] = None,
    exam_until: Annotated[date | None, Query(description="last day of exams, Asia/Shanghai")] = None,
) -> Wanted:
    return Wanted(unit, occupation, state, exam_from, exam_until)


def _moves(router: APIRouter, batches: Batches) -> None:
    @router.post("", status_code=201)
    @allow(Role.UNIT)
    async def plan(asked: PlanBatch, act: Asked, response: Response) -> BatchView:
        """Plan a batch of the caller's unit, within its standing; nobody is told of it yet."""
        return view(tagged(response, await batches.plan(act, asked)))

    @router.post("/{batch}/file")
    @allow(Role.UNIT)
    async def file(batch: str, act: Asked, expect: Expected, response: Response) -> BatchView:
        """File and announce it, before the day of its exam."""
        return view(tagged(response, await batches.file(act, batch, expect)))

    @router.post("/{batch}/registration")
    @allow(Role.UNIT)
    async def register(
        batch: str, asked: OpenRegistration, act: Asked, expect: Expected, response: Response
    ) -> BatchView:
        """Open the registration, or move its last day."""
        return view(tagged(response, await batches.open_registration(act, batch, asked, expect)))

    @router.post("/{batch}/begin")
    @allow(Role.UNIT)
    async def begin(batch: str, act: Asked, expect: Expected, response: Response) -> BatchView:
        """Begin the exam on its day, once tickets are given and the assignment is confirmed."""
        return view(tagged(response, await batches.begin(act, batch, expect)))

    @router.post("/{batch}/end")
    @allow(Role.UNIT)
    async def end(batch: str, act: Asked, expect: Expected, response: Response) -> BatchView:
        """End the exam on its last day."""
        return view(tagged(response, await batches.end(act, batch, expect)))

    @router.post("/{batch}/cancel")
    @allow(Role.UNIT)
    async def cancel(batch: str, asked: CancelBatch, act: Asked, expect: Expected, response: Response) -> BatchView:
        """Give it up, before its results are publicised."""
        return view(tagged(response, await batches.cancel(act, batch, asked, expect)))


def view(batch: Batch) -> BatchView:
    """What is shown of a batch; who writes into it is nobody's business."""
    return BatchView.model_validate(batch, from_attributes=True)
