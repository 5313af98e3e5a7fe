"""An objection and its life: raised, accepted or refused, reviewed and decided, each step within its days."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Self

from services.assessment.entries.domain import Entry
from services.assessment.objections.commands import DecideObjection, Kind, RaisedBy, ReviewScore
from services.assessment.objections.domain.following import (
    Correction,
    disqualified,
    is_disqualified,
    unsaid,
    verdict_on,
)
from services.assessment.objections.domain.records import (
    Deadline,
    Disqualified,
    Limits,
    NotTheirs,
    OutOfScope,
    Review,
    SignedTwice,
    State,
    Step,
    Verdict,
    WrongKind,
    WrongState,
    deadline,
)
from services.assessment.scores.domain import spelled
from shared.entity import Entity
from shared.events.assessment import (
    ObjectionAccepted,
    ObjectionDecided,
    ObjectionOverdue,
    ObjectionRefused,
)
from shared.events.base import Event
from shared.workdays import local_day

Decided = tuple["Objection", Sequence[Event]]


class Objection(Entity):
    """One objection to one result; `due` is the deadline of its next step, `late` the steps that were overdue."""

    unit: str
    batch: str
    occupation: str
    level: str
    entry: str
    kind: Kind
    text: str
    raised_by: RaisedBy
    state: State
    is_open: bool = True
    due: Deadline | None
    overdue: bool = False
    late: tuple[str, ...] = ()
    steps: tuple[Step, ...]
    review: Review | None = None
    verdict: Verdict | None = None
    reason: str = ""

    def accepted(self, limits: Limits, by: str, now: datetime) -> Decided:
        """It is looked into; the days to decide it count from today."""
        self._must_be(State.RAISED, "an objection is accepted once")
        due = deadline(local_day(now), limits.decide)
        found, late = self.looked_at(now)
        objection = found.to(State.ACCEPTED, by, now, due=due, overdue=False)
        return objection, [*late, ObjectionAccepted(**self.named(), decide_by=due.last_day)]

    def refused(self, reason: str, by: str, now: datetime) -> Decided:
        """It is not looked into."""
        self._must_be(State.RAISED, "an objection is refused before it is accepted; reject it when it is decided")
        found, late = self.looked_at(now)
        return found.to(State.REFUSED, by, now, reason), [*late, ObjectionRefused(**self.named(), reason=reason)]

    def reviewed(self, asked: ReviewScore, entry: Entry, correct: Correction, by: str, now: datetime) -> Decided:
        """The points were looked at again: they change, or the result stands."""
        if self.kind is not Kind.SCORE:
            raise WrongKind("only objections to points are reviewed; decide this one")
        self._must_be(State.ACCEPTED, "a score is reviewed once its objection is accepted")
        review = Review(**{name: getattr(asked, name) for name in Review.model_fields})
        objection = self.having(review=review)
        if not asked.changes:
            return objection.ended(State.REJECTED, asked.reason, verdict_on(entry, entry), by, now)
        if is_disqualified(entry):
            raise Disqualified("send the review without changes; the result stands", field="/changes")
        return objection.ended(State.CHANGED, asked.reason, verdict_on(entry, correct(unsaid(entry))), by, now)

    def decided(self, asked: DecideObjection, entry: Entry, by: str, now: datetime) -> Decided:
        """It is right, and the entry disqualified; or the result stands."""
        if self.kind is Kind.SCORE:
            raise WrongKind("an objection to points is decided by its review, with two signatures")
        self._must_be(State.ACCEPTED, "an objection is decided once it is accepted")
        outcome = State(asked.outcome)
        after = disqualified(entry, asked.reason) if outcome is State.UPHELD else entry
        return self.ended(outcome, asked.reason, verdict_on(entry, after), by, now)

    def ended(self, outcome: State, reason: str, verdict: Verdict, by: str, now: datetime) -> Decided:
        """It is decided, with what follows for the entry."""
        said = ObjectionDecided(**self.named(), outcome=outcome, **verdict.model_dump(), reason=reason)
        found, late = self.looked_at(now)
        return found.to(outcome, by, now, reason, verdict=verdict), [*late, said]

    def looked_at(self, now: datetime) -> Decided:
        """A deadline whose calendar was not known is counted again; one that is over is said once."""
        if self.due is None or self.overdue:
            return self, []
        due = deadline(self.due.since, self.due.workdays) if self.due.provisional else self.due
        objection = self if due == self.due else self.having(due=due)
        if now < due.ends_at:
            return objection, []
        step = "acceptance" if self.state is State.RAISED else "decision"
        said = ObjectionOverdue(**self.named(), step=step, due=due.last_day)
        return objection.having(overdue=True, late=(*self.late, step)), [said]

    def named(self) -> dict[str, Any]:
        """What every event about it carries."""
        about = ("batch", "unit", "occupation", "level", "entry", "kind")
        return {"objection": self.id, **{name: getattr(self, name) for name in about}}

    @property
    def raised_on(self) -> date:
        """The day it was raised, Asia/Shanghai."""
        return local_day(self.steps[0].at)

    def _must_be(self, state: State, rule: str) -> None:
        if self.state is not state:
            raise WrongState(f"{rule}; this objection is {self.state}")

    def to(self, state: State, by: str, now: datetime, reason: str = "", **changes: object) -> Self:
        """The same objection in another state, with who did it, when and why."""
        steps = (*self.steps, Step(state=state, at=now, by=by, reason=reason))
        ends = {} if state is State.ACCEPTED else {"is_open": False, "due": None, "overdue": False}
        return self.having(state=state, steps=steps, reason=reason, **{**ends, **changes})


def unit_may(objection: Objection) -> None:
    """A unit refuses and reviews what is about points alone: arithmetic and omission can be seen on the sheet."""
    if objection.kind is not Kind.SCORE:
        raise NotTheirs("a unit accepts it; the authority refuses or decides it")


def must_be_within(asked: ReviewScore, scope: Sequence[str]) -> None:
    """A score review has one of the grounds of the rule and two signatures."""
    if asked.ground not in scope:
        raise OutOfScope(f"the grounds are: {', '.join(scope)}", field="/ground", rule="review.scope")
    if spelled(asked.scorer) == spelled(asked.checker):
        raise SignedTwice("let somebody else check and sign", field="/checker")
