"""Plans over HTTP: units and authorities submit, the Center returns or files, everyone sees their own line."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from services.registry.plans.commands import ReturnPlan, SubmitPlan, WithdrawPlan
from services.registry.plans.domain import FiledEdition, Plan, PlanKind, Planned, Section, State
from services.registry.plans.handlers import Plans
from services.registry.plans.storage import listed
from shared.auth import Role
from shared.http.door import Asked, Expected, Within, allow, doors
from shared.http.pages import Cursor, Limit, Page, after, page
from shared.http.tags import tagged

EditionNumber = Annotated[
    int | None, Query(ge=1, description="an edition as it was filed; none: the plan as it stands")
]


class PlanRow(BaseModel):
    """A plan in a list, without its texts."""

    id: str
    authority: str
    kind: PlanKind
    unit: str
    title: str
    state: State
    edition: int
    stage: State
    scopes: tuple[Planned, ...]
    valid_from: date
    valid_until: date
    filed_on: date | None
    version: int


def routes(plans: Plans) -> APIRouter:
    """The doors of the plans room."""
    router = doors("/plans", "plans")
    _preparing(router, plans)
    _deciding(router, plans)
    _reading(router, plans)
    return router


def _preparing(router: APIRouter, plans: Plans) -> None:
    @router.post("", status_code=201)
    @allow(Role.UNIT, Role.AUTHORITY)
    async def submit(asked: SubmitPlan, act: Asked, response: Response) -> Plan:
        """Submit a work plan to the Center: a unit its own, an authority the overall plan of its line."""
        return tagged(response, await plans.submit(act, asked))

    @router.put("/{plan}")
    @allow(Role.UNIT, Role.AUTHORITY)
    async def mend(plan: str, asked: SubmitPlan, act: Asked, expect: Expected, response: Response) -> Plan:
        """Mend a draft or returned plan, or the amendment of a filed one, and submit it."""
        return tagged(response, await plans.mend(act, plan, asked, expect))

    @router.post("/{plan}/submit")
    @allow(Role.UNIT, Role.AUTHORITY)
    async def send(plan: str, act: Asked, expect: Expected, response: Response) -> Plan:
        """Submit a draft or returned plan or amendment as it stands."""
        return tagged(response, await plans.send(act, plan, expect))

    @router.post("/{plan}/amend")
    @allow(Role.UNIT, Role.AUTHORITY)
    async def amend(plan: str, asked: SubmitPlan, act: Asked, expect: Expected, response: Response) -> Plan:
        """Begin an amendment of a filed plan; the edition on file stays in force until the amendment is filed."""
        return tagged(response, await plans.amend(act, plan, asked, expect))

    @router.post("/{plan}/withdraw")
    @allow(Role.UNIT, Role.AUTHORITY, Role.CENTER)
    async def withdraw(plan: str, asked: WithdrawPlan, act: Asked, expect: Expected, response: Response) -> Plan:
        """Give a plan up, or take it off file."""
        return tagged(response, await plans.withdraw(act, plan, asked, expect))


def _deciding(router: APIRouter, plans: Plans) -> None:
    @router.post("/{plan}/return")
    @allow(Role.CENTER)
    async def send_back(plan: str, asked: ReturnPlan, act: Asked, expect: Expected, response: Response) -> Plan:
        """Return a plan or an amendment with remarks, to the whole and to its sections."""
        return tagged(response, await plans.send_back(act, plan, asked, expect))

    @router.post("/{plan}/file")
    @allow(Role.CENTER)
    async def file(plan: str, act: Asked, expect: Expected, response: Response) -> Plan:
        """Put a plan or an amendment on file; a unit is authorised by it."""
        return tagged(response, await plans.file(act, plan, expect))


def _reading(router: APIRouter, plans: Plans) -> None:
    @router.get("/sections")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def sections() -> list[Section]:
        """The sections of a plan, and which kind of plan must have which."""
        return list(plans.sections)

    @router.get("/{plan}")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def read(plan: str, scope: Within, response: Response, edition: EditionNumber = None) -> Plan | FiledEdition:
        """One plan, or one of its editions as it was filed."""
        if edition is not None:
            return await plans.edition(scope, plan, edition)
        return tagged(response, await plans.plans.get(plan, scope))

    @router.get("")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def index(
        scope: Within,
        state: State | None = None,
        kind: PlanKind | None = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Page[PlanRow]:
        """Plans by id, without their texts."""
        rows = await listed(plans.plans, scope, state=state, kind=kind, after=after(cursor), limit=limit + 1)
        shown = [PlanRow.model_validate(row, from_attributes=True) for row in rows]
        return page(shown, limit, lambda plan: plan.id)
