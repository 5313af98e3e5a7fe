"""The FastAPI application of a service: routes, problem details, health, metrics; built by `shared.process`."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager
from http import HTTPMethod
from time import perf_counter
from typing import Any

from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import JSONResponse
from fastapi.telemetry import TelemetryConfig
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.auth import Verifier
from shared.clock import Clock
from shared.errors import Fault
from shared.http import problems
from shared.http.door import public
from shared.http.idempotency import Answers
from shared.http.openapi import describe
from shared.metrics import REQUESTS

Check = Callable[[], Awaitable[None]]
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def _of_the_shell(scope: MutableMapping[str, Any]) -> bool:
    return str(scope.get("path")).startswith(("/health", "/metrics"))


# The framework's own tracing: a span for each request, and none for each step in it, as the separate
# instrumentation makes it at three times the cost. Its logs would tell what a defect said.
TRACED: TelemetryConfig = {"operation_spans": False, "metrics": False, "logs": False, "exclude": _of_the_shell}


METHODS = frozenset(HTTPMethod)


class Broken(Exception):  # noqa: N818 - named for what happened
    """An answer broke off in the middle; its cause is in the log."""


def make_app(
    service: str,
    routers: Sequence[APIRouter],
    *,
    clock: Clock,
    verifier: Verifier,
    answers: Answers,
    checks: dict[str, Check],
    lifespan: Lifespan,
) -> FastAPI:
    """An application whose every route is a door; `checks` decide readiness."""
    app = FastAPI(
        title=f"skillcert {service}",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        telemetry=TRACED,
        responses={"default": {"model": problems.Problem, "description": "A problem detail (RFC 9457)"}},
    )
    app.state.clock = clock
    app.state.verifier = verifier
    app.state.answers = answers
    problems.install(app)
    for router in routers:
        app.include_router(router)
    app.include_router(_health(checks))
    describe(app, routers)
    app.add_middleware(Measured)
    return app


class Measured:
    """Times every request, and answers a defect before the tracer writes its text into a span.

    A plain ASGI layer: the framework's own kind runs each request in a task of its own, with a queue for its answer.
    """

    def __init__(self, inside: ASGIApp) -> None:
        self._inside = inside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inside(scope, receive, send)
            return
        started = perf_counter()
        status = 0

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._inside(scope, receive, sent)
        except Exception as error:  # noqa: BLE001 - here, before the tracer writes its text into a span
            response = problems.unforeseen(scope["path"], error)
            if status:  # half an answer is out: the connection must break, and the span tells no text of the defect
                raise Broken from None
            await response(scope, receive, sent)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            REQUESTS.labels(_method(scope["method"]), route, status).observe(perf_counter() - started)


def _method(named: str) -> str:
    """The method as a label: a caller may name any, and each label is kept as long as the process lives."""
    return named if named in METHODS else "other"


def _health(checks: dict[str, Check]) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/health/live")
    @public
    async def live() -> dict[str, str]:
        """The process answers."""
        return {"status": "live"}

    @router.get("/health/ready")
    @public
    async def ready() -> JSONResponse:
        """What this service needs answers: database ping, confirmed canary message."""
        causes = await asyncio.gather(*map(_cause, checks.values()))  # at once: two outages take no longer than one
        failing = {name: cause for name, cause in zip(checks, causes, strict=True) if cause}
        body = {"status": "not ready" if failing else "ready", "failing": failing}
        return JSONResponse(body, 503 if failing else 200)

    @router.get("/metrics", include_in_schema=False)
    @public
    async def metrics() -> Response:
        """This process's figures, for Prometheus."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


async def _cause(check: Check) -> str | None:
    try:
        await check()
    except Fault as fault:
        return fault.slug
    return None
