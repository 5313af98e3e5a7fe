"""Checkpoints over HTTP, and what whoever misses something finds and fetches it with: a line by its places.

A digest tells nothing to whoever has not got the event, but confirms a guess: who knows the ids of another unit's
entry could try every score until one fits. So a line's digests and chains, and the checkpoints over them, are for
those who may read all of the line anyway: its authority, its subscribers (whatever their filters), the Center,
auditors. A unit reads its own events by `/v1/events`; what binds a whole line it could not recompute from those.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field
from pydantic_core import to_json

from services.notification.checkpoints.domain import Checkpoint
from services.notification.checkpoints.handlers import Checkpoints
from services.notification.feed.api import CloudEvent
from services.notification.feed.domain.event import LineHead
from shared.auth import Role
from shared.http.door import Within, allow, doors, public
from shared.http.pages import Limit

READERS = (Role.CENTER, Role.AUDITOR, Role.AUTHORITY, Role.SUBSCRIBER)
HIGHEST = 2**53
Line = Annotated[str, Query(max_length=20, description="code of the authority line, or national")]
LineCode = Annotated[str, Path(max_length=20, description="code of the authority line, or national")]
Number = Annotated[int, Path(ge=1, le=HIGHEST)]
After = Annotated[int, Query(ge=0, le=HIGHEST, description="`next` of the answer before; 0 begins with the first")]
FromPlace = Annotated[int, Query(ge=1, le=HIGHEST, description="the first place wanted")]
ToPlace = Annotated[int | None, Query(ge=1, le=HIGHEST, description="the last place wanted; without it, to the end")]
ManyRows = Annotated[int, Query(ge=1, le=10_000, description="rows at most")]


class CheckpointRun(BaseModel):
    """Some checkpoints of a line and where to read on."""

    rows: list[Checkpoint]
    next: int = Field(description="send it as `after` the next time")


class PublicKeys(BaseModel):
    """The keys that checkpoints are checked with, as a JWK set (RFC 7517)."""

    keys: list[dict[str, Any]]


class LineView(BaseModel):
    """How far a line has come."""

    line: str
    place: int = Field(description="place of its last event: how many it has said")
    position: int = Field(description="position of that event in the feed")
    checkpoint: int = Field(description="number of its newest checkpoint; 0 while there is none")
    covered: int = Field(description="the place up to which that one covers the line")


class Lines(BaseModel):
    """The lines a caller may read as a whole."""

    rows: list[LineView]


class LinkRun(BaseModel):
    """What the chain of a line is made of, compactly: ten thousand events are about two megabytes."""

    line: str
    rows: list[tuple[int, int, str, str, str]] = Field(
        description="place, position in the feed, event id, digest, chain; in the order of places"
    )
    next: int | None = Field(description="send it as `from_place` the next time; null when all asked for is here")


class LineEvents(BaseModel):
    """Events of a line by their places, as CloudEvents."""

    rows: list[CloudEvent]
    next: int | None = Field(description="send it as `from_place` the next time; null when all asked for is here")


def routes(checkpoints: Checkpoints) -> APIRouter:
    """The doors of the checkpoints."""
    router = doors("/checkpoints", "checkpoints")

    @router.get("")
    @allow(*READERS)
    async def index(line: Line, scope: Within, after: After = 0, limit: Limit = 100) -> CheckpointRun:
        """The checkpoints of a line in the order they were made."""
        rows = await checkpoints.listed(line, after, limit, scope)
        return CheckpointRun(rows=rows, next=rows[-1].number if rows else after)

    @router.get("/latest")
    @allow(*READERS)
    async def latest(line: Line, scope: Within) -> Checkpoint:
        """The newest checkpoint of a line."""
        return await checkpoints.latest(line, scope)

    @router.get("/keys")
    @public
    async def keys() -> PublicKeys:
        """The public keys that checkpoints are checked with."""
        return PublicKeys.model_validate(checkpoints.keys())

    @router.get("/{line}/{number}")
    @allow(*READERS)
    async def read(line: LineCode, number: Number, scope: Within) -> Checkpoint:
        """One checkpoint; it never changes."""
        return await checkpoints.get(line, number, scope)

    return router


def line_routes(checkpoints: Checkpoints) -> APIRouter:
    """The doors of the lines."""
    router = doors("/lines", "lines")

    @router.get("")
    @allow(*READERS)
    async def index(scope: Within) -> Lines:
        """The lines within scope that have said anything, and how far each is covered by a checkpoint."""
        return Lines(rows=[_view(head, newest) async for head, newest in checkpoints.lines(scope)])

    @router.get("/{line}/digests", response_model=LinkRun)
    @allow(*READERS)
    async def digests(
        line: LineCode, scope: Within, from_place: FromPlace = 1, to_place: ToPlace = None, limit: ManyRows = 10_000
    ) -> Response:
        """Every event of a line by place, id, digest and chain: whoever keeps ids only finds what it misses.

        Whoever is sent some types only computes the chain from these rows, up to any checkpoint, and compares the
        digests of the events it holds.
        """
        rows = await checkpoints.links(line, from_place, to_place, limit, scope)
        reached = rows[-1].place if rows else 0
        told = {"line": line, "rows": rows, "next": _next(len(rows), limit, reached, to_place)}
        return Response(to_json(told), media_type="application/json")

    @router.get("/{line}/events", response_model=LineEvents)
    @allow(*READERS)
    async def events(
        line: LineCode, scope: Within, from_place: FromPlace = 1, to_place: ToPlace = None, limit: Limit = 1000
    ) -> Response:
        """The events of a line from one place to another: what closes a gap."""
        rows = await checkpoints.events(line, from_place, to_place, limit, scope)
        further = _next(len(rows), limit, rows[-1].place if rows else 0, to_place)
        return Response(_as_json([row.cloud_event() for row in rows], further), media_type="application/json")

    return router


def _view(head: LineHead, newest: Checkpoint | None) -> LineView:
    number, covered = (newest.number, newest.place) if newest else (0, 0)
    return LineView(line=head.line, place=head.place, position=head.position, checkpoint=number, covered=covered)


def _next(count: int, limit: int, reached: int, last: int | None) -> int | None:
    return reached + 1 if count == limit and (last is None or reached < last) else None


def _as_json(rows: Sequence[str], further: int | None) -> str:
    # The rows are JSON already; reading them into models and writing them again would only cost time.
    return f'{{"rows":[{",".join(rows)}],"next":{"null" if further is None else further}}}'
