"""Occupations and standards over HTTP: the Center drafts and publishes; what is published is no secret."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.registry.standards.commands import DraftStandard, Occupation, Regime
from services.registry.standards.domain import Change, Standard, State
from services.registry.standards.handlers import Standards
from shared.auth import Role
from shared.http.door import Asked, Expected, Within, allow, doors
from shared.http.tags import tagged

Day = Annotated[date | None, Query(description="those in force that day, Asia/Shanghai")]


def routes(standards: Standards) -> APIRouter:
    """The doors of the standards room."""
    router = doors("", "standards")

    @router.get("/occupations")
    @allow(*Role)
    async def occupations() -> list[Occupation]:
        """The pilot's occupations under both code systems."""
        return await standards.occupations()

    @router.post("/standards", status_code=201)
    @allow(Role.CENTER)
    async def draft(asked: DraftStandard, act: Asked, response: Response) -> Standard:
        """Draft an edition with everything it says; only the Center sees a draft."""
        return tagged(response, await standards.draft(act, asked))

    @router.put("/standards/{standard}")
    @allow(Role.CENTER)
    async def mend(standard: str, asked: DraftStandard, act: Asked, expect: Expected, response: Response) -> Standard:
        """Mend a draft."""
        return tagged(response, await standards.mend(act, standard, asked, expect))

    @router.post("/standards/{standard}/publish")
    @allow(Role.CENTER)
    async def publish(standard: str, act: Asked, expect: Expected, response: Response) -> Standard:
        """Publish a draft; it is in force from its first day and takes the place of the older edition."""
        return tagged(response, await standards.publish(act, standard, expect))

    @router.get("/standards")
    @allow(*Role)
    async def index(
        scope: Within,
        occupation: str | None = None,
        regime: Regime | None = None,
        state: State | None = None,
        in_force_on: Day = None,
    ) -> list[Standard]:
        """The standard editions by id."""
        return await standards.listed(scope, occupation=occupation, regime=regime, state=state, on=in_force_on)

    @router.get("/standards/{standard}")
    @allow(*Role)
    async def read(standard: str, scope: Within, response: Response) -> Standard:
        """One edition with everything it says."""
        return tagged(response, await standards.read(standard, scope))

    @router.get("/standards/{standard}/difference/{other}")
    @allow(*Role)
    async def difference(standard: str, other: str, scope: Within) -> list[Change]:
        """What changes from one edition to the other, place by place, with a sentence for each."""
        return await standards.difference(standard, other, scope)

    return router
