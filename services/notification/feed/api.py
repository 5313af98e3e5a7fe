"""The feed over HTTP: pulled by position, as CloudEvents, within the caller's scope."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from pydantic import BaseModel, Field, JsonValue

from services.notification.feed.domain.cursors import PATTERN, Cursors
from services.notification.feed.domain.event import FeedEvent
from services.notification.feed.domain.filters import Filter, check_filter
from services.notification.feed.handlers import Feed, Run
from services.notification.feed.storage import Wanted
from shared.act import Scope
from shared.auth import Role
from shared.http.door import Within, allow, doors
from shared.http.pages import Limit

After = Annotated[
    str,
    Query(
        pattern=PATTERN,
        description="`next` of the answer before, which belongs to the same caller and filter; or a position: 0 begins "
        "with the first event",
    ),
]
Asked = Annotated[list[Annotated[str, Query(max_length=200)]], Query(max_length=100)]
AFTER = "/query/after"
MOST = 1_000
RUN = 500  # events of a stream read at once
UNBUFFERED = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
READERS = (Role.CENTER, Role.AUDITOR, Role.AUTHORITY, Role.UNIT, Role.SUBSCRIBER)
Wait = Annotated[float, Query(ge=0, le=4, description="seconds to wait for the first event")]


class EventStream(StreamingResponse):
    """Server-sent events; a class of its own, for OpenAPI names what a response class says it is."""

    media_type = "text/event-stream"


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
    next: str = Field(
        description="send it as `after` the next time, with the same filter", examples=["1204.9a3e51c0.44136fa3"]
    )
    more: bool = Field(
        description="whether the feed already goes on after `next`: ask at once, even if there are no rows; what is "
        "rare in a long history takes several answers"
    )


class Step(BaseModel):
    """One event of a timeline."""

    position: int
    time: datetime = Field(description="when it was said, UTC")
    service: str = Field(description="who said it", examples=["registry"])
    type: str = Field(examples=["registry.certificate.filed.v1"])
    subject: str
    authority: str
    lag_ms: int = Field(description="since the step before, milliseconds")
    recorded_ms: int = Field(description="from saying to its place in the feed, milliseconds")


class Timeline(BaseModel):
    """What was said of one thing, by time."""

    subject: str
    steps: list[Step]
    span_ms: int = Field(description="from the first step to the last, milliseconds")
    more: bool = Field(description="whether there is more than the thousand steps shown; read the feed for all")


def routes(feed: Feed) -> APIRouter:
    """The doors of the feed room."""
    router = doors("/events", "events")

    @router.get("", response_model=EventRun)
    @allow(*READERS)
    async def index(
        scope: Within, only: Annotated[Filter, Depends(_asked)], after: After = "0", limit: Limit = 100, wait: Wait = 0
    ) -> Response:
        """Events after a position, oldest first; an authority also sees what concerns every line."""
        cursors = _cursors(scope, only)
        run = await feed.read(Wanted(cursors.position(after, AFTER), limit, only), scope, wait)
        # The rows are JSON already; reading them into models and writing them again would only cost time.
        rows, more = ",".join(row.cloud_event() for row in run.rows), "true" if run.more else "false"
        text = f'{{"rows":[{rows}],"next":"{cursors.at(run.reached)}","more":{more}}}'
        return Response(text, media_type="application/json")

    @router.get("/stream", response_class=EventStream)
    @allow(*READERS)
    async def stream(
        scope: Within,
        only: Annotated[Filter, Depends(_asked)],
        after: After = "0",
        last_event_id: Annotated[str | None, Header(pattern=PATTERN, description="goes before `after`")] = None,
    ) -> Response:
        """The same as server-sent events: the history after a position, then each event within a second.

        `id` is a cursor, which a client sends back as `Last-Event-ID` when it comes again; `event` is the type, `data`
        the CloudEvent. A stream ends by itself after `feed.stream_minutes`.
        """
        cursors = _cursors(scope, only)
        begin, field = (after, AFTER) if last_event_id is None else (last_event_id, "/header/last-event-id")
        runs = feed.follow(Wanted(cursors.position(begin, field), RUN, only), scope)
        first = await anext(runs)  # what is refused is refused before the answer begins
        return EventStream(_lines(first, runs, cursors), headers=UNBUFFERED)

    @router.get("/timeline")
    @allow(*READERS)
    async def timeline(
        scope: Within,
        subject: Annotated[str, Query(max_length=200, description="id of a batch, entry, certificate, plan, …")],
    ) -> Timeline:
        """Where is it? Everything that was said of one thing, by time, across the services, with the lags between."""
        rows = await feed.timeline(subject, scope, MOST)
        return _timeline(subject, rows[:MOST], more=len(rows) > MOST)

    @router.get("/{position}", response_model=CloudEvent)
    @allow(*READERS)
    async def read(position: int, scope: Within) -> Response:
        """One event, by its position."""
        return Response((await feed.at(position, scope)).cloud_event(), media_type="application/json")

    return router


def _asked(
    type: Annotated[Asked, Query(description="exact type, or the beginning of one: registry.*")] = [],  # noqa: A002, B006
    authority: Annotated[Asked, Query(description="line, or national")] = [],  # noqa: B006
    unit: Annotated[Asked, Query(description="id of a unit")] = [],  # noqa: B006
    occupation: Annotated[Asked, Query(description="occupation")] = [],  # noqa: B006
    level: Annotated[Asked, Query(description="level")] = [],  # noqa: B006
    subject: Annotated[Asked, Query(description="subject of events")] = [],  # noqa: B006
    correlation: Annotated[Asked, Query(description="correlation id")] = [],  # noqa: B006
) -> Filter:
    """Each may be given several times: one of the values is enough."""
    return Filter(
        types=tuple(type),
        authorities=tuple(authority),
        units=tuple(unit),
        occupations=tuple(occupation),
        levels=tuple(level),
        subjects=tuple(subject),
        correlations=tuple(correlation),
    )


def _cursors(scope: Scope, only: Filter) -> Cursors:
    check_filter(only, scope.authority, scope.unit, at="/query")
    return Cursors(scope.authority, scope.unit, only)


async def _lines(first: Run, runs: AsyncGenerator[Run], cursors: Cursors) -> AsyncIterator[bytes]:
    """Runs as server-sent events; one without events moves the client's cursor on."""
    run: Run | None = first
    async with aclosing(runs):
        while run is not None:
            for row in run.rows:
                yield format_sse_event(data_str=row.cloud_event(), event=row.type, id=cursors.at(row.position))
            if not run.rows:
                yield format_sse_event(comment="", id=cursors.at(run.reached))
            run = await anext(runs, None)


def _timeline(subject: str, rows: Sequence[FeedEvent], *, more: bool) -> Timeline:
    steps, before = [], rows[0].time
    for row in rows:
        steps.append(
            Step(
                position=row.position,
                time=row.time,
                service=row.source.split("/")[1],
                type=row.type,
                subject=row.subject,
                authority=row.authority,
                lag_ms=_ms(row.time - before),
                recorded_ms=max(0, _ms(row.heard_at - row.time)),
            )
        )
        before = row.time
    return Timeline(subject=subject, steps=steps, span_ms=_ms(before - rows[0].time), more=more)


def _ms(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)
