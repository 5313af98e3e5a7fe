"""What notification says: only when it gave up on somebody who wanted to be told."""

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from shared.events.base import Event


class EndpointDisabled(Event):
    """A webhook failed through its whole schedule; nothing is sent until its owner enables it again."""

    type: ClassVar[str] = "notification.endpoint.disabled.v1"
    subscription: str = Field(description="id of the subscription")
    unit: str | None = Field(default=None, description="the unit that subscribed, which then sees this event too")
    failing_since: datetime = Field(description="first failed attempt remembered, UTC")
    last_answer: str = Field(description="status code or kind of failure of the last attempt")
