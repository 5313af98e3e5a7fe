"""Organisations over HTTP: the tree within the caller's lines, and what the Center asks of the register."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from services.registry.organisations.commands import (
    Affiliate,
    ChangeOrganisation,
    CloseOrganisation,
    EndAffiliation,
    MergeOrganisation,
    RegisterUnit,
    RenameOrganisation,
    RevealContact,
)
from services.registry.organisations.domain import Organisation, OrganisationKind
from services.registry.organisations.handlers import Register
from services.registry.organisations.storage import listed
from shared.auth import Role
from shared.http.door import Asked, Expected, Within, allow, doors, unkept
from shared.http.pages import Cursor, Limit, Page, after, page
from shared.http.tags import tagged

Kind = Annotated[OrganisationKind | None, Query(description="only organisations of this kind")]
Line = Annotated[str | None, Query(description="only what stands in this authority's line today", examples=["33"])]
On = Annotated[date | None, Query(description="the day asked for, Asia/Shanghai; today when left out")]


class OrganisationView(Organisation):
    """An organisation with its lines, names and history; the contact person masked."""

    contact: str = Field(default="", exclude=True)


class NameView(BaseModel):
    """The name an organisation bears on a day."""

    organisation: str
    on: date
    name: str
    name_en: str


class ContactView(BaseModel):
    """The contact person in clear; empty when none is known."""

    organisation: str
    name: str
    phone: str


def routes(register: Register) -> APIRouter:
    """The doors of the organisations room."""
    router = doors("/organisations", "organisations")
    _reads(router, register)
    _writes(router, register)
    _ends(router, register)
    return router


def _reads(router: APIRouter, register: Register) -> None:
    rooms = register.rooms

    @router.get("")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def index(
        scope: Within, kind: Kind = None, line: Line = None, cursor: Cursor = None, limit: Limit = 100
    ) -> Page[OrganisationView]:
        """Organisations by id; the tree level by level with `kind` and `line`."""
        rows = await listed(
            rooms.organisations,
            scope,
            rooms.clock.today(),
            kind=kind,
            line=line,
            after=after(cursor),
            limit=limit + 1,
        )
        return page([_view(row) for row in rows], limit, lambda row: row.id)

    @router.get("/{organisation}")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def read(organisation: str, scope: Within, response: Response) -> OrganisationView:
        """One organisation."""
        return tagged(response, _view(await rooms.seen(organisation, scope)))

    @router.get("/{organisation}/name")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def name(organisation: str, scope: Within, on: On = None) -> NameView:
        """The name it bears or bore on a day."""
        found, day = await rooms.seen(organisation, scope), on or rooms.clock.today()
        borne = found.name_on(day) or found
        return NameView(organisation=found.id, on=day, name=borne.name, name_en=borne.name_en)

    @router.post("/{organisation}/contact/reveal")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT)
    @unkept
    async def reveal(organisation: str, asked: RevealContact, act: Asked, response: Response) -> ContactView:
        """The contact person in clear, for those who have to call; who asked and why stays in the history."""
        response.headers["Cache-Control"] = "no-store"
        found = await register.reveal(act, organisation, asked)
        name, phone = (found.name, found.phone) if found else ("", "")
        return ContactView(organisation=organisation, name=name, phone=phone)


def _writes(router: APIRouter, register: Register) -> None:
    @router.post("", status_code=201)
    @allow(Role.CENTER, Role.AUTHORITY)
    async def add(asked: RegisterUnit, act: Asked, response: Response) -> OrganisationView:
        """Register a unit; an authority does so in its own line."""
        return tagged(response, _view(await register.register(act, asked)))

    @router.patch("/{organisation}")
    @allow(Role.CENTER, Role.AUTHORITY)
    async def change(
        organisation: str, asked: ChangeOrganisation, act: Asked, expect: Expected, response: Response
    ) -> OrganisationView:
        """Change a unit's codes, office or contact person; what is left out stays."""
        return tagged(response, _view(await register.change(act, organisation, asked, expect)))

    @router.post("/{organisation}/rename")
    @allow(Role.CENTER, Role.AUTHORITY)
    async def rename(
        organisation: str, asked: RenameOrganisation, act: Asked, expect: Expected, response: Response
    ) -> OrganisationView:
        """Give a unit another name from a day on; the former one is kept."""
        return tagged(response, _view(await register.rename(act, organisation, asked, expect)))

    @router.post("/{organisation}/affiliations")
    @allow(Role.CENTER)
    async def affiliate(
        organisation: str, asked: Affiliate, act: Asked, expect: Expected, response: Response
    ) -> OrganisationView:
        """Let a unit stand in one more line."""
        return tagged(response, _view(await register.affiliate(act, organisation, asked, expect)))


def _ends(router: APIRouter, register: Register) -> None:
    @router.post("/{organisation}/affiliations/end")
    @allow(Role.CENTER)
    async def end_affiliation(
        organisation: str, asked: EndAffiliation, act: Asked, expect: Expected, response: Response
    ) -> OrganisationView:
        """End one of a unit's lines; it never stands in none."""
        return tagged(response, _view(await register.end_affiliation(act, organisation, asked, expect)))

    @router.post("/{organisation}/merge")
    @allow(Role.CENTER)
    async def merge(
        organisation: str, asked: MergeOrganisation, act: Asked, expect: Expected, response: Response
    ) -> OrganisationView:
        """Merge a unit into another one; it closes and names its successor."""
        return tagged(response, _view(await register.merge(act, organisation, asked, expect)))

    @router.post("/{organisation}/close")
    @allow(Role.CENTER)
    async def close(
        organisation: str, asked: CloseOrganisation, act: Asked, expect: Expected, response: Response
    ) -> OrganisationView:
        """Close a unit from a day on; its history stays."""
        return tagged(response, _view(await register.close(act, organisation, asked, expect)))


def _view(found: Organisation) -> OrganisationView:
    return OrganisationView.model_validate(found, from_attributes=True)
