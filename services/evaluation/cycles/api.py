"""Cycles over HTTP: everybody with a token reads them; the Center makes them, moves windows, grants extensions."""

from fastapi import APIRouter, Response

from services.evaluation.cycles.commands import ChangeWindows, GrantExtension, MakeCycle
from services.evaluation.cycles.domain import Cycle, Extension
from services.evaluation.cycles.handlers import Cycles
from services.evaluation.cycles.storage import extensions_of, listed
from shared.auth import Role
from shared.http.door import Asked, Expected, Within, allow, doors
from shared.http.pages import Cursor, Limit, Page, after, page
from shared.http.tags import tagged


def routes(cycles: Cycles) -> APIRouter:
    """The doors of the cycles room."""
    router = doors("/cycles", "cycles")
    _extensions(router, cycles)

    @router.post("", status_code=201)
    @allow(Role.CENTER)
    async def make(asked: MakeCycle, act: Asked, response: Response) -> Cycle:
        """Make a cycle; each of its stages is announced when it opens and when it closes."""
        return tagged(response, await cycles.make(act, asked))

    @router.get("")
    @allow(*Role)
    async def index(*, cursor: Cursor = None, limit: Limit = 100) -> Page[Cycle]:
        """The cycles by id."""
        rows = await listed(cycles.cycles, after=after(cursor), limit=limit + 1)
        return page(rows, limit, lambda row: row.id)

    @router.get("/{cycle}")
    @allow(*Role)
    async def read(cycle: str, response: Response) -> Cycle:
        """One cycle with its windows and how they moved."""
        return tagged(response, await cycles.cycles.get(cycle))

    @router.post("/{cycle}/windows")
    @allow(Role.CENTER)
    async def change_windows(
        cycle: str, asked: ChangeWindows, act: Asked, expect: Expected, response: Response
    ) -> Cycle:
        """Move windows with a reason: freely while they have not begun, later only to a later end."""
        return tagged(response, await cycles.change_windows(act, cycle, asked, expect))

    return router


def _extensions(router: APIRouter, cycles: Cycles) -> None:
    @router.post("/{cycle}/extensions", status_code=201)
    @allow(Role.CENTER)
    async def extend(cycle: str, asked: GrantExtension, act: Asked) -> Extension:
        """Record that an organisation may do one thing late."""
        return await cycles.extend(act, cycle, asked)

    @router.get("/{cycle}/extensions")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def extensions(cycle: str, scope: Within, *, cursor: Cursor = None, limit: Limit = 100) -> Page[Extension]:
        """The extensions of a cycle, those of the caller's line or organisation."""
        rows = await extensions_of(cycles.extensions, cycle, scope, after=after(cursor), limit=limit + 1)
        return page(rows, limit, lambda row: row.id)
