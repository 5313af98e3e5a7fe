"""Indicators over HTTP: figures per unit, and the facts behind each of them."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.evaluation.indicators.domain import Fact, UnitIndicators
from services.evaluation.indicators.handlers import Indicators
from shared.auth import Role
from shared.http.door import Within, allow, doors
from shared.http.pages import Cursor, Limit, Page, after, page

Batch = Annotated[str | None, Query(description="only facts of this batch")]
Kind = Annotated[str | None, Query(description="only this type of event", examples=["assessment.batch.filed.v1"])]


def routes(indicators: Indicators) -> APIRouter:
    """The doors of the indicators room."""
    router = doors("/indicators", "indicators")

    @router.get("")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def index(scope: Within, cursor: Cursor = None, limit: Limit = 20) -> Page[UnitIndicators]:
        """The figures of each unit, by unit."""
        rows = await indicators.listed(scope, after=after(cursor), limit=limit + 1)
        return page(rows, limit, lambda row: row.unit)

    @router.get("/{unit}")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def read(unit: str, scope: Within) -> UnitIndicators:
        """The figures of one unit."""
        return await indicators.of(unit, scope)

    @router.get("/{unit}/facts")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def facts(
        unit: str, scope: Within, *, batch: Batch = None, kind: Kind = None, cursor: Cursor = None, limit: Limit = 100
    ) -> Page[Fact]:
        """The facts behind a unit's figures, by event id."""
        rows = await indicators.facts_of(unit, scope, batch=batch, kind=kind, after=after(cursor), limit=limit + 1)
        return page(rows, limit, lambda row: row.id)

    return router
