"""The feed over HTTP: pulled by position, as CloudEvents, within the caller's scope."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field, JsonValue

from services.notification.feed.domain import Filter, check_pattern
from services.notification.feed.handlers import Feed
from services.notification.feed.storage import Wanted
from shared.auth import Role
from shared.http.door import Within, allow, doors
from shared.http.pages import Limit

After = Annotated[int, Query(ge=0, description="`next` of the answer before; 0 begins with the first event")]
Type = Annotated[str | None, Query(description="exact type, or the beginning of one: registry.*")]
Wait = Annotated[float, Query(ge=0, le=4, description="seconds to wait for the first event")]


class CloudEvent(BaseModel):
    """An event as CloudEvents 1.0 structured JSON; `causationid` and `traceparent` are absent where there is none.

    `place`, `digest` and `chain` are absent from what was recorded before they were kept.
    """

    specversion: str = Field(examples=["1.0"])
    id: str
    source: str = Field(examples=["/registry/plans"])
    type: str = Field(examples=["registry.plan.filed.v1"])
    subject: str
    time: str
    sequence: int = Field(description="version of the entity that caused it")
    authority: str = Field(description="the line it belongs to", examples=["33"])
    correlationid: str
    causationid: str | None = None
    traceparent: str | None = None
    position: int = Field(description="place in the feed, from 1 without a gap")
    place: int | None = Field(default=None, description="place among the events of its line, from 1 without a gap")
    digest: str | None = Field(default=None, description="SHA-256 of the RFC 8785 JSON of what it says, hexadecimal")
    chain: str | None = Field(
        default=None, description="SHA-256 of the chain of the event before it in its line, as text, and its digest"
    )
    data: dict[str, JsonValue] = Field(description="the event; sealed fields are null")


class EventRun(BaseModel):
    """Some events and where to read on."""

    rows: list[CloudEvent]
    next: int = Field(description="send it as `after` the next time")


def routes(feed: Feed) -> APIRouter:
    """The doors of the feed room."""
    router = doors("/events", "events")

    @router.get("", response_model=EventRun)
    @allow(Role.CENTER, Role.AUDITOR, Role.AUTHORITY, Role.UNIT, Role.SUBSCRIBER)
    async def index(
        scope: Within,
        after: After = 0,
        limit: Limit = 100,
        type: Type = None,  # noqa: A002 - the name CloudEvents gives it
        subject: str | None = None,
        correlation: str | None = None,
        wait: Wait = 0,
    ) -> Response:
        """Events after a position, oldest first; an authority also sees what concerns every line."""
        if type is not None:
            check_pattern(type, "/query/type")
        asked = {"types": type, "subjects": subject, "correlations": correlation}
        only = Filter.model_validate({name: (value,) for name, value in asked.items() if value is not None})
        wanted = Wanted(after, limit, only)
        rows, position = await feed.read(wanted, scope, wait)
        # The rows are JSON already; reading them into models and writing them again would only cost time.
        text = f'{{"rows":[{",".join(row.cloud_event() for row in rows)}],"next":{position}}}'
        return Response(text, media_type="application/json")

    return router
