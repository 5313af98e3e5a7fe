"""Load, decide, save: what happens when something is asked about a plan."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from services.registry.plans.commands import ReturnPlan, SubmitPlan
from services.registry.plans.domain import Offered, Plan, check, submitted
from shared.act import Act
from shared.clock import Clock
from shared.rulebook import Rulebook
from shared.storage.store import Store


@dataclass(frozen=True)
class Plans:
    """The plans room; `offered` asks the standards room what may be examined at all."""

    plans: Store[Plan]
    offered: Callable[[], Awaitable[Offered]]
    rules: Rulebook
    clock: Clock

    async def submit(self, act: Act, asked: SubmitPlan) -> Plan:
        """A unit's new plan; the caller's organisation is the unit."""
        assert act.caller is not None
        assert act.caller.authority is not None
        await self._check(asked)
        plan, events = submitted(f"plan-{act.id}", act.caller.organisation, act.caller.authority, asked)
        return await self.plans.add(plan, events, act)

    async def resubmit(self, act: Act, plan: str, asked: SubmitPlan, expect: int | None) -> Plan:
        """A returned plan, mended."""
        await self._check(asked)
        return await self.plans.change(plan, act, lambda found: found.resubmitted(asked), expect=expect)

    async def send_back(self, act: Act, plan: str, asked: ReturnPlan, expect: int | None) -> Plan:
        """The Center's remarks."""
        return await self.plans.change(plan, act, lambda found: found.returned(asked.remarks), expect=expect)

    async def file(self, act: Act, plan: str, expect: int | None) -> Plan:
        """On file from today."""
        today = self.clock.today()
        return await self.plans.change(plan, act, lambda found: found.filed(today), expect=expect)

    async def _check(self, asked: SubmitPlan) -> None:
        longest = self.rules.integer("body.filing_years", on=self.clock.today())
        check(asked, await self.offered(), longest)
