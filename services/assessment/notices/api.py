"""Notices over HTTP, for everybody: the announcement of a batch, and its public list."""

from fastapi import APIRouter, Response

from services.assessment.notices.domain import Announcement, PublicList
from services.assessment.notices.handlers import Notices
from shared.http.door import doors, limited, public
from shared.http.limits import Allowance
from shared.http.pages import Cursor, Limit, after


def routes(notices: Notices, limit: Allowance) -> APIRouter:
    """The doors of the notices room."""
    router = doors("/batches/{batch}", "notices")

    @router.get("/announcement")
    @public
    @limited(limit)
    async def announcement(batch: str) -> Announcement:
        """The announcement of a batch, once it is filed."""
        return await notices.announcement(batch)

    @router.get("/public-list")
    @public
    @limited(limit)
    async def public_list(batch: str, response: Response, cursor: Cursor = None, limit: Limit = 100) -> PublicList:
        """Who passed, with masked names, while the results are on public notice."""
        response.headers["Cache-Control"] = "no-store"
        return await notices.public_list(batch, after(cursor), limit)

    return router
