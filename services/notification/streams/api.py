"""Readers over HTTP: ask, look, rotate, end; the password is in the answer that makes it, and nowhere else."""

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from services.notification.streams.commands import AskToRead, Kind
from services.notification.streams.domain import Reader, State
from services.notification.streams.handlers import Readers
from services.notification.streams.storage import listed
from services.notification.subscriptions.api import OWNERS
from shared.auth import Role
from shared.http.door import Asked, Calling, Expected, allow, doors
from shared.http.pages import Cursor, Limit, Page, after, page
from shared.http.shown import showing
from shared.http.tags import tagged

CREATED = 201


class ReaderView(BaseModel):
    """A reader with what is needed to connect, but for its password."""

    id: str
    authority: str
    unit: str | None = Field(description="the unit it is told of alone; null: a line, or all of them")
    owner: str = Field(description="the organisation that reads")
    kind: Kind
    types: tuple[str, ...] = Field(description="exact types or patterns that its queue holds; none means every event")
    state: State = Field(description="asked: the broker is being told, within a second or two; open: connect")
    amqp: str = Field(description="where to connect", examples=["amqps://broker.example.org:5671/"])
    user: str
    queue: str = Field(description="what to read; declare nothing, consume with acknowledgements and a prefetch")
    stream_offset: str | None = Field(
        description="a stream only: the consumer argument `x-stream-offset` to begin with; first, last, next, "
        "an offset as a number, or a time as an AMQP timestamp"
    )


class NewPassword(ReaderView):
    """A reader with its password; it is shown in this answer only."""

    password: str = Field(examples=["c2tpbGxjZXJ0IGV4YW1wbGUgcGFzc3dvcmQgMzIgYiE"])


def routes(readers: Readers, amqp: str) -> APIRouter:
    """The doors of the streams room; `amqp` is where other systems reach the broker."""
    router = doors("/readers", "readers")
    shows = showing("password", readers.sealer)

    @allow(*OWNERS)
    async def ask(asked: AskToRead, act: Asked, response: Response) -> NewPassword:
        """Read over AMQP what the caller may see: a queue begins now, a stream holds a year; connect once it is open.

        The answer alone shows the password.
        """
        made = tagged(response, await readers.ask(act, asked))
        return NewPassword.model_validate({**_fields(made, amqp), "password": made.password})

    @allow(*OWNERS)
    async def rotate(reader: str, act: Asked, expect: Expected, response: Response) -> NewPassword:
        """Another password, shown in the answer alone; whoever is connected with the old one is thrown out."""
        made = tagged(response, await readers.rotate(act, reader, expect))
        return NewPassword.model_validate({**_fields(made, amqp), "password": made.password})

    router.add_api_route("", ask, methods=["POST"], status_code=CREATED, route_class_override=shows)
    router.add_api_route("/{reader}/rotate", rotate, methods=["POST"], route_class_override=shows)

    @router.get("")
    @allow(*OWNERS, Role.AUDITOR)
    async def index(caller: Calling, cursor: Cursor = None, limit: Limit = 100) -> Page[ReaderView]:
        """The caller's readers by id."""
        rows = await listed(readers.readers, caller, after=after(cursor), limit=limit + 1)
        return page([_view(row, amqp) for row in rows], limit, lambda row: row.id)

    @router.get("/{reader}")
    @allow(*OWNERS, Role.AUDITOR)
    async def read(reader: str, caller: Calling, response: Response) -> ReaderView:
        """One reader, and whether it can connect yet."""
        return _view(tagged(response, await readers.get(reader, caller)), amqp)

    @router.delete("/{reader}", status_code=204)
    @allow(*OWNERS)
    async def delete(reader: str, act: Asked, expect: Expected) -> None:
        """End it: its connections are closed, and a queue of its own is gone with what waits in it."""
        await readers.delete(act, reader, expect)

    return router


def _view(reader: Reader, amqp: str) -> ReaderView:
    return ReaderView.model_validate(_fields(reader, amqp))


def _fields(reader: Reader, amqp: str) -> dict[str, Any]:
    offset = "first" if reader.kind is Kind.STREAM else None
    told = {"amqp": amqp, "user": reader.user, "queue": reader.queue, "stream_offset": offset}
    return {**reader.model_dump(exclude={"password"}), **told}
