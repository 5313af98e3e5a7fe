"""Organisations over HTTP: the tree within the caller's line."""

from fastapi import APIRouter, Response

from services.registry.organisations.domain import Organisation
from services.registry.organisations.handlers import Organisations
from shared.auth import Role
from shared.http.door import Within, allow, doors
from shared.http.pages import Cursor, Limit, Page, after, page
from shared.http.tags import tagged


def routes(organisations: Organisations) -> APIRouter:
    """The doors of the organisations room."""
    router = doors("/organisations", "organisations")

    @router.get("")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def index(scope: Within, cursor: Cursor = None, limit: Limit = 100) -> Page[Organisation]:
        """Organisations by id."""
        rows = await organisations.organisations.find({"_id": {"$gt": after(cursor)}}, scope, limit=limit + 1)
        return page(rows, limit, lambda row: row.id)

    @router.get("/{organisation}")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def read(organisation: str, scope: Within, response: Response) -> Organisation:
        """One organisation."""
        return tagged(response, await organisations.organisations.get(organisation, scope))

    return router
