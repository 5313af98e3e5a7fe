"""Plans over HTTP: units submit, the Center returns or files, everyone sees their own line."""

from fastapi import APIRouter, Response

from services.registry.plans.commands import ReturnPlan, SubmitPlan
from services.registry.plans.domain import Plan, State
from services.registry.plans.handlers import Plans
from services.registry.plans.storage import listed
from shared.auth import Role
from shared.http.door import Asked, Expected, Within, allow, doors
from shared.http.pages import Cursor, Limit, Page, after, page
from shared.http.tags import tagged


def routes(plans: Plans) -> APIRouter:
    """The doors of the plans room."""
    router = doors("/plans", "plans")

    @router.post("", status_code=201)
    @allow(Role.UNIT)
    async def submit(asked: SubmitPlan, act: Asked, response: Response) -> Plan:
        """Submit the caller's work plan to the Center."""
        return tagged(response, await plans.submit(act, asked))

    @router.put("/{plan}")
    @allow(Role.UNIT)
    async def resubmit(plan: str, asked: SubmitPlan, act: Asked, expect: Expected, response: Response) -> Plan:
        """Submit a returned plan again, mended."""
        return tagged(response, await plans.resubmit(act, plan, asked, expect))

    @router.post("/{plan}/return")
    @allow(Role.CENTER)
    async def send_back(plan: str, asked: ReturnPlan, act: Asked, expect: Expected, response: Response) -> Plan:
        """Return a plan with remarks."""
        return tagged(response, await plans.send_back(act, plan, asked, expect))

    @router.post("/{plan}/file")
    @allow(Role.CENTER)
    async def file(plan: str, act: Asked, expect: Expected, response: Response) -> Plan:
        """Put a plan on file; the unit is authorised by it."""
        return tagged(response, await plans.file(act, plan, expect))

    @router.get("/{plan}")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def read(plan: str, scope: Within, response: Response) -> Plan:
        """One plan."""
        return tagged(response, await plans.plans.get(plan, scope))

    @router.get("")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def index(scope: Within, state: State | None = None, cursor: Cursor = None, limit: Limit = 100) -> Page[Plan]:
        """Plans by id."""
        rows = await listed(plans.plans, scope, state=state, after=after(cursor), limit=limit + 1)
        return page(rows, limit, lambda plan: plan.id)

    return router
