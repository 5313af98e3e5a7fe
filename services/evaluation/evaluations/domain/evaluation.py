"""The life of a unit's evaluation: self-check, application, decision, public notice, filing; or pilot status lost."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Self

from pydantic import Field

from services.evaluation.evaluations.commands import Ground
from services.evaluation.evaluations.domain.form import Tally
from services.evaluation.indicators.domain import UnitIndicators
from shared.entity import Entity
from shared.errors import Fault, Kind
from shared.events.base import Event, Record
from shared.events.evaluation import (
    PilotRevoked,
    UnitApplied,
    UnitFailed,
    UnitFiled,
    UnitPassed,
    UnitSelfChecked,
)
from shared.workdays import add_workdays, local_day


class State(StrEnum):
    """Where an evaluation stands."""

    SELF_CHECKED = "self_checked"
    APPLIED = "applied"
    PASSED = "passed"
    FAILED = "failed"
    FILED = "filed"
    REVOKED = "revoked"


class WrongState(Fault):
    """The evaluation is not in a state that allows this."""

    slug, kind = "evaluation-state", Kind.CONFLICT


class NotQualified(Fault):
    """Only a unit whose self-check is qualified may apply."""

    slug, kind = "self-check-not-qualified", Kind.CONFLICT


class NoticeOpen(Fault):
    """The public notice is not over yet."""

    slug, kind = "notice-open", Kind.CONFLICT


class SelfCheck(Record):
    """A unit's own score."""

    scores: dict[str, float]
    evidence: dict[str, str]
    tally: Tally
    qualified: bool
    checked_on: date


class Decision(Record):
    """What the panel found, with what was measured of the unit at that moment."""

    scores: dict[str, float]
    tally: Tally
    reason: str = Field(description="the panel's own words")
    proposes_revocation: bool = Field(description="a veto item was found that proposes to cancel pilot status")
    indicators: UnitIndicators
    decided_by: str
    decided_on: date


class PublicNotice(Record):
    """The time in which everybody may object to a passed unit; filing is due when nobody filed by `files_at`."""

    begins_on: date
    working_days: int
    grace_days: int
    until: date = Field(description="last day, Asia/Shanghai")
    ends_at: datetime = Field(description="the instant it is over, UTC")
    files_at: datetime
    provisional: bool = Field(description="the holiday calendar of a day counted is not announced yet")

    @classmethod
    def counted(cls, begins_on: date, working_days: int, grace_days: int) -> Self:
        """The notice that begins after that day."""
        end = add_workdays(begins_on, working_days)
        return cls(
            begins_on=begins_on,
            working_days=working_days,
            grace_days=grace_days,
            until=end.last_day,
            ends_at=end.ends_at,
            files_at=end.ends_at + timedelta(days=grace_days),
            provisional=end.provisional,
        )

    def recounted(self) -> "PublicNotice":
        """The same notice by the holiday calendar known now."""
        return self.counted(self.begins_on, self.working_days, self.grace_days) if self.provisional else self


class Revocation(Record):
    """How pilot status was lost."""

    ground: Ground
    reason: str
    revoked_by: str
    revoked_on: date


class Evaluation(Entity):
    """One unit's evaluation in one cycle."""

    unit: str
    cycle: str
    form: str
    state: State
    self_check: SelfCheck | None = None
    applied_on: date | None = None
    decision: Decision | None = None
    notice: PublicNotice | None = None
    filed_on: date | None = None
    revocation: Revocation | None = None

    def self_checked(self, check: SelfCheck, form: str) -> "tuple[Evaluation, Sequence[Event]]":
        """The unit's own score, recorded; it may be repeated until the unit applies."""
        self._must_be(State.SELF_CHECKED, "the self-check can be repeated until the unit applies")
        event = UnitSelfChecked(**self._named(), score=check.tally.score, qualified=check.qualified)
        return self.having(form=form, self_check=check), [event]

    def applied(self, today: date) -> "tuple[Evaluation, Sequence[Event]]":
        """The unit asks to be evaluated."""
        self._must_be(State.SELF_CHECKED, "a unit applies once, after its self-check")
        assert self.self_check is not None
        if not self.self_check.qualified:
            lacking = self.self_check.tally.shortfall
            raise NotQualified(f"{lacking}; put it right and check again", rule="evaluation.pass_line")
        return self.having(state=State.APPLIED, applied_on=today), [UnitApplied(**self._named())]

    def decided(self, decision: Decision, notice: PublicNotice) -> "tuple[Evaluation, Sequence[Event]]":
        """The panel's decision; a passed unit goes on public notice."""
        self._must_be(State.APPLIED, "only a unit that applied is decided upon, once")
        tally = decision.tally
        if tally.passes:
            passed = UnitPassed(**self._named(), score=tally.score, publicised_until=notice.until)
            return self.having(state=State.PASSED, decision=decision, notice=notice), [passed]
        rectify = "; the unit may rectify" if tally.may_rectify else ""
        reason = f"{tally.shortfall}{rectify}. {decision.reason}"
        failed = UnitFailed(**self._named(), score=tally.score, vetoes=tally.vetoes, reason=reason)
        return self.having(state=State.FAILED, decision=decision), [failed]

    def filed(self, now: datetime) -> "tuple[Evaluation, Sequence[Event]]":
        """On file, once the public notice is over."""
        self._must_be(State.PASSED, "only a passed unit is put on file, once")
        assert self.notice is not None
        assert self.decision is not None
        notice = self.notice.recounted()
        if now < notice.ends_at:
            over = f"{notice.ends_at:%Y-%m-%dT%H:%M:%SZ}"
            raise NoticeOpen(
                f"the public notice lasts to the end of {notice.until}; file it from {over} on",
                rule="evaluation.notice_wd",
            )
        event = UnitFiled(**self._named(), score=self.decision.tally.score)
        return self.having(state=State.FILED, notice=notice, filed_on=local_day(now)), [event]

    def filed_when_due(self, now: datetime) -> "tuple[Evaluation, Sequence[Event]]":
        """On file when nobody filed it in time; meanwhile it may have been filed, revoked, or its end have moved."""
        if self.state is not State.PASSED or self.notice is None:
            return self, []
        notice = self.notice.recounted()
        if now < notice.files_at:
            return self.having(notice=notice), []
        return self.filed(now)

    def revoked(self, revocation: Revocation) -> "tuple[Evaluation, Sequence[Event]]":
        """Pilot status is lost, wherever the evaluation stood."""
        if self.state is State.REVOKED:
            raise WrongState("pilot status is revoked already; nothing is left to do")
        event = PilotRevoked(
            **self._named(),
            ground=revocation.ground,
            reason=revocation.reason,
            revoked_on=revocation.revoked_on,
        )
        return self.having(state=State.REVOKED, revocation=revocation), [event]

    def _named(self) -> dict[str, str]:
        return {"evaluation": self.id, "unit": self.unit, "cycle": self.cycle}

    def _must_be(self, state: State, rule: str) -> None:
        if self.state is not state:
            raise WrongState(f"{rule}; this one is {self.state}")


def new_evaluation(unit: str, authority: str, cycle: str, form: str) -> Evaluation:
    """What the first step of a unit's evaluation in a cycle is taken from; it is never stored without that step."""
    identity = f"evaluation-{cycle}-{unit}"
    return Evaluation(id=identity, authority=authority, unit=unit, cycle=cycle, form=form, state=State.SELF_CHECKED)
