"""ETags: a version read is named in the answer, so that a later change can require it by If-Match."""

from typing import TypeVar

from fastapi import Response

from shared.entity import Entity

E = TypeVar("E", bound=Entity)


def tagged(response: Response, entity: E) -> E:
    """Name the entity's version in the answer's ETag."""
    response.headers["ETag"] = f'"{entity.version}"'
    return entity
