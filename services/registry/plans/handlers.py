"""Load, decide, save: what happens when something is asked about a plan.

A unit plan is filed in three writes: its numbers are reserved on the overall plan, it is put on file, the share is
settled. Two filings at the same moment meet in the first; whatever ends between them is settled by what is heard of
the plan afterwards, and by the clock.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial

from services.registry.plans.commands import ReturnPlan, SubmitPlan, WithdrawPlan
from services.registry.plans.domain import (
    FiledEdition,
    NoOverallPlan,
    Offered,
    OverallPlanStanding,
    Plan,
    PlanKind,
    Section,
    begun,
    check,
    check_sections,
    content_of,
    must_contain,
)
from services.registry.plans.storage import framing, over, overall_in_force, unsettled
from shared.act import EVERYTHING, Act, Scope
from shared.auth import Role
from shared.clock import Clock
from shared.errors import Contended, Forbidden, NotFound, Stale
from shared.rulebook import Rulebook
from shared.storage.store import ATTEMPTS, Decision, Store, pause
from shared.workdays import local_day

RUN = 500
NEVER_FILED = "the plan was never filed; it has no edition yet"
TURNS = 5  # times a request begins anew because somebody else changed the plan meanwhile


@dataclass(frozen=True)
class Plans:
    """The plans room; `offered` asks the standards room what may be examined, `must_stand` the register who may."""

    plans: Store[Plan]
    editions: Store[FiledEdition]
    sections: Sequence[Section]
    offered: Callable[[], Awaitable[Offered]]
    must_stand: Callable[[str, str, date], Awaitable[None]]
    rules: Rulebook
    clock: Clock

    # -- by whom it belongs to -------------------------------------------------------------------------

    async def submit(self, act: Act, asked: SubmitPlan) -> Plan:
        """A new plan of the caller's: a unit's own, or an authority's for its line."""
        assert act.caller is not None
        assert act.caller.authority is not None
        kind = PlanKind.OVERALL if act.caller.role is Role.AUTHORITY else PlanKind.UNIT
        unit = "" if kind is PlanKind.OVERALL else act.caller.organisation
        plan = begun(f"plan-{act.id}", unit, act.caller.authority, kind, content_of(asked))
        with suppress(NotFound):  # a repeat finds what stands, though today it might not fit any more
            if act.id in (standing := await self.plans.get(plan.id)).taken:
                return standing
        await (self._check(plan) if asked.submit else self._must_stand(plan))
        return await self.plans.add(*(plan.sent() if asked.submit else (plan, ())), act)

    async def mend(self, act: Act, plan: str, asked: SubmitPlan, expect: int | None) -> Plan:
        """A draft or returned plan, or amendment, with another content."""
        content = content_of(asked)
        return await self._prepared(act, plan, lambda found: found.mended(content, submit=asked.submit), expect)

    async def send(self, act: Act, plan: str, expect: int | None) -> Plan:
        """A draft or returned plan, or amendment, goes to the Center as it stands."""
        return await self._prepared(act, plan, Plan.sent, expect)

    async def amend(self, act: Act, plan: str, asked: SubmitPlan, expect: int | None) -> Plan:
        """A plan on file is to have another edition."""
        content = content_of(asked)
        return await self._prepared(act, plan, lambda found: found.amended(content, submit=asked.submit), expect)

    async def withdraw(self, act: Act, plan: str, asked: WithdrawPlan, expect: int | None) -> Plan:
        """Given up by its owner, or taken off file by the Center."""
        found = await self.plans.get(plan, act.scope)
        _must_own(act, found, Role.CENTER)
        today = self.clock.today()
        changed = await self.plans.change(plan, act, lambda one: one.withdrawn(asked.reason, today), expect=expect)
        await self._settle_now(act, changed)
        return changed

    # -- by the Center ---------------------------------------------------------------------------------

    async def send_back(self, act: Act, plan: str, asked: ReturnPlan, expect: int | None) -> Plan:
        """The Center's remarks."""
        found = await self.plans.get(plan, act.scope)
        check_sections(asked.sections, found.kind, [section.optional() for section in self.sections])
        changed = await self.plans.change(
            plan, act, lambda one: one.returned(asked.remarks, asked.sections), expect=expect
        )
        await self._settle_now(act, changed)
        return changed

    async def file(self, act: Act, plan: str, expect: int | None) -> Plan:
        """On file from today; begun anew when the plan was changed between reserving and filing."""
        for _ in range(TURNS):
            found = await self.plans.get(plan, act.scope)
            if act.id in found.taken:
                return found
            if expect not in (None, found.version):
                raise Stale(f"version {expect} was expected, version {found.version} stands")
            try:
                return await self._file(act, found)
            except Stale:
                if expect is not None:
                    raise
            except Contended:  # the unique index lets one of two overall plans in: say so when it was the other
                await self._must_be_alone(found)
                raise
        raise Contended(f"plan {plan} is being changed by many at once; repeat the request")

    async def _file(self, act: Act, found: Plan) -> Plan:
        today = self.clock.today()
        found.filed(today)  # what needs no other plan is refused before anything is reserved
        await self._must_stand(found)
        await self._must_be_alone(found)
        if found.kind is PlanKind.UNIT:
            await self._reserve(act, found)
        if found.edition:
            await self.editions.add_all([((found.as_filed(), []), act)])
        try:
            return await self.plans.change(found.id, act, lambda one: one.filed(today), expect=found.version)
        finally:
            await self._settle_now(act, found)

    async def _reserve(self, act: Act, found: Plan) -> None:
        frame, today = await self._frame(found), self.clock.today()
        reserving = replace(act, id=f"{act.id}-reserve-{found.version}", scope=EVERYTHING)
        await self.plans.change(frame.id, reserving, lambda overall: overall.reserved(found, today))

    # -- by what is heard, and by the clock ------------------------------------------------------------

    async def settle(self, act: Act, plan: str, authority: str, turns: int = ATTEMPTS) -> None:
        """Make the plan's share of the overall plan what the plan now says; safe at any time, any number of times.

        The overall plan is read first and written only if nobody wrote it since: a filing that reserves meanwhile
        is not undone. `Contended` when others were first each time: it is heard, or looked at, again.
        """
        for overall in await framing(self.plans, authority, plan):
            await self._settle(act, overall, await self.plans.get(plan), turns)

    async def _settle_now(self, act: Act, plan: Plan) -> None:
        with suppress(Contended):  # whoever asked need not wait: the plan's event is heard, and settles it then
            await self.settle(act, plan.id, plan.authority, TURNS)

    async def _settle(self, act: Act, overall: Plan, found: Plan, turns: int) -> None:
        for turn in range(turns):  # hundreds of plans of a line may end on one day
            await pause(turn)
            once = replace(act, id=f"settle-{found.id}-{found.version}-{overall.version}", scope=EVERYTHING)
            try:
                await self.plans.change(overall.id, once, partial(Plan.settled, plan=found), expect=overall.version)
            except Stale:
                overall = await self.plans.get(overall.id)
                found = await self.plans.get(found.id)
            else:
                return
        raise Contended(f"the overall plan {overall.id} is being changed by many at once; repeat the request")

    async def due(self, now: datetime) -> None:
        """Plans end after their last day, one run at a time; what a crash left reserved is settled."""
        today = local_day(now)
        ended = await over(self.plans, today.isoformat(), RUN)
        await self.plans.change_all(
            {plan.id: (_clock_act(f"expire-{plan.id}-{plan.edition}", now), _expired_on(today)) for plan in ended}
        )
        for overall in await unsettled(self.plans):
            for share in overall.shares:
                if share.coming is not None:
                    await self.settle(_clock_act(f"settle-{share.plan}", now), share.plan, overall.authority)

    async def edition(self, scope: Scope, plan: str, number: int) -> FiledEdition:
        """An edition as it was filed, the one in force or an earlier one."""
        found = await self.plans.get(plan, scope)
        if number == found.edition:
            return found.as_filed()
        if not 1 <= number < found.edition:
            raise NotFound(f"plan {plan} has the editions 1 to {found.edition}" if found.edition else NEVER_FILED)
        return await self.editions.get(f"{plan}@{number}")

    # -- what is asked of other plans ------------------------------------------------------------------

    async def _prepared(
        self, act: Act, plan: str, decide: "Callable[[Plan], Decision[Plan]]", expect: int | None
    ) -> Plan:
        """A change by the owner; what comes of it as submitted is checked against all that bears on it."""
        found = await self.plans.get(plan, act.scope)
        _must_own(act, found)
        if act.id not in found.taken:
            changed, events = decide(found)
            if events:
                await self._check(changed)
        return await self.plans.change(plan, act, decide, expect=found.version if expect is None else expect)

    async def _must_stand(self, plan: Plan) -> None:
        if plan.kind is PlanKind.UNIT:
            await self.must_stand(plan.unit, plan.authority, self.clock.today())

    async def _check(self, plan: Plan) -> None:
        await self._must_stand(plan)
        today = self.clock.today()
        longest = self.rules.integer("body.filing_years", on=today)
        check(plan.proposal, plan.kind, await self.offered(), self.sections, longest)
        if plan.kind is PlanKind.UNIT:
            (await self._frame(plan)).must_frame(plan, today)
        else:
            must_contain(plan.proposal, plan.shares)

    async def _frame(self, plan: Plan) -> Plan:
        overall = await overall_in_force(self.plans, plan.authority)
        if overall is None:
            raise NoOverallPlan(
                f"authority {plan.authority} has no overall plan on file; ask it to submit one to the Center, "
                "then submit yours (a draft can be kept meanwhile)"
            )
        return overall

    async def _must_be_alone(self, plan: Plan) -> None:
        if plan.kind is not PlanKind.OVERALL:
            return
        standing = await overall_in_force(self.plans, plan.authority)
        if standing is not None and standing.id != plan.id:
            raise OverallPlanStanding(f"{standing.id} is in force until {standing.valid_until}; amend or withdraw it")


def _must_own(act: Act, plan: Plan, *others: Role) -> None:
    assert act.caller is not None
    owner = Role.AUTHORITY if plan.kind is PlanKind.OVERALL else Role.UNIT
    if act.caller.role not in (owner, *others):
        raise Forbidden(f"a plan of kind {plan.kind} is changed by its {owner}, not by the {act.caller.role}")


def _expired_on(today: date) -> Callable[[Plan], Decision[Plan]]:
    return lambda plan: plan.expired(today)


def _clock_act(identity: str, now: datetime) -> Act:
    return Act(id=identity, at=now, correlation=identity)
