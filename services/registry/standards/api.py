"""Occupations and standards over HTTP: for everybody with a token, they are no secret."""

from fastapi import APIRouter, Response

from services.registry.standards.domain import Occupation, Standard
from services.registry.standards.handlers import Standards
from shared.auth import Role
from shared.http.door import allow, doors
from shared.http.tags import tagged


def routes(standards: Standards) -> APIRouter:
    """The doors of the standards room."""
    router = doors("", "standards")

    @router.get("/occupations")
    @allow(*Role)
    async def occupations() -> list[Occupation]:
        """The pilot's occupations."""
        return [row.occupation for row in await standards.standards.find({})]

    @router.get("/standards")
    @allow(*Role)
    async def index() -> list[Standard]:
        """The standard editions."""
        return await standards.standards.find({})

    @router.get("/standards/{standard}")
    @allow(*Role)
    async def read(standard: str, response: Response) -> Standard:
        """One edition with its parts and marks."""
        return tagged(response, await standards.standards.get(standard))

    return router
