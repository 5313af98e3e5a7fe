"""Reports over HTTP: units and authorities report on their plans, the Center takes note or returns."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.registry.reports.commands import AnswerReport, MendReport, SubmitReport
from services.registry.reports.domain import Report, State
from services.registry.reports.handlers import Reports
from services.registry.reports.storage import listed
from shared.auth import Role
from shared.http.door import Asked, Expected, Within, allow, doors
from shared.http.pages import Cursor, Limit, Page, after, page
from shared.http.tags import tagged

OfPlan = Annotated[str | None, Query(max_length=200, description="id of the plan reported on")]


def routes(reports: Reports) -> APIRouter:
    """The doors of the reports room."""
    router = doors("/reports", "reports")

    @router.post("", status_code=201)
    @allow(Role.UNIT, Role.AUTHORITY)
    async def submit(asked: SubmitReport, act: Asked, response: Response) -> Report:
        """Report to the Center what became of the caller's filed plan in a period."""
        return tagged(response, await reports.submit(act, asked))

    @router.put("/{report}")
    @allow(Role.UNIT, Role.AUTHORITY)
    async def mend(report: str, asked: MendReport, act: Asked, expect: Expected, response: Response) -> Report:
        """Submit a returned report again, mended."""
        return tagged(response, await reports.mend(act, report, asked, expect))

    @router.post("/{report}/return")
    @allow(Role.CENTER)
    async def send_back(report: str, asked: AnswerReport, act: Asked, expect: Expected, response: Response) -> Report:
        """Return a report with remarks."""
        return tagged(response, await reports.send_back(act, report, asked, expect))

    @router.post("/{report}/note")
    @allow(Role.CENTER)
    async def note(report: str, asked: AnswerReport, act: Asked, expect: Expected, response: Response) -> Report:
        """Take note of a report; it does not change any more."""
        return tagged(response, await reports.note(act, report, asked, expect))

    _reading(router, reports)
    return router


def _reading(router: APIRouter, reports: Reports) -> None:
    @router.get("/{report}")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def read(report: str, scope: Within, response: Response) -> Report:
        """One report, its figures beside what the plan expects."""
        return tagged(response, await reports.reports.get(report, scope))

    @router.get("")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def index(
        scope: Within, plan: OfPlan = None, state: State | None = None, cursor: Cursor = None, limit: Limit = 100
    ) -> Page[Report]:
        """Reports by id."""
        rows = await listed(reports.reports, scope, plan=plan, state=state, after=after(cursor), limit=limit + 1)
        return page(rows, limit, lambda row: row.id)
