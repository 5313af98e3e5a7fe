"""Entries over HTTP: units enrol candidates in bulk, everyone entitled sees them masked."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from services.assessment.eligibility.domain import Met
from services.assessment.entries.commands import EnrolRow
from services.assessment.entries.domain import Certificate, Entry, Score, State, must_be_open, shown
from services.assessment.entries.handlers import Entries, EntriesTaken
from services.assessment.entries.storage import listed
from shared.auth import Role
from shared.http.bulk import bulk_body, rows_of
from shared.http.door import Asked, Within, allow, doors
from shared.http.pages import Cursor, Limit, Page, after, page


class EntryView(BaseModel):
    """An entry without the person's sealed data."""

    id: str
    batch: str
    unit: str
    authority: str
    state: State
    holder: str = Field(description="masked name", examples=["李*"])
    id_masked: str = Field(description="masked ID number", examples=["330106********1015"])
    employer: str | None
    scores: tuple[Score, ...] = Field(description="points by part; empty until all sheets of the batch are sealed")
    eligibility: Met | None = Field(description="by which condition the candidate entered; null: the level is open")
    number: str = Field(description="certificate number, once certified")
    certificate: Certificate | None = Field(description="its certificate as it now stands, once certified")
    reason: str = Field(description="the registry's slug, once rejected")
    detail: str


def routes(entries: Entries) -> APIRouter:
    """The doors of the entries room."""
    router = doors("/batches/{batch}/entries", "entries")

    @router.post("", openapi_extra=bulk_body(EnrolRow))
    @allow(Role.UNIT)
    async def enrol(batch: str, request: Request, act: Asked) -> EntriesTaken:
        """Enrol candidates: good rows are taken, bad rows are refused one by one."""
        return await entries.enrol(act, batch, await rows_of(request, EnrolRow))

    @router.get("")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def index(
        batch: str, scope: Within, state: State | None = None, cursor: Cursor = None, limit: Limit = 100
    ) -> Page[EntryView]:
        """Entries of a batch by id."""
        found = await entries.batches.get(batch, scope)
        if state in (State.PASSED, State.FAILED):
            must_be_open(found)
        rows = await listed(entries.entries, scope, found.id, state=state, after=after(cursor), limit=limit + 1)
        return page([_view(shown(row, found)) for row in rows], limit, lambda row: row.id)

    return router


def _view(entry: Entry) -> EntryView:
    return EntryView.model_validate(entry, from_attributes=True)
