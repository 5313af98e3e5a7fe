"""Sites over HTTP: units register them, their authority confirms them, everyone sees their own line."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from services.registry.sites.commands import (
    LedgerLine,
    RegisterSite,
    ReinstateSite,
    RemoveSite,
    RetireLine,
    RevealKeepers,
    SuspendSite,
)
from services.registry.sites.domain import Equipment, Site, State
from services.registry.sites.handlers import Sites
from services.registry.sites.storage import listed
from shared.auth import Role
from shared.http.bulk import bulk_body, rows_of
from shared.http.door import Asked, Expected, Within, allow, doors, unkept
from shared.http.pages import Cursor, Limit, Page, after, page
from shared.http.rows import RowsTaken
from shared.http.tags import tagged

OfUnit = Annotated[str | None, Query(description="only sites of this unit")]
InState = Annotated[State | None, Query(description="only sites in this state")]
Fitting = Annotated[str | None, Query(description="only sites that fit this occupation", examples=["rebar_worker"])]


class SiteView(Site):
    """A site; its ledger in figures, its lines are asked for by themselves."""

    ledger: tuple[Equipment, ...] = Field(default=(), exclude=True)
    equipment: int = Field(default=0, description="pieces of equipment in use")
    equipment_fit_percent: float | None = Field(default=None, description="how much of it is fit; null without any")
    least_percent: float = Field(default=0, description="how much must be fit, by rule site.equipment_fit_percent")
    lacking: str = Field(default="", description="what it lacks of what a site must have; empty when nothing")


class LineView(BaseModel):
    """A line of the ledger; the keeper masked, but where the unit had them revealed."""

    id: str
    name: str
    model: str
    count: int
    fit: int
    keeper: str
    inspected_on: date | None
    retired_on: date | None


class LedgerView(BaseModel):
    """A site's equipment ledger."""

    site: str
    lines: list[LineView]


def routes(sites: Sites) -> APIRouter:
    """The doors of the sites room."""
    router = doors("/sites", "sites")
    _reads(router, sites)
    _by_the_unit(router, sites)
    _by_the_authority(router, sites)
    _ledger(router, sites)
    return router


def _reads(router: APIRouter, sites: Sites) -> None:
    @router.get("")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def index(
        scope: Within,
        unit: OfUnit = None,
        state: InState = None,
        occupation: Fitting = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Page[SiteView]:
        """Sites by id."""
        rows = await listed(
            sites.sites, scope, unit=unit, state=state, occupation=occupation, after=after(cursor), limit=limit + 1
        )
        return page([_view(sites, row) for row in rows], limit, lambda row: row.id)

    @router.get("/{site}")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def read(site: str, scope: Within, response: Response) -> SiteView:
        """One site with its conditions and the figures of its equipment."""
        return tagged(response, _view(sites, await sites.sites.get(site, scope)))

    @router.get("/{site}/ledger")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def ledger(site: str, scope: Within) -> LedgerView:
        """The equipment ledger of a site, retired lines too."""
        found = await sites.sites.get(site, scope)
        return LedgerView(site=found.id, lines=[_line(line) for line in found.ledger])


def _by_the_unit(router: APIRouter, sites: Sites) -> None:
    @router.post("", status_code=201)
    @allow(Role.UNIT)
    async def add(asked: RegisterSite, act: Asked, response: Response) -> SiteView:
        """Register a site of the caller's unit."""
        return tagged(response, _view(sites, await sites.register_site(act, asked)))

    @router.put("/{site}")
    @allow(Role.UNIT)
    async def change(site: str, asked: RegisterSite, act: Asked, expect: Expected, response: Response) -> SiteView:
        """Say everything about a site anew; it is to be confirmed again."""
        return tagged(response, _view(sites, await sites.change(act, site, asked, expect)))

    @router.post("/{site}/remove")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT)
    async def remove(site: str, asked: RemoveSite, act: Asked, expect: Expected, response: Response) -> SiteView:
        """Remove a site from a day on."""
        return tagged(response, _view(sites, await sites.remove(act, site, asked, expect)))


