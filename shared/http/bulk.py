"""How a bulk route reads its rows and describes them in OpenAPI."""

from collections.abc import Iterator
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel
from pydantic_core import to_json

from shared.http.rows import CSV, JSON, NDJSON, Line, Refused, flat, rows_in, table

R = TypeVar("R", bound=BaseModel)


async def rows_of(request: Request, kind: type[R]) -> Iterator[Line[R] | Refused]:
    """The rows of a request by its content type."""
    return rows_in(await request.body(), request.headers.get("content-type", ""), kind)


def bulk_body(kind: type[BaseModel]) -> dict[str, Any]:
    """The request body of a bulk route: an array of rows, one row per line, or a table with a header."""
    whole = kind.model_json_schema()
    parts, examples = whole.pop("$defs", {}), whole.pop("examples")
    schema = _with_parts(whole, parts)
    header = ", ".join(kind.model_fields)
    cells = table([*flat(examples[0])], map(flat, examples))
    lines = b"\n".join(map(to_json, examples)).decode()
    return {
        "requestBody": {
            "required": True,
            "content": {
                JSON: {"schema": {"type": "array", "items": schema}, "example": examples},
                NDJSON: {"schema": {"type": "string", "description": "one row per line"}, "example": lines},
                CSV: {"schema": {"type": "string", "description": f"UTF-8; columns: {header}"}, "example": cells},
            },
        }
    }


def _with_parts(schema: Any, parts: dict[str, Any]) -> Any:
    """The schema with what it refers to in its place: a body's schema stands by itself in the document."""
    if isinstance(schema, dict):
        if name := schema.get("$ref"):
            return _with_parts(parts[name.rpartition("/")[2]], parts)
        return {key: _with_parts(value, parts) for key, value in schema.items()}
    return [_with_parts(item, parts) for item in schema] if isinstance(schema, list) else schema
