"""The public board: what is on notice, the archive, and each notice with its proof, as plain HTML without script."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from services.notification.notices.api import key, place_in
from services.notification.notices.atom import atom
from services.notification.notices.domain.notice import Notice, NoticeKind, NotPublishedYet
from services.notification.notices.handlers import Notices
from services.notification.notices.storage import Asked
from shared.errors import Fault, Malformed
from shared.http.door import Door, limited, public
from shared.http.limits import Allowance, address_of
from shared.http.pages import cursor_of
from shared.http.problems import STATUS
from shared.http.rendering import Layouts

ROWS = 20  # on one page
NEWEST = 50  # in the Atom feed
Values = dict[str, Any]
Kind = Annotated[str, Query(description="kind of notice")]
Line = Annotated[str, Query(description="code of the authority line")]
Begin = Annotated[str | None, Query(description="where this page begins")]


class Board:
    """Answers the pages; whatever goes wrong becomes a page as well."""

    def __init__(self, notices: Notices, layouts: Layouts, limit: Allowance, url: str) -> None:
        self._notices = notices
        self._layouts = layouts
        self._limit = limit
        self._url = url
        self._root = urlsplit(url).path.rstrip("/")

    async def list(self, request: Request, kind: str, line: str, cursor: str | None) -> HTMLResponse:
        """A page of the board, or of the archive."""
        return await self._told(request, lambda: self._list(request.url.path, kind, line, cursor))

    async def one(self, request: Request, notice: str) -> HTMLResponse:
        """The page of a notice with its proof."""
        return await self._told(request, lambda: self._one(notice))

    async def atom(self) -> Response:
        """The newest notices for readers of feeds."""
        rows = await self._notices.listed(Asked(), None, NEWEST)
        return Response(atom(rows, self._url), media_type="application/atom+xml")

    async def _list(self, path: str, kind: str, line: str, cursor: str | None) -> Values:
        archive = path.endswith("/archive")
        asked = Asked(_kind(kind), line or None, is_open=not archive)
        rows = await self._notices.listed(asked, place_in(cursor), ROWS + 1)
        named = {name: value for name, value in {"kind": kind, "line": line}.items() if value}
        further = ""
        if len(rows) > ROWS:
            last = rows[ROWS - 1]
            further = "?" + urlencode({**named, "cursor": cursor_of(key(last.opens_at, last.id))})
        units = await self._notices.names.known([row.unit for row in rows])
        shown = [(row, self._standing(row), units.get(row.unit or "", "")) for row in rows[:ROWS]]
        return {"rows": shown, "further": further, "archive": archive, "kind": kind, "line": line}

    async def _one(self, identity: str) -> Values:
        notice = await self._notices.get(identity)
        try:
            proof = await self._notices.evidence(identity)
        except NotPublishedYet:
            proof = None
        unit = (await self._notices.names.known([notice.unit])).get(notice.unit or "", "")
        return {"notice": notice, "standing": self._standing(notice), "proof": proof, "unit": unit}

    def _standing(self, notice: Notice) -> str:
        return notice.standing(self._notices.clock.now())

    async def _told(self, request: Request, ask: Callable[[], Awaitable[Values]]) -> HTMLResponse:
        try:
            self._limit.take(address_of(request))
            return self._page(**await ask())
        except Fault as fault:
            return self._page(STATUS[fault.kind], problem=fault.slug)

    def _page(self, status: int = 200, **values: Any) -> HTMLResponse:
        blank = {"notice": None, "rows": None, "problem": "", "archive": False, "kind": "", "line": "", "proof": None}
        kinds = [str(kind) for kind in NoticeKind]
        return self._layouts.page("board", status, **{**blank, "kinds": kinds, "root": self._root, **values})


def _kind(name: str) -> NoticeKind | None:
    try:
        return NoticeKind(name) if name else None
    except ValueError as error:
        raise Malformed("no notice is of this kind", field="kind") from error


def routes(board: Board, limit: Allowance) -> APIRouter:
    """The pages."""
    router = APIRouter(tags=["pages"], route_class=Door)

    @router.get("/notices", response_class=HTMLResponse)
    @public
    async def index(request: Request, kind: Kind = "", line: Line = "", cursor: Begin = None) -> HTMLResponse:
        """The board of what is on public notice now."""
        return await board.list(request, kind, line, cursor)

    @router.get("/notices/archive", response_class=HTMLResponse)
    @public
    async def archive(request: Request, kind: Kind = "", line: Line = "", cursor: Begin = None) -> HTMLResponse:
        """The archive of notices that are over, withdrawn or replaced."""
        return await board.list(request, kind, line, cursor)

    @router.get("/notices/{notice}", response_class=HTMLResponse)
    @public
    async def one(request: Request, notice: str) -> HTMLResponse:
        """The page of a notice with the proof of its publication."""
        return await board.one(request, notice)

    @router.get("/notices.atom")
    @public
    @limited(limit)
    async def newest() -> Response:
        """The newest notices as an Atom feed."""
        return await board.atom()

    return router
