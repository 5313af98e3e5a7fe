"""The door of every route: who may call is named on it, what names nobody is refused, writes are taken once."""

import re
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeVar
from uuid import NAMESPACE_URL, uuid5

from fastapi import Depends, Header, Request, Response
from fastapi.routing import APIRoute, APIRouter
from starlette.exceptions import HTTPException
from starlette.types import Message

from shared.act import EVERYTHING, Act, Scope, scope_of
from shared.auth import Caller, Role, Unauthenticated
from shared.errors import Fault, Forbidden, Kind, Malformed
from shared.http.idempotency import MOST_BYTES, Answers, too_large
from shared.http.limits import Allowance, address_of
from shared.tracing import current_traceparent

LONGEST_KEY = 200
READS = frozenset({"GET", "HEAD", "OPTIONS"})
Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]
F = TypeVar("F", bound=Callable[..., Any])


class KeyMissing(Fault):
    """Every write carries an Idempotency-Key header, so that repeating it is safe."""

    slug, kind = "idempotency-key-missing", Kind.INVALID


def allow(*roles: Role) -> Callable[[F], F]:
    """Name who may call a route; a route without it answers nobody."""

    def named(endpoint: F) -> F:
        endpoint.__allowed__ = frozenset(roles)  # type: ignore[attr-defined]
        return endpoint

    return named


def public(endpoint: F) -> F:
    """A route that anybody may call without a token."""
    endpoint.__allowed__ = None  # type: ignore[attr-defined]
    return endpoint


def reading(endpoint: F) -> F:
    """A POST that only asks, so that what it names stays out of the address: it changes nothing and needs no key."""
    endpoint.__reads__ = True  # type: ignore[attr-defined]
    return endpoint


def unkept(endpoint: F) -> F:
    """A write whose answer must not be stored, for it shows personal data: a repeat is answered anew, done once."""
    endpoint.__unkept__ = True  # type: ignore[attr-defined]
    return endpoint


def streamed(most_bytes: int) -> Callable[[F], F]:
    """A write whose body is read as it comes, up to so many bytes, and never held as a whole.

    Its answer is not kept, for the body is not there to be compared: the endpoint knows a repeat by what it read.
    """

    def named(endpoint: F) -> F:
        endpoint.__streams__ = most_bytes  # type: ignore[attr-defined]
        return unkept(endpoint)

    return named


def limited(limit: Allowance) -> Callable[[F], F]:
    """Count every request for a route against the allowance of the address it comes from."""

    def named(endpoint: F) -> F:
        endpoint.__limit__ = limit  # type: ignore[attr-defined]
        return endpoint

    return named


def direct(endpoint: F) -> F:
    """A public reading that takes the request as it is, for a door that answers thousands a second.

    The framework reads no parameters for it, which takes a fifth of such a request: the endpoint checks its own
    and tells them to OpenAPI by `openapi_extra`.
    """
    endpoint.__direct__ = True  # type: ignore[attr-defined]
    return public(endpoint)


class Door(APIRoute):
    """Admits the caller before the body is read, and answers a repeated write from the record."""

    def get_route_handler(self) -> Endpoint:
        inside = _telling(super().get_route_handler())
        allowed: frozenset[Role] | None = getattr(self.endpoint, "__allowed__", frozenset())
        reads = getattr(self.endpoint, "__reads__", False)
        unkept = getattr(self.endpoint, "__unkept__", False)
        most: int = getattr(self.endpoint, "__streams__", MOST_BYTES)
        limit: Allowance | None = getattr(self.endpoint, "__limit__", None)
        if getattr(self.endpoint, "__direct__", False):
            return _straight(self.endpoint, limit)

        async def through(request: Request) -> Response:
            request = _bounded(request, most)
            if limit is not None:
                limit.take(address_of(request))
            request.state.caller = None if allowed is None else await _admitted(request, allowed)
            if reads or request.method in READS:
                return await inside(request)
            request.state.act = _act(request)
            if unkept:
                return await inside(request)
            answers: Answers = request.app.state.answers
            return await answers.once(request, request.state.act.id, inside)

        return through


def _straight(endpoint: Endpoint, limit: Allowance | None) -> Endpoint:
    async def through(request: Request) -> Response:
        if limit is not None:
            limit.take(address_of(request))
        return await endpoint(request)

    return through


def _bounded(request: Request, most: int) -> Request:
    """The same request, refused once its body is too large, whatever length it declares or if it declares none."""
    if int(request.headers.get("content-length", "0")) > most:  # refused before any of it is read
        raise too_large(most)
    taken = 0

    async def receive() -> Message:
        nonlocal taken
        message = await request.receive()
        taken += len(message.get("body", b""))
        if taken > most:
            raise too_large(most)
        return message

    return Request(request.scope, receive)


def _telling(inside: Endpoint) -> Endpoint:
    """The framework takes whatever ends the reading of a body for a bad request: say what it was."""

    async def told(request: Request) -> Response:
        try:
            return await inside(request)
        except HTTPException as error:
            if isinstance(error.__cause__, Fault):
                raise error.__cause__ from None
            raise

    return told


async def _admitted(request: Request, allowed: frozenset[Role]) -> Caller:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("send a bearer token in the Authorization header")
    caller: Caller = await request.app.state.verifier.caller(token)
    if caller.role not in allowed:
        may = ", ".join(sorted(allowed)) or "nobody"
        raise Forbidden(f"the role {caller.role} may not do this; it is for: {may}")
    return caller


def _act(request: Request) -> Act:
    key = request.headers.get("idempotency-key", "").strip()
    if not key:
        raise KeyMissing("send an Idempotency-Key header: any text of up to 200 characters, new for each new write")
    if len(key) > LONGEST_KEY:
        raise Malformed("the Idempotency-Key is longer than 200 characters", field="Idempotency-Key")
    caller: Caller | None = request.state.caller
    who = f"{caller.role}/{caller.organisation}/{caller.subject}" if caller else "public"
    identity = uuid5(NAMESPACE_URL, f"{request.method} {request.url.path} {who} {key}").hex
    return Act(
        id=identity,
        at=request.app.state.clock.now(),
        correlation=request.headers.get("x-correlation-id", "")[:100] or identity,
        scope=scope_of(caller) if caller else EVERYTHING,
        caller=caller,
        trace=current_traceparent(),
    )


def doors(prefix: str, tag: str) -> APIRouter:
    """A router whose every route is a door."""
    return APIRouter(prefix=f"/v1{prefix}", tags=[tag], route_class=Door)


def _asked(request: Request) -> Act:
    act: Act = request.state.act
    return act


def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


def _scope(request: Request) -> Scope:
    return scope_of(request.state.caller)


def _expected(
    if_match: Annotated[str | None, Header(description='version read, e.g. "3"')] = None,
) -> int | None:
    if if_match is None or if_match == "*":
        return None
    version = if_match.removeprefix("W/").strip('"')
    if not re.fullmatch("[0-9]{1,18}", version):
        raise Malformed('If-Match is a version in quotes, e.g. "3"', field="If-Match")
    return int(version)


Asked = Annotated[Act, Depends(_asked)]
"""The act of a write: its id follows from caller, route and Idempotency-Key."""
Calling = Annotated[Caller, Depends(_caller)]
"""Who calls."""
Within = Annotated[Scope, Depends(_scope)]
"""What the caller may see."""
Expected = Annotated[int | None, Depends(_expected)]
"""The version in `If-Match`, or None."""
