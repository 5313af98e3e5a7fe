"""How a bulk route reads its rows and describes them in OpenAPI."""

from collections.abc import Iterator
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel
from pydantic_core import to_json

from shared.http.rows import CSV, JSON, NDJSON, Line, Refused, flat, rows_in, table

R = TypeVar("R", bound=BaseModel)
DIGEST_HEADER = {
    "name": "Content-Digest",
    "in": "header",
    "required": False,
    "description": "SHA-256 of the body (RFC 9530), by which one that was cut off or changed is refused",
    "schema": {"type": "string", "examples": ["sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"]},
}


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


def file_body(kind: type[BaseModel]) -> dict[str, Any]:
    """The request body of a file of rows, by the example of one kind, and the digest that may come with it."""
    example = kind.model_json_schema()["examples"][0]
    lines = {"type": "string", "title": kind.__name__, "description": "one row per line, as the bulk route takes it"}
    cells = {"type": "string", "description": "UTF-8 with a header; the columns are the fields of a row"}
    return {
        "parameters": [DIGEST_HEADER],
        "requestBody": {
            "required": True,
            "content": {
                NDJSON: {"schema": lines, "example": to_json(example).decode()},
                CSV: {"schema": cells, "example": table([*flat(example)], [flat(example)])},
            },
        },
    }


def _with_parts(schema: Any, parts: dict[str, Any]) -> Any:
    """The schema with what it refers to in its place: a body's schema stands by itself in the document."""
    if isinstance(schema, dict):
        if name := schema.get("$ref"):
            return _with_parts(parts[name.rpartition("/")[2]], parts)
        return {key: _with_parts(value, parts) for key, value in schema.items()}
    return [_with_parts(item, parts) for item in schema] if isinstance(schema, list) else schema
