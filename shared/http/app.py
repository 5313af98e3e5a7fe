"""The FastAPI application of a service: routes, problem details, health, metrics; built by `shared.process`."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from time import perf_counter

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

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
    app.middleware("http")(_measured)
    FastAPIInstrumentor.instrument_app(app, excluded_urls="health,metrics", exclude_spans=["send", "receive"])
    return app


async def _measured(request: Request, inside: Callable[[Request], Awaitable[Response]]) -> Response:
    started = perf_counter()
    try:
        response = await inside(request)
    except Exception as error:  # noqa: BLE001 - here, before the tracer writes its text into a span
        response = problems.unforeseen(request.url.path, error)
    route = getattr(request.scope.get("route"), "path", "none")
    REQUESTS.labels(request.method, route, response.status_code).observe(perf_counter() - started)
    return response


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
