"""The public's own pages: an announcement and a public list as plain HTML without script, Chinese first."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from services.assessment.notices.domain import NotOnNotice
from services.assessment.notices.handlers import Notices
from shared.errors import Fault
from shared.http.door import Door, public
from shared.http.limits import Allowance, address_of
from shared.http.pages import after
from shared.http.problems import STATUS
from shared.http.rendering import Layouts

ROWS = 100  # of a list on one page


class Board:
    """Answers the pages; whatever goes wrong becomes a page as well."""

    def __init__(self, notices: Notices, layouts: Layouts, limit: Allowance) -> None:
        self._notices = notices
        self._layouts = layouts
        self._limit = limit

    async def announcement(self, request: Request, batch: str) -> HTMLResponse:
        """The page of an announcement."""
        return await self._told(request, "announcement", lambda: self._notices.announcement(batch))

    async def public_list(self, request: Request, batch: str, cursor: str | None) -> HTMLResponse:
        """One page of a public list."""
        return await self._told(request, "listing", lambda: self._notices.public_list(batch, after(cursor), ROWS))

    async def _told(self, request: Request, name: str, ask: Callable[[], Awaitable[Any]]) -> HTMLResponse:
        try:
            self._limit.take(address_of(request))
            return self._page(**{name: await ask()})
        except Fault as fault:
            known = {"period": fault.period, "score_until": fault.score_until} if isinstance(fault, NotOnNotice) else {}
            return self._page(STATUS[fault.kind], problem=fault.slug, **known)

    def _page(self, status: int = 200, **values: Any) -> HTMLResponse:
        blank = {"announcement": None, "listing": None, "problem": "", "period": None, "score_until": None}
        return self._layouts.page("notice", status, **{**blank, **values})


def routes(board: Board) -> APIRouter:
    """The pages."""
    router = APIRouter(prefix="/batches/{batch}", tags=["pages"], route_class=Door)

    @router.get("/announcement", response_class=HTMLResponse)
    @public
    async def announcement(request: Request, batch: str) -> HTMLResponse:
        """The page of a batch's announcement."""
        return await board.announcement(request, batch)

    @router.get("/public-list", response_class=HTMLResponse)
    @public
    async def public_list(
        request: Request,
        batch: str,
        cursor: Annotated[str | None, Query(description="where this page begins")] = None,
    ) -> HTMLResponse:
        """The page of who passed, while the results are on public notice."""
        return await board.public_list(request, batch, cursor)

    return router
