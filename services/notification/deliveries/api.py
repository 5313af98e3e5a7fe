"""Deliveries over HTTP: what was sent to whom, and what came of it."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.notification.deliveries.domain import Attempt, Delivery, State
from services.notification.deliveries.storage import Deliveries
from services.notification.subscriptions.storage import owned_by
from shared.auth import Role
from shared.http.door import Calling, allow, doors
from shared.http.pages import Cursor, Limit, Page, after, page


class DeliveryView(BaseModel):
    """One event on its way to one subscription."""

    id: str
    subscription: str
    position: int = Field(description="of the event in the feed")
    event: str
    type: str = Field(examples=["registry.certificate.filed.v1"])
    state: State
    due: datetime = Field(description="when it is tried next, while it waits")
    attempts: tuple[Attempt, ...] = Field(description="the last ones, oldest first")
    tried: int
    ended_at: datetime | None


def routes(deliveries: Deliveries) -> APIRouter:
    """The doors of the deliveries room."""
    router = doors("/deliveries", "deliveries")

    @router.get("")
    @allow(Role.SUBSCRIBER, Role.AUTHORITY, Role.UNIT, Role.CENTER, Role.AUDITOR)
    async def index(
        caller: Calling,
        subscription: str | None = None,
        state: State | None = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Page[DeliveryView]:
        """Deliveries by subscription and position."""
        asked = {"subscription": subscription, "state": state}
        query = {**owned_by(caller), **{name: value for name, value in asked.items() if value is not None}}
        rows = await deliveries.listed(query, after=after(cursor), limit=limit + 1)
        return page([_view(row) for row in rows], limit, lambda row: row.id)

    return router


def _view(delivery: Delivery) -> DeliveryView:
    return DeliveryView.model_validate(delivery, from_attributes=True)
