"""Deliveries over HTTP: what was sent to whom, and what came of it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.notification.deliveries.domain import Attempt, Delivery, State
from services.notification.deliveries.handlers import Lags
from services.notification.deliveries.storage import Deliveries
from services.notification.subscriptions.storage import owned_by
from shared.auth import Role
from shared.http.door import Calling, allow, doors
from shared.http.pages import Cursor, Limit, Page, after, page

READERS = (Role.SUBSCRIBER, Role.AUTHORITY, Role.UNIT, Role.CENTER, Role.AUDITOR)


class DeliveryView(BaseModel):
    """One event on its way to one subscription."""

    id: str
    subscription: str
    position: int = Field(description="of the event in the feed")
    event: str
    type: str = Field(examples=["registry.certificate.filed.v1"])
    state: State
    due: datetime = Field(description="when it is tried next, while it waits")
    attempts: tuple[Attempt, ...] = Field(description="up to 200, oldest first")
    tried: int = Field(description="attempts since it was made, or was last redriven")
    replay: str = Field(description="the replay that sends it again; empty: it is sent as it happened")
    redriven: str = Field(description="the act or replay that last had it tried anew; empty: none")
    ended_at: datetime | None


class LagView(BaseModel):
    """How far a subscription is behind what is said."""

    subscription: str
    position: int = Field(description="of the feed: of what it wants up to here, deliveries are made")
    newest: int = Field(description="position of the newest event")
    behind: int = Field(description="events after `position` that it wants, of which no delivery is made yet")
    waiting: int = Field(description="deliveries that are made and not yet taken, given up or dropped")
    at_least: bool = Field(description="whether it may be more: counts end at 10,000, and after half a second")
    oldest_due_at: datetime | None = Field(description="when the delivery that waits longest is, or was, to be tried")
    last_taken_at: datetime | None = Field(description="when the last attempt began that its endpoint took")
    failing_since: datetime | None = Field(description="first failed attempt since its endpoint last took anything")


def routes(deliveries: Deliveries) -> APIRouter:
    """The doors of the deliveries room."""
    router = doors("/deliveries", "deliveries")

    @router.get("")
    @allow(*READERS)
    async def index(
        caller: Calling,
        subscription: str | None = None,
        state: State | None = None,
        of_type: Annotated[str | None, Query(alias="type")] = None,
        event: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Page[DeliveryView]:
        """Deliveries by subscription and position; `since` and `until` bound `due`."""
        due = {name: value for name, value in (("$gte", since), ("$lt", until)) if value is not None}
        asked = {"subscription": subscription, "state": state, "type": of_type, "event": event, "due": due or None}
        query = {**owned_by(caller), **{name: value for name, value in asked.items() if value is not None}}
        rows = await deliveries.listed(query, after=after(cursor), limit=limit + 1)
        return page([_view(row) for row in rows], limit, lambda row: row.id)

    @router.get("/{delivery:path}")
    @allow(*READERS)
    async def read(delivery: str, caller: Calling) -> DeliveryView:
        """One delivery with every attempt."""
        return _view(await deliveries.get(delivery, owned_by(caller)))

    return router


def lag_routes(lags: Lags) -> APIRouter:
    """What a subscriber asks to learn how far it is behind."""
    router = doors("/subscriptions", "deliveries")

    @router.get("/{subscription}/lag")
    @allow(*READERS)
    async def lag(subscription: str, caller: Calling) -> LagView:
        """How far a subscription is behind, in events and deliveries, and since when."""
        return LagView.model_validate(await lags.of(subscription, caller), from_attributes=True)

    return router


def _view(delivery: Delivery) -> DeliveryView:
    return DeliveryView.model_validate(delivery, from_attributes=True)
