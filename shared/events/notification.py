"""What notification says: that it gave up on somebody who wanted to be told, and what it publishes itself."""

from datetime import date, datetime
from typing import ClassVar

from pydantic import Field

from shared.events.base import Event


class EndpointDisabled(Event):
    """A webhook took nothing for days, or said it is gone; nothing is sent until its owner enables it again."""

    type: ClassVar[str] = "notification.endpoint.disabled.v1"
    subscription: str = Field(description="id of the subscription")
    unit: str | None = Field(default=None, description="the unit that subscribed, which then sees this event too")
    failing_since: datetime = Field(description="first failed attempt remembered, UTC")
    last_answer: str = Field(description="status code or kind of failure of the last attempt")


class NoticePublished(Event):
    """An announcement is open to the public; notices that follow from another event are proved by that event."""

    type: ClassVar[str] = "notification.notice.published.v1"
    notice: str = Field(description="id of the notice")
    kind: str = Field(description="announcement", examples=["announcement"])
    title: str = Field(description="title in Chinese", examples=["关于2026年第四季度鉴定安排的公告"])
    opens_at: datetime = Field(description="when it was published, UTC")
    closes_on: date = Field(description="last day of the notice, Asia/Shanghai")
    digest: str = Field(description="SHA-256 of what is published as RFC 8785 JSON, hexadecimal")


class NoticeWithdrawn(Event):
    """A notice is withdrawn; it stays visible as withdrawn, with the reason."""

    type: ClassVar[str] = "notification.notice.withdrawn.v1"
    notice: str = Field(description="id of the notice")
    kind: str = Field(
        description="results, evaluation, revocation, certificate, cancellation or announcement",
        examples=["announcement"],
    )
    reason: str = Field(description="why, for the public to read")
