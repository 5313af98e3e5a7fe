"""Load, decide, save: what happens when something is asked about an evaluation, or its filing falls due."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.evaluation.cycles.handlers import Cycles
from services.evaluation.evaluations.commands import DecideEvaluation, RevokePilot, SelfCheckUnit
from services.evaluation.evaluations.domain import (
    Decision,
    Evaluation,
    Form,
    Lines,
    PublicNotice,
    Revocation,
    SelfCheck,
    Veto,
    new_evaluation,
)
from services.evaluation.evaluations.domain.form import check_vetoes
from services.evaluation.evaluations.storage import due
from services.evaluation.indicators.handlers import Indicators
from shared.act import Act
from shared.clock import Clock
from shared.errors import AlreadyThere, NotFound
from shared.events.base import Event
from shared.rulebook import Rulebook
from shared.storage.store import Store

DUE_AT_ONCE = 500
SELF_CHECK, APPLY = "self_check", "apply"  # as data/stages.json names them
Decide = Callable[[Evaluation], tuple[Evaluation, Sequence[Event]]]


@dataclass(frozen=True)
class Evaluations:
    """The evaluations room; units and their figures come from the indicators room, windows from the cycles room."""

    evaluations: Store[Evaluation]
    indicators: Indicators
    cycles: Cycles
    form: Form
    rules: Rulebook
    clock: Clock

    async def self_check(self, act: Act, asked: SelfCheckUnit) -> Evaluation:
        """The caller's own score; the caller's organisation is the unit."""
        assert act.caller is not None
        unit = await self.indicators.unit(act.caller.organisation, act.scope)
        today = self.clock.today()
        begun = new_evaluation(unit.id, unit.authority, asked.cycle, self.form.id)
        await self._must_be_in_time(act, SELF_CHECK, begun, today)
        check = self._self_check(asked, today)
        return await self._begin_or_change(begun, act, lambda found: found.self_checked(check, self.form.id))

    async def apply(self, act: Act, evaluation: str, expect: int | None) -> Evaluation:
        """The unit asks to be evaluated."""
        today = self.clock.today()
        await self._must_be_in_time(act, APPLY, await self.evaluations.get(evaluation, act.scope), today)
        return await self.evaluations.change(evaluation, act, lambda found: found.applied(today), expect=expect)

    async def decide(self, act: Act, evaluation: str, asked: DecideEvaluation, expect: int | None) -> Evaluation:
        """The panel's decision, with the unit's indicators as they are at this moment."""
        today = self.clock.today()
        unit = (await self.evaluations.get(evaluation, act.scope)).unit
        decision = await self._decision(act, asked, unit, today)
        notice = PublicNotice.counted(
            today,
            self.rules.integer("evaluation.notice_wd", on=today),
            self.rules.integer("evaluation.file_grace_days", on=today),
        )
        return await self.evaluations.change(
            evaluation, act, lambda found: found.decided(decision, notice), expect=expect
        )

    async def file(self, act: Act, evaluation: str, expect: int | None) -> Evaluation:
        """On file from today."""
        return await self.evaluations.change(evaluation, act, lambda found: found.filed(act.at), expect=expect)

    async def revoke(self, act: Act, asked: RevokePilot) -> Evaluation:
        """The unit loses its pilot status, evaluated or not."""
        unit = await self.indicators.unit(asked.unit, act.scope)
        revocation = Revocation(
            ground=asked.ground, reason=asked.reason, revoked_by=act.actor, revoked_on=self.clock.today()
        )
        begun = new_evaluation(unit.id, unit.authority, asked.cycle, self.form.id)
        return await self._begin_or_change(begun, act, lambda found: found.revoked(revocation))

    async def file_due(self, now: datetime) -> None:
        """File what nobody filed in time; a repeat, or another process doing the same, changes nothing."""
        while rows := await due(self.evaluations, now, DUE_AT_ONCE):
            await self.evaluations.change_all({row.id: (_filing(row, now), _when_due(now)) for row in rows})

    async def _must_be_in_time(self, act: Act, what: str, evaluation: Evaluation, today: date) -> None:
        # a repeat of what was taken in time is answered as it was, however late the repeat comes
        if not await self.evaluations.count({"_id": evaluation.id, "taken": act.id}):
            await self.cycles.must_allow(evaluation.cycle, what, evaluation.unit, today)

    async def _begin_or_change(self, begun: Evaluation, act: Act, decide: Decide) -> Evaluation:
        try:
            return await self.evaluations.change(begun.id, act, decide)
        except NotFound:
            evaluation, events = decide(begun)
        try:
            return await self.evaluations.add(evaluation, events, act)
        except AlreadyThere:  # another request began it in between
            return await self.evaluations.change(begun.id, act, decide)

    def _self_check(self, asked: SelfCheckUnit, today: date) -> SelfCheck:
        lines = self._lines(today)
        self.form.check(asked.scores)
        self.form.check_evidence(asked.scores, asked.evidence)
        check_vetoes(asked.vetoes_declared, lines, "vetoes_declared")
        tally = self.form.tally(asked.scores, asked.vetoes_declared, lines)
        return SelfCheck(
            scores=asked.scores, evidence=asked.evidence, tally=tally, qualified=tally.passes, checked_on=today
        )

    async def _decision(self, act: Act, asked: DecideEvaluation, unit: str, today: date) -> Decision:
        lines = self._lines(today)
        self.form.check(asked.scores)
        check_vetoes(asked.vetoes, lines, "vetoes")
        return Decision(
            scores=asked.scores,
            tally=self.form.tally(asked.scores, asked.vetoes, lines),
            reason=asked.reason,
            proposes_revocation=any(veto.revokes for veto in lines.vetoes if veto.id in asked.vetoes),
            indicators=await self.indicators.of(unit),
            decided_by=act.actor,
            decided_on=today,
        )

    def _lines(self, today: date) -> Lines:
        return Lines(
            pass_line=self.rules.number("evaluation.pass_line", on=today),
            rectify_line=self.rules.number("evaluation.rectify_line", on=today),
            group_min_percent=self.rules.number("evaluation.group_min_percent", on=today),
            vetoes=self.rules.value("evaluation.veto", tuple[Veto, ...], on=today),
        )


def _filing(row: Evaluation, now: datetime) -> Act:
    # the version keeps an evaluation whose notice had to be recounted from being taken as done
    return Act(id=f"file-{row.id}@{row.version}", at=now, correlation=row.id)


def _when_due(now: datetime) -> Decide:
    return lambda found: found.filed_when_due(now)
