"""How a bulk route reads its rows and describes them in OpenAPI."""

from collections.abc import Iterator
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel
from pydantic_core import to_json

from services.assessment.rows import JSON, NDJSON, Line, Refused, rows_in

R = TypeVar("R", bound=BaseModel)


async def rows_of(request: Request, kind: type[R]) -> Iterator[Line[R] | Refused]:
    """The rows of a request by its content type."""
    return rows_in(await request.body(), request.headers.get("content-type", ""), kind)


def bulk_body(kind: type[BaseModel]) -> dict[str, Any]:
    """The request body of a bulk route: an array of rows, or one row per line."""
    schema = kind.model_json_schema()
    examples = schema.pop("examples")
    lines = b"\n".join(map(to_json, examples)).decode()
    return {
        "requestBody": {
            "required": True,
            "content": {
                JSON: {"schema": {"type": "array", "items": schema}, "example": examples},
                NDJSON: {"schema": {"type": "string", "description": "one row per line"}, "example": lines},
            },
        }
    }
