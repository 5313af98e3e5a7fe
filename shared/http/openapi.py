"""What the OpenAPI document says of every door: who may call it, and the Idempotency-Key that writes carry."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi

from shared.http.door import READS, Door

BEARER = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "new for each new write, the same for its repeat; the answer is kept for a day",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "examples": ["7c0a6a4e-plan-2019"]},
}


def describe(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Let `app.openapi()` tell what the doors demand."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(title=app.title, version=app.version, routes=app.routes)
            made.setdefault("components", {})["securitySchemes"] = {"bearer": BEARER}
            for route in (route for router in routers for route in router.routes if isinstance(route, Door)):
                _demand(route, made["paths"][route.path_format])
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _demand(route: Door, operations: dict[str, Any]) -> None:
    allowed: frozenset[str] | None = getattr(route.endpoint, "__allowed__", frozenset())
    for method in route.methods or ():
        operation = operations[method.lower()]
        operation["summary"] = (route.endpoint.__doc__ or route.name).strip().splitlines()[0].rstrip(".")
        operation["security"] = [] if allowed is None else [{"bearer": []}]
        operation["x-roles"] = ["everybody"] if allowed is None else sorted(allowed)
        if not (method in READS or getattr(route.endpoint, "__reads__", False)):
            operation.setdefault("parameters", []).append(KEY)
