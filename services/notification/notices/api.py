"""Public notices over HTTP: read and proved to everybody, announced and withdrawn by the Center and authorities."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from services.notification.notices.commands import AnnounceNotice, WithdrawNotice
from services.notification.notices.domain.notice import Both, Fact, Notice, NoticeKind, Withdrawal
from services.notification.notices.domain.proof import Proof
from services.notification.notices.handlers import Notices
from services.notification.notices.storage import Asked as Wanted
from shared.auth import Role
from shared.errors import Malformed
from shared.http.door import Asked, Expected, allow, doors, limited, public
from shared.http.limits import Allowance
from shared.http.pages import Cursor, Page, after_place, page, place
from shared.http.tags import tagged

WRITERS = (Role.CENTER, Role.AUTHORITY)
Line = Annotated[str | None, Query(max_length=20, description="code of the authority line, or national")]


class Standing(StrEnum):
    """Whether a notice's period runs."""

    OPEN = "open"
    CLOSED = "closed"


class NoticeView(BaseModel):
    """A public notice as everybody sees it."""

    id: str
    version: int
    authority: str = Field(description="the line it belongs to", examples=["33"])
    unit: str | None = Field(description="id of the unit it is about")
    unit_name: str = Field(description="what the registry calls that unit today; empty if not known")
    kind: NoticeKind
    standing: str = Field(description="scheduled, open, closed, withdrawn or replaced", examples=["open"])
    title: Both
    text: Both
    facts: tuple[Fact, ...] = Field(description="what it is about, line by line; names of people are masked")
    link: str = Field(description="path of the page with more, at the service whose event caused it; or empty")
    opens_at: datetime
    closes_on: date = Field(description="last day, Asia/Shanghai")
    ends_at: datetime = Field(description="the instant that day is over, UTC")
    digest: str = Field(description="SHA-256 of what was published; see its proof")
    position: int = Field(description="position in the feed of the event that proves it; 0 for a moment at first")
    withdrawal: Withdrawal | None
    replaced_by: str


class PublicKeys(BaseModel):
    """The keys that proofs are checked with, as a JWK set (RFC 7517)."""

    keys: list[dict[str, Any]]


def routes(notices: Notices, limit: Allowance) -> APIRouter:
    """The doors of the notices room."""
    router = doors("/notices", "notices")
    _readers(router, notices, limit)
    _writers(router, notices)
    return router


def _readers(router: APIRouter, notices: Notices, allowed: Allowance) -> None:
    @router.get("")
    @public
    @limited(allowed)
    async def index(
        kind: NoticeKind | None = None,
        line: Line = None,
        standing: Annotated[Standing | None, Query(description="open now, or not any more")] = None,
        cursor: Cursor = None,
        limit: Annotated[int, Query(ge=1, le=100, description="rows at most")] = 50,
    ) -> Page[NoticeView]:
        """Every notice that was published, the newest first; without a token."""
        wanted = Wanted(kind, line, None if standing is None else standing is Standing.OPEN)
        rows = await notices.listed(wanted, place_in(cursor), limit + 1)
        return page(await _views(notices, *rows), limit, lambda row: key(row.opens_at, row.id))

    @router.get("/keys")
    @public
    async def keys() -> PublicKeys:
        """The public keys that proofs of publication are checked with."""
        return PublicKeys.model_validate(notices.keyring.jwks())

    @router.get("/{notice}")
    @public
    @limited(allowed)
    async def read(notice: str, response: Response) -> NoticeView:
        """One published notice, whatever became of it."""
        return await _view(notices, tagged(response, await notices.get(notice)))

    @router.get("/{notice}/proof")
    @public
    @limited(allowed)
    async def proof(notice: str) -> Proof:
        """The signed proof that a notice was published, what it said, and where in the feed that is."""
        return await notices.proof(notice)


def _writers(router: APIRouter, notices: Notices) -> None:
    @router.post("", status_code=201)
    @allow(*WRITERS)
    async def announce(asked: AnnounceNotice, act: Asked, response: Response) -> NoticeView:
        """Announce something to the public: the Center for every line, an authority for its own."""
        return await _view(notices, tagged(response, await notices.announce(act, asked)))

    @router.post("/{notice}/withdraw")
    @allow(*WRITERS)
    async def withdraw(
        notice: str, asked: WithdrawNotice, act: Asked, expect: Expected, response: Response
    ) -> NoticeView:
        """Withdraw a notice of one's line; it stays visible as withdrawn, with the reason."""
        return await _view(notices, tagged(response, await notices.withdraw(act, notice, asked, expect)))


def key(opens_at: datetime, identity: str) -> str:
    """The key of a notice in the lists."""
    return place(opens_at.isoformat(), identity)


def place_in(cursor: str | None) -> tuple[datetime, str] | None:
    """The place a cursor names."""
    found = after_place(cursor)
    if found is None:
        return None
    try:
        opened = datetime.fromisoformat(found[0])
    except ValueError as error:
        raise Malformed("this cursor was given out for another list", field="cursor") from error
    if opened.tzinfo is None:
        raise Malformed("this cursor was given out for another list", field="cursor")
    return opened, found[1]


async def _view(notices: Notices, notice: Notice) -> NoticeView:
    (view,) = await _views(notices, notice)
    return view


async def _views(notices: Notices, *rows: Notice) -> list[NoticeView]:
    now, names = notices.clock.now(), await notices.names.known([row.unit for row in rows])
    kept = set(NoticeView.model_fields) - {"standing", "unit_name"}
    return [
        NoticeView.model_validate(
            {
                **row.model_dump(include=kept),
                "standing": row.standing(now),
                "unit_name": names.get(row.unit or "", ""),
            }
        )
        for row in rows
    ]
