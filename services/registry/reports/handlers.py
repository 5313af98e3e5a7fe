"""Load, decide, save: what happens when something is asked about a report."""

from dataclasses import dataclass

from services.registry.plans.domain import Plan, PlanKind
from services.registry.reports.commands import AnswerReport, MendReport, SubmitReport
from services.registry.reports.domain import Report, submitted
from shared.act import Act
from shared.auth import Role
from shared.clock import Clock
from shared.errors import Forbidden
from shared.storage.store import Store


@dataclass(frozen=True)
class Reports:
    """The reports room; `plans` are what is reported on."""

    reports: Store[Report]
    plans: Store[Plan]
    clock: Clock

    async def submit(self, act: Act, asked: SubmitReport) -> Report:
        """A report on a plan of the caller's own."""
        plan = await self.plans.get(asked.plan, act.scope)
        _must_own(act, plan.kind)
        return await self.reports.add(*submitted(plan, asked, self.clock.today()), act)

    async def mend(self, act: Act, report: str, asked: MendReport, expect: int | None) -> Report:
        """A returned report, mended."""
        _must_own(act, (await self.reports.get(report, act.scope)).kind)
        return await self.reports.change(report, act, lambda found: found.mended(asked), expect=expect)

    async def send_back(self, act: Act, report: str, asked: AnswerReport, expect: int | None) -> Report:
        """The Center's remarks; the report is to be mended."""
        return await self.reports.change(report, act, lambda found: found.returned(asked.remarks), expect=expect)

    async def note(self, act: Act, report: str, asked: AnswerReport, expect: int | None) -> Report:
        """The Center took note of it."""
        return await self.reports.change(report, act, lambda found: found.noted(asked.remarks), expect=expect)


def _must_own(act: Act, kind: str) -> None:
    assert act.caller is not None
    owner = Role.AUTHORITY if kind == PlanKind.OVERALL else Role.UNIT
    if act.caller.role is not owner:
        raise Forbidden(f"on a plan of kind {kind} reports its {owner}, not the {act.caller.role}")
