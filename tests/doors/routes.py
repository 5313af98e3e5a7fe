"""The routes of a built service, and what is declared on them."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel

from shared.auth import Role
from shared.http.door import READS


def api_routes(app: FastAPI) -> Iterator[APIRoute]:
    """Every route of an application, those of its included routers too."""
    for item in app.routes:
        included = getattr(item, "original_router", None)
        routes = included.routes if included else [item]
        yield from (route for route in routes if isinstance(route, APIRoute))


def allowed(route: APIRoute) -> frozenset[Role] | None:
    """Who is named on a route: None means everybody."""
    named: frozenset[Role] | None = getattr(route.endpoint, "__allowed__", frozenset())
    return named


def method_of(route: APIRoute) -> str:
    return min(route.methods or ())


def writes(route: APIRoute) -> bool:
    return method_of(route) not in READS and not getattr(route.endpoint, "__reads__", False)


def examples_of(route: APIRoute) -> list[tuple[type[BaseModel], Any]]:
    """The examples of what a route can be asked, each with its command."""
    commands = [command for body in route.dependant.body_params for command in _commands(body.field_info.annotation)]
    return [(command, shown) for command in commands for shown in command.model_json_schema().get("examples", [])]


def _commands(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
