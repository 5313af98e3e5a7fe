"""Inboxes over HTTP: what waits for the caller's organisation, read and acknowledged by its people."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from services.notification.inboxes.commands import ReadItems
from services.notification.inboxes.domain.item import Item, Mark, Settlement, Standing
from services.notification.inboxes.handlers import Inboxes
from services.notification.inboxes.storage import Order, Which
from services.notification.notices.domain.notice import Both
from shared.auth import Role
from shared.errors import Fault, Kind, Malformed
from shared.http.door import Asked, Calling, allow, doors
from shared.http.pages import Cursor, Limit, Page, after_place, page, place
from shared.http.tags import tagged

OWNERS = (Role.CENTER, Role.AUTHORITY, Role.UNIT)


class UnknownKind(Fault):
    """No item is of this kind."""

    slug, kind = "unknown-item-kind", Kind.INVALID


class ItemView(BaseModel):
    """One item of an inbox."""

    id: str
    version: int
    desk: str = Field(description="whose inbox: center, authority/line or unit/line/id", examples=["unit/33/u-1"])
    kind: str = Field(description="what it is about", examples=["plan"])
    standing: Standing
    title: Both
    text: Both
    subject: str = Field(description="id of what it is about")
    event: str = Field(description="id of the event that brought it")
    event_type: str
    position: int = Field(description="of that event in the feed")
    happened_at: datetime
    shown_at: datetime = Field(description="since when it is in the inbox")
    due_on: date | None = Field(description="last day for what it waits for, Asia/Shanghai")
    due_at: datetime | None = Field(description="when that day is over, UTC")
    settlement: Settlement | None = Field(description="the event that settled it")
    read: Mark | None
    acknowledged: Mark | None


class Counts(BaseModel):
    """How much an inbox holds."""

    unread: int
    waiting: int = Field(description="what waits for an action, near its limit or not")
    soon: int = Field(description="of these, near the limit")
    overdue: int = Field(description="of these, beyond it")
    first: ItemView | None = Field(description="what is due first")


class ReadAnswer(BaseModel):
    """What a bulk reading did."""

    read: int = Field(description="items now read that were not")
    more: bool = Field(description="there are more up to that position; ask again")


def routes(inboxes: Inboxes) -> APIRouter:
    """The doors of the inboxes room."""
    router = doors("/inbox", "inbox")
    _readers(router, inboxes)
    _markers(router, inboxes)
    return router


def _readers(router: APIRouter, inboxes: Inboxes) -> None:
    @router.get("")
    @allow(*OWNERS, Role.AUDITOR)
    async def index(
        caller: Calling,
        which: Annotated[Which | None, Query(description="how they stand or what was done with them")] = None,
        kind: Annotated[str | None, Query(description="what they are about", examples=["plan"])] = None,
        order: Annotated[Order, Query(description="the soonest due first, or the newest")] = Order.DUE,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Page[ItemView]:
        """What the organisation was told; an auditor sees every inbox in its scope."""
        if kind is not None and kind not in inboxes.causes.kinds:
            known = ", ".join(sorted(inboxes.causes.kinds))
            raise UnknownKind(f"kinds are {known}", field="/query/kind")
        rows = await inboxes.listed(caller, which, kind, order, _after(cursor, order), limit + 1)
        keys = {row.id: place(row.soonest if order is Order.DUE else row.position, row.id) for row in rows}
        return page([_view(inboxes, row) for row in rows], limit, lambda row: keys[row.id])

    @router.get("/counts")
    @allow(*OWNERS, Role.AUDITOR)
    async def counts(caller: Calling) -> Counts:
        """How much waits, is near its limit or overdue, and what is unread."""
        found, first = await inboxes.counts(caller)
        numbers = {"unread": found[Which.UNREAD], "waiting": found[Which.OPEN], "soon": found[Which.SOON]}
        return Counts(**numbers, overdue=found[Which.OVERDUE], first=_view(inboxes, first) if first else None)

    @router.get("/{item}")
    @allow(*OWNERS, Role.AUDITOR)
    async def read(item: str, caller: Calling, response: Response) -> ItemView:
        """One item."""
        return _view(inboxes, tagged(response, await inboxes.get(caller, item)))


def _markers(router: APIRouter, inboxes: Inboxes) -> None:
    @router.post("/read")
    @allow(*OWNERS)
    async def read_many(asked: ReadItems, act: Asked) -> ReadAnswer:
        """Take up to 500 items for read at once."""
        read, more = await inboxes.read_many(act, asked)
        return ReadAnswer(read=read, more=more)

    @router.post("/{item}/read")
    @allow(*OWNERS)
    async def mark_read(item: str, act: Asked, response: Response) -> ItemView:
        """The caller read it; the first reading stands."""
        return _view(inboxes, tagged(response, await inboxes.read(act, item)))

    @router.post("/{item}/acknowledge")
    @allow(*OWNERS)
    async def acknowledge(item: str, act: Asked, response: Response) -> ItemView:
        """The caller sees to it; the first who says so stands."""
        return _view(inboxes, tagged(response, await inboxes.acknowledge(act, item)))


def _after(cursor: str | None, order: Order) -> tuple[str, str]:
    found = after_place(cursor) or ("", "")
    if found[0] and order is Order.NEWEST and not (found[0].isascii() and found[0].isdigit()):
        raise Malformed("this cursor was given out for another order", field="cursor")
    return found


def _view(inboxes: Inboxes, item: Item) -> ItemView:
    moment = inboxes.moment()
    kept = item.model_dump(include=set(ItemView.model_fields) - {"standing"})
    return ItemView(**kept, standing=item.standing(moment.now, moment.soon_days))
