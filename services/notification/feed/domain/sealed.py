"""What is left out of the feed: sealed personal data, by the schema of the event or by its look."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import JsonValue

from shared.events.catalogue import EVENTS

Schema = Mapping[str, Any]
SEALED_TEXT = re.compile(r"[A-Za-z0-9_-]{1,16}\.[A-Za-z0-9_-]{38,}")
"""Key version, a dot, base64 of at least nonce and tag: what sealed personal data looks like."""


def without_sealed(event_type: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The body with null for every field its schema marks as sealed.

    The speaker may be newer than this process: what no schema here describes is judged by its look.
    """
    schema = _schema(event_type)
    unsealed = _unsealed(dict(body), [schema], schema.get("$defs", {}))
    assert isinstance(unsealed, dict)
    return unsealed


@cache
def _schema(event_type: str) -> Schema:
    known = EVENTS.get(event_type)
    return known.model_json_schema() if known else {}


def _unsealed(value: JsonValue, schemas: list[Schema], defs: Schema) -> JsonValue:
    described = list(_alternatives(schemas, defs))
    if _is_sealed(value, described):
        return None
    if isinstance(value, dict):
        return {name: _unsealed(item, _under(described, name), defs) for name, item in value.items()}
    if isinstance(value, list):
        return [_unsealed(item, _at(described, place), defs) for place, item in enumerate(value)]
    return value


def _is_sealed(value: JsonValue, described: list[Schema]) -> bool:
    looks_sealed = isinstance(value, str) and SEALED_TEXT.fullmatch(value) is not None
    return looks_sealed or any(schema.get("sealed") for schema in described)


def _alternatives(schemas: list[Schema], defs: Schema) -> Iterator[Schema]:
    """Every schema that describes a value: as written, behind references, in unions."""
    for schema in schemas:
        yield schema
        if (name := str(schema.get("$ref", "")).rsplit("/", 1)[-1]) in defs:
            yield from _alternatives([defs[name]], defs)
        for union in ("anyOf", "oneOf", "allOf"):
            yield from _alternatives(schema.get(union, []), defs)


def _under(schemas: list[Schema], name: str) -> list[Schema]:
    found = [schema.get("properties", {}).get(name, schema.get("additionalProperties")) for schema in schemas]
    return [schema for schema in found if isinstance(schema, Mapping)]


def _at(schemas: list[Schema], place: int) -> list[Schema]:
    found = []
    for schema in schemas:
        fixed = schema.get("prefixItems", [])
        found.append(fixed[place] if place < len(fixed) else schema.get("items"))
    return [schema for schema in found if isinstance(schema, Mapping)]
