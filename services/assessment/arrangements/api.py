"""Arrangements over HTTP: rooms, tickets, attendance, and the pages that are printed of them."""

from collections.abc import Iterable

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from services.assessment.arrangements.commands import ArrangeRooms, AttendanceRow
from services.assessment.arrangements.domain import RoomCount
from services.assessment.arrangements.handlers import Arrangements, Attendances, Papers, RoomRecord
from services.assessment.arrangements.storage import with_ticket
from services.assessment.batches.api import BatchView, view
from services.assessment.entries.domain import Entry, Place, State, shown
from shared.auth import Role
from shared.http.bulk import bulk_body, rows_of
from shared.http.door import Asked, Calling, Expected, Within, allow, doors
from shared.http.pages import Cursor, Limit, Page, after, page
from shared.http.rendering import Layouts
from shared.http.rows import RowsTaken
from shared.http.tags import tagged

READERS = (Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)


class TicketView(BaseModel):
    """A candidate's ticket and places; work-piece numbers are for who hands out papers, never for assessors."""

    entry: str
    ticket: str
    state: State
    holder: str = Field(description="masked name", examples=["李*"])
    places: tuple[Place, ...]


class PartCount(BaseModel):
    """How those who sit a part attended it; whoever is not noted was present."""

    part: str
    expected: int
    present: int
    late: int
    absent: int
    violation: int = Field(description="noted at this part; it voids all parts of the candidate")


class Attended(BaseModel):
    """How the exam was attended, by part and by room."""

    batch: str
    parts: list[PartCount]
    rooms: list[RoomCount]


def routes(arrangements: Arrangements, attendances: Attendances, papers: Papers, layouts: Layouts) -> APIRouter:
    """The doors of the arrangements room."""
    router = doors("/batches/{batch}", "arrangements")
    _rooms(router, arrangements)
    _attendance(router, attendances)
    _pages(router, papers, layouts)
    return router


def _rooms(router: APIRouter, arrangements: Arrangements) -> None:
    @router.post("/arrangement")
    @allow(Role.UNIT)
    async def arrange(batch: str, asked: ArrangeRooms, act: Asked, expect: Expected, response: Response) -> BatchView:
        """End the entry and name the rooms; tickets follow. Said anew before the exam, it replaces all of them."""
        return view(tagged(response, await arrangements.arrange(act, batch, asked, expect)))

    @router.get("/tickets")
    @allow(*READERS)
    async def tickets(batch: str, scope: Within, cursor: Cursor = None, limit: Limit = 100) -> Page[TicketView]:
        """Tickets of the present arrangement, with room, station, turn and work-piece number of each part."""
        found = await arrangements.batches.get(batch, scope)
        rows = await with_ticket(arrangements.entries, scope, found, after=after(cursor), limit=limit + 1)
        return page([_ticket(shown(row, found)) for row in rows], limit, lambda row: row.entry)


def _attendance(router: APIRouter, attendances: Attendances) -> None:
    @router.post("/attendance", openapi_extra=bulk_body(AttendanceRow))
    @allow(Role.UNIT)
    async def note(batch: str, request: Request, act: Asked) -> RowsTaken:
        """Note who was late, absent or broke the rules; a later row for a part replaces an earlier one."""
        return await attendances.note(act, batch, await rows_of(request, AttendanceRow))

    @router.get("/attendance")
    @allow(*READERS)
    async def summary(batch: str, scope: Within) -> Attended:
        """How the exam was attended, by part and by room."""
        rooms = list(await attendances.summary(batch, scope))
        return Attended(batch=batch, parts=_by_part(rooms), rooms=rooms)

    @router.get("/attendance/{room}")
    @allow(*READERS)
    async def record(batch: str, room: int, scope: Within) -> RoomRecord:
        """The record of one room, by its place in the batch's list of rooms, from 1."""
        return await attendances.record(batch, room, scope)


def _pages(router: APIRouter, papers: Papers, layouts: Layouts) -> None:
    @router.get("/entries/{entry}/ticket", response_class=HTMLResponse)
    @allow(Role.UNIT)
    async def ticket(batch: str, entry: str, scope: Within, caller: Calling) -> HTMLResponse:
        """The admission ticket as a page to print, with the candidate's name; each showing is on record."""
        return layouts.page("ticket", ticket=await papers.ticket(batch, entry, scope, caller.subject))

    @router.get("/rooms/{room}", response_class=HTMLResponse)
    @allow(Role.UNIT)
    async def room_list(batch: str, room: int, scope: Within) -> HTMLResponse:
        """The list for a room's door as a page to print, by the room's place in the batch's list, from 1."""
        return layouts.page("room", paper=await papers.room(batch, room, scope))


def _ticket(entry: Entry) -> TicketView:
    about = entry.model_dump(include={"ticket", "state", "holder", "places"})
    return TicketView(entry=entry.id, **about)


def _by_part(rooms: Iterable[RoomCount]) -> list[PartCount]:
    sums: dict[str, PartCount] = {}
    for room in rooms:
        before = sums.get(room.part)
        mine = room.model_dump(include=set(PartCount.model_fields) - {"part"})
        total = {name: many + (getattr(before, name) if before else 0) for name, many in mine.items()}
        sums[room.part] = PartCount(part=room.part, **total)
    return list(sums.values())