def _by_the_authority(router: APIRouter, sites: Sites) -> None:
    @router.post("/{site}/confirm")
    @allow(Role.CENTER, Role.AUTHORITY)
    async def confirm(site: str, act: Asked, expect: Expected, response: Response) -> SiteView:
        """Confirm that a site has what a site must have."""
        return tagged(response, _view(sites, await sites.confirm(act, site, expect)))

    @router.post("/{site}/suspend")
    @allow(Role.CENTER, Role.AUTHORITY)
    async def suspend(site: str, asked: SuspendSite, act: Asked, expect: Expected, response: Response) -> SiteView:
        """Suspend a site until further notice."""
        return tagged(response, _view(sites, await sites.suspend(act, site, asked, expect)))

    @router.post("/{site}/reinstate")
    @allow(Role.CENTER, Role.AUTHORITY)
    async def reinstate(site: str, asked: ReinstateSite, act: Asked, expect: Expected, response: Response) -> SiteView:
        """Lift a site's suspension."""
        return tagged(response, _view(sites, await sites.reinstate(act, site, asked, expect)))


def _ledger(router: APIRouter, sites: Sites) -> None:
    @router.put("/{site}/ledger", openapi_extra=bulk_body(LedgerLine))
    @allow(Role.UNIT)
    async def replace_ledger(site: str, request: Request, act: Asked) -> RowsTaken:
        """Replace the whole ledger; when any row is refused, nothing is replaced."""
        return await sites.replace_ledger(act, site, await rows_of(request, LedgerLine))

    @router.post("/{site}/ledger/reveal")
    @allow(Role.UNIT)
    @unkept
    async def reveal(site: str, asked: RevealKeepers, act: Asked, response: Response) -> LedgerView:
        """The equipment ledger with its keepers in clear; who asked and why stays in the site's history."""
        response.headers["Cache-Control"] = "no-store"
        found, keepers = await sites.reveal(act, site, asked)
        return LedgerView(site=found.id, lines=[_line(line, keepers[line.id]) for line in found.ledger])

    @router.post("/{site}/ledger", status_code=201)
    @allow(Role.UNIT)
    async def add_line(site: str, asked: LedgerLine, act: Asked, expect: Expected, response: Response) -> LineView:
        """Add a line to the ledger."""
        found = tagged(response, await sites.add_line(act, site, asked, expect))
        return _line(found.ledger[-1])

    @router.put("/{site}/ledger/{line}")
    @allow(Role.UNIT)
    async def change_line(
        site: str, line: str, asked: LedgerLine, act: Asked, expect: Expected, response: Response
    ) -> LineView:
        """Change a line of the ledger."""
        found = tagged(response, await sites.change_line(act, site, line, asked, expect))
        return _line(_of(found, line))

    @router.post("/{site}/ledger/{line}/retire")
    @allow(Role.UNIT)
    async def retire_line(
        site: str, line: str, asked: RetireLine, act: Asked, expect: Expected, response: Response
    ) -> LineView:
        """Retire a line of the ledger; it stays to be seen and counts no more."""
        found = tagged(response, await sites.retire_line(act, site, line, asked, expect))
        return _line(_of(found, line))


def _view(sites: Sites, found: Site) -> SiteView:
    least = sites.least_percent()
    return SiteView.model_validate(found, from_attributes=True).having(
        equipment=sum(line.count for line in found.in_use()),
        equipment_fit_percent=found.fit_percent(),
        least_percent=least,
        lacking=found.lacks(least),
    )


def _of(found: Site, line: str) -> Equipment:
    return next(item for item in found.ledger if item.id == line)


def _line(line: Equipment, keeper: str = "") -> LineView:
    return LineView.model_validate({**line.model_dump(), "keeper": keeper or line.keeper_masked})
