"""Replays over HTTP: back-fill, redrive, how far it is, stop."""

from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from services.notification.deliveries.api import DeliveryView
from services.notification.replays.commands import BackFill, Redrive
from services.notification.replays.domain import Replay, State
from services.notification.replays.handlers import Replays
from services.notification.replays.storage import listed
from services.notification.subscriptions.api import OWNERS
from shared.auth import Role
from shared.http.door import Asked, Calling, Expected, allow, doors
from shared.http.pages import Cursor, Limit, Page, after, page
from shared.http.tags import tagged

ACCEPTED = 202


class ReplayView(BaseModel):
    """How far a replay is."""

    id: str
    subscription: str
    redrive: Redrive | None = Field(description="what is tried again; null: it is a back-fill from the feed")
    from_position: int
    until_position: int = Field(description="a back-fill ends with this position of the feed")
    reached: int = Field(description="the position a back-fill has come to")
    made: int = Field(description="deliveries made, or tried anew, so far")
    state: State
    asked_at: datetime
    ended_at: datetime | None


def routes(replays: Replays) -> APIRouter:
    """The doors of the replays room."""
    router = doors("", "replays")

    @router.post("/replays", status_code=ACCEPTED)
    @allow(*OWNERS)
    async def back_fill(asked: BackFill, act: Asked, response: Response) -> ReplayView:
        """Send the events of a subscription's filter again; new events go before them."""
        return _view(tagged(response, await replays.back_fill(act, asked)))

    @router.post("/deliveries/redrive", status_code=ACCEPTED)
    @allow(*OWNERS)
    async def redrive(asked: Redrive, act: Asked, response: Response) -> ReplayView:
        """Try again all that failed, by one call."""
        return _view(tagged(response, await replays.redrive(act, asked)))

    @router.post("/deliveries/{delivery:path}/redrive")
    @allow(*OWNERS)
    async def redrive_one(delivery: str, act: Asked) -> DeliveryView:
        """Try one delivery again from the beginning of the schedule."""
        return DeliveryView.model_validate(await replays.redrive_one(act, delivery), from_attributes=True)

    @router.get("/replays")
    @allow(*OWNERS, Role.AUDITOR)
    async def index(caller: Calling, cursor: Cursor = None, limit: Limit = 100) -> Page[ReplayView]:
        """The caller's replays by id."""
        rows = await listed(replays.replays, caller, after=after(cursor), limit=limit + 1)
        return page([_view(row) for row in rows], limit, lambda row: row.id)

    @router.get("/replays/{replay}")
    @allow(*OWNERS, Role.AUDITOR)
    async def read(replay: str, caller: Calling, response: Response) -> ReplayView:
        """One replay."""
        return _view(tagged(response, await replays.get(replay, caller)))

    @router.post("/replays/{replay}/cancel")
    @allow(*OWNERS)
    async def cancel(replay: str, act: Asked, expect: Expected, response: Response) -> ReplayView:
        """Stop; what was made and not yet sent is dropped."""
        return _view(tagged(response, await replays.cancel(act, replay, expect)))

    return router


def _view(replay: Replay) -> ReplayView:
    return ReplayView.model_validate(replay, from_attributes=True)
