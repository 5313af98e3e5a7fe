"""Batches over HTTP: units file them, everyone sees their own line."""

from collections.abc import Awaitable, Callable
from datetime import date

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from services.assessment.batches.commands import AssignBatch, FileBatch
from services.assessment.batches.domain import Batch, Notice, State, Tally
from services.assessment.batches.handlers import Batches
from services.assessment.batches.storage import listed
from shared.auth import Role
from shared.events.registry import Part
from shared.http.door import Asked, Expected, Within, allow, doors
from shared.http.pages import Cursor, Limit, Page, after, page
from shared.http.tags import tagged

Counted = Callable[[str], Awaitable[Tally]]


class BatchView(BaseModel):
    """A batch as its unit and the authorities above it see it."""

    id: str
    version: int
    authority: str
    unit: str
    occupation: str
    level: str
    standard: str = Field(description="the edition it is examined by")
    exam_on: date
    planned: int
    begun_on: date | None = Field(description="day it was filed; it ends under the regime of that day")
    plan: str = Field(description="the filed plan it is held under")
    plan_edition: int
    site: str = Field(description="id of the site; empty when none is named")
    assessors: tuple[str, ...] = Field(description="ids of the assessors' cards")
    supervisor: str = Field(description="id of the supervisor's card; empty when none is named")
    state: State
    frozen: bool
    frozen_for: str = Field(description="why it is frozen; empty when it is not")
    notice: Notice | None = Field(description="the public notice of its results, once there is one")
    chunks: int = Field(description="in how many parts the final results are said, once it is closed")


class BatchDetail(BatchView):
    """One batch with what is examined and how many entries are in each state."""

    parts: tuple[Part, ...]
    counts: Tally


def routes(batches: Batches, counted: Counted) -> APIRouter:
    """The doors of the batches room; `counted` asks the entries room."""
    router = doors("/batches", "batches")

    @router.post("", status_code=201)
    @allow(Role.UNIT)
    async def file(asked: FileBatch, act: Asked, response: Response) -> BatchView:
        """File a batch of the caller's unit, within its standing."""
        return view(tagged(response, await batches.file(act, asked)))

    @router.post("/{batch}/assignment")
    @allow(Role.UNIT)
    async def assign(batch: str, asked: AssignBatch, act: Asked, expect: Expected, response: Response) -> BatchView:
        """Assign site, assessors and supervisor, in place of those assigned before, while the batch is filed."""
        return view(tagged(response, await batches.assign(act, batch, asked, expect)))

    @router.get("/{batch}")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def read(batch: str, scope: Within, response: Response) -> BatchDetail:
        """One batch with its parts and the number of entries by state."""
        found = tagged(response, await batches.batches.get(batch, scope))
        shown = view(found).model_dump()
        return BatchDetail(**shown, parts=found.parts, counts=await counted(found.id))

    @router.get("")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def index(
        scope: Within, state: State | None = None, cursor: Cursor = None, limit: Limit = 100
    ) -> Page[BatchView]:
        """Batches by id."""
        rows = await listed(batches.batches, scope, state=state, after=after(cursor), limit=limit + 1)
        return page([view(row) for row in rows], limit, lambda row: row.id)

    return router


def view(batch: Batch) -> BatchView:
    """What is shown of a batch; who writes into it is nobody's business."""
    return BatchView.model_validate(batch, from_attributes=True)
