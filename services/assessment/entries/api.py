"""Entries over HTTP: units enrol candidates, reviewers let some in, everyone entitled sees them masked."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from services.assessment.eligibility.domain import Met
from services.assessment.entries.commands import AdmitEntry, EnrolRow, MendEntry, RevealEntry, WithdrawEntry
from services.assessment.entries.domain import (
    Attendance,
    Certificate,
    Entry,
    Handling,
    Place,
    Resit,
    Reviewed,
    Score,
    State,
    must_be_open,
    shown,
)
from services.assessment.entries.handlers import Entries, EntriesTaken, Person
from services.assessment.entries.storage import listed
from shared.act import Act
from shared.auth import Role
from shared.http.bulk import bulk_body, rows_of
from shared.http.door import Asked, Within, allow, doors, reading, unkept
from shared.http.pages import Cursor, Limit, Page, after, page
from shared.http.tags import tagged

READERS = (Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
Checked = Callable[[Act, str], Awaitable[object]]


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
    entered_at: datetime | None = Field(description="when the candidate was entered; null: before this was kept")
    ticket: str = Field(description="number of the admission ticket; empty until it is given")
    places: tuple[Place, ...] = Field(description="where and when the candidate sits each part")
    attendance: tuple[Attendance, ...]
    scores: tuple[Score, ...] = Field(description="points by part; empty until all sheets of the batch are sealed")
    eligibility: Met | None = Field(description="by which condition the candidate entered; null: the level is open")
    reviewed: Reviewed | None = Field(description="who set the conditions aside and why; null: nobody")
    resit: Resit | None = Field(description="what a resit carries over; null: every part is examined")
    objection: str = Field(description="the open objection that holds the entry back; empty without one")
    number: str = Field(description="certificate number, once certified")
    certificate: Certificate | None = Field(description="its certificate as it now stands, once certified")
    reason: str = Field(description="the rule that keeps it out, or the registry's slug, once rejected")
    detail: str


class EntryRecord(EntryView):
    """An entry with what was done with it beside examining."""

    teachers: tuple[str, ...] = Field(description="cards of assessors who taught the candidate")
    relatives: tuple[str, ...] = Field(description="cards of assessors related to the candidate")
    handled: tuple[Handling, ...]


def routes(entries: Entries, checked: Checked) -> APIRouter:
    """The doors of the entries room; `checked` looks again at who assesses a batch."""
    router = doors("/batches/{batch}/entries", "entries")
    _add_entering(router, entries)
    _add_reads(router, entries)
    _add_handling(router, entries, checked)
    return router


def _add_entering(router: APIRouter, entries: Entries) -> None:
    @router.post("", openapi_extra=bulk_body(EnrolRow))
    @allow(Role.UNIT)
    async def enrol(batch: str, request: Request, act: Asked) -> EntriesTaken:
        """Enrol candidates: good rows are taken, bad rows are refused one by one.

        Whom the conditions refuse is kept as ineligible: sent again with more evidence they are weighed anew.
        """
        return await entries.enrol(act, batch, await rows_of(request, EnrolRow))

    @router.post("/check", openapi_extra=bulk_body(EnrolRow))
    @allow(Role.UNIT)
    @reading
    async def check(batch: str, request: Request, scope: Within) -> EntriesTaken:
        """What enrolling these rows would answer; nothing is kept."""
        return await entries.check(batch, await rows_of(request, EnrolRow), scope)

    @router.post("/one", status_code=201)
    @allow(Role.UNIT)
    async def one(batch: str, asked: EnrolRow, act: Asked, response: Response) -> EntryRecord:
        """Enrol one candidate."""
        return _record(tagged(response, await entries.one(act, batch, asked)))


def _add_reads(router: APIRouter, entries: Entries) -> None:
    @router.get("")
    @allow(*READERS)
    async def index(
        batch: str, scope: Within, state: State | None = None, cursor: Cursor = None, limit: Limit = 100
    ) -> Page[EntryView]:
        """Entries of a batch by id."""
        found = await entries.batches.get(batch, scope)
        if state in (State.PASSED, State.FAILED):
            must_be_open(found)
        rows = await listed(entries.entries, scope, found.id, state=state, after=after(cursor), limit=limit + 1)
        return page([_view(shown(row, found)) for row in rows], limit, lambda row: row.id)

    @router.get("/{entry}")
    @allow(*READERS)
    async def read(batch: str, entry: str, scope: Within, response: Response) -> EntryRecord:
        """One entry with what was done with it."""
        found = tagged(response, await entries.get(batch, entry, scope))
        return _record(shown(found, await entries.batches.get(batch, scope)))


def _add_handling(router: APIRouter, entries: Entries, checked: Checked) -> None:
    @router.post("/{entry}/admit")
    @allow(Role.AUTHORITY, Role.CENTER)
    async def admit(batch: str, entry: str, asked: AdmitEntry, act: Asked, response: Response) -> EntryRecord:
        """Let in whom the conditions refuse; the rule that is set aside and the reason stay on record."""
        return _record(tagged(response, await entries.admit(act, batch, entry, asked)))

    @router.post("/{entry}/withdraw")
    @allow(Role.UNIT)
    async def withdraw(batch: str, entry: str, asked: WithdrawEntry, act: Asked, response: Response) -> EntryRecord:
        """Withdraw a candidate before the exam begins; its days are free for another exam."""
        return _record(tagged(response, await entries.withdraw(act, batch, entry, asked)))

    @router.post("/{entry}/mend")
    @allow(Role.UNIT)
    async def mend(batch: str, entry: str, asked: MendEntry, act: Asked, response: Response) -> EntryRecord:
        """Mend name, ID number or employer, before results are publicised or once the registry rejected the entry."""
        found = tagged(response, await entries.mend(act, batch, entry, asked))
        await checked(act, batch)  # whoever this is now may be tied to an assessor
        return _record(shown(found, await entries.batches.get(batch, act.scope)))

    @router.post("/{entry}/reveal")
    @allow(Role.UNIT, Role.AUTHORITY, Role.CENTER)
    @unkept
    async def reveal(batch: str, entry: str, asked: RevealEntry, act: Asked, response: Response) -> Person:
        """The candidate in clear; who asked and why stays on the entry's record."""
        response.headers["Cache-Control"] = "no-store"
        return await entries.reveal(act, batch, entry, asked)


def _view(entry: Entry) -> EntryView:
    return EntryView.model_validate(entry, from_attributes=True)


def _record(entry: Entry) -> EntryRecord:
    return EntryRecord.model_validate(entry, from_attributes=True)
