"""Standings over HTTP: everyone reads their own line, the Center suspends and lifts."""

from fastapi import APIRouter, Response

from services.registry.standings.commands import LiftSuspension, SuspendUnit
from services.registry.standings.domain import Standing
from services.registry.standings.handlers import Standings
from services.registry.standings.storage import visible
from shared.auth import Role
from shared.http.door import Asked, Expected, Within, allow, doors
from shared.http.pages import Cursor, Limit, Page, after, page
from shared.http.tags import tagged


def routes(standings: Standings) -> APIRouter:
    """The doors of the standings room."""
    router = doors("/standings", "standings")

    @router.post("/{unit}/suspend")
    @allow(Role.CENTER)
    async def suspend(unit: str, asked: SuspendUnit, act: Asked, expect: Expected, response: Response) -> Standing:
        """Take a unit's standing from a day on."""
        return tagged(response, await standings.suspend(act, unit, asked, expect))

    @router.post("/{unit}/lift")
    @allow(Role.CENTER)
    async def lift(unit: str, asked: LiftSuspension, act: Asked, expect: Expected, response: Response) -> Standing:
        """Give a suspended unit its standing back."""
        return tagged(response, await standings.lift(act, unit, asked, expect))

    @router.get("")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def index(scope: Within, cursor: Cursor = None, limit: Limit = 100) -> Page[Standing]:
        """Standings by unit."""
        rows = await visible(standings.standings, scope, {"_id": {"$gt": after(cursor)}}, limit + 1)
        return page(rows, limit, lambda row: row.id)

    @router.get("/{unit}")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def read(unit: str, scope: Within, response: Response) -> Standing:
        """One unit's standing: its grants, and whether it is suspended."""
        return tagged(response, await standings.one(scope, unit))

    return router
