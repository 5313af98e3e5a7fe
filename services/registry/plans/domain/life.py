"""The life of a work plan, from draft to expiry. Filed is not approved: it is on record."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import ClassVar, TypeVar

from pydantic import Field

from services.registry.plans.domain.content import Content, PlanKind, WrongPeriod
from services.registry.plans.domain.frame import Claim, NoOverallPlan, Share, claim_of, must_contain, must_fit
from services.registry.plans.domain.states import (
    IN_FORCE,
    OVER,
    Amendment,
    FiledEdition,
    OverallPlanUsed,
    State,
    WrongState,
)
from shared.entity import Entity
from shared.events.base import Event
from shared.events.registry import PlanExpired, PlanFiled, PlanReturned, PlanSubmitted, PlanWithdrawn

Said = TypeVar("Said", PlanSubmitted, PlanFiled)


class Plan(Entity, Content):
    """One work plan; `unit` is empty for an overall plan, whose `shares` are what unit plans take of it.

    `line` is the authority of the overall plan in force there, and of it alone: a unique index bears on it.
    """

    SCHEMA: ClassVar[int] = 2

    unit: str
    kind: PlanKind = PlanKind.UNIT
    state: State
    edition: int = 0
    remarks: str = ""
    section_remarks: dict[str, str] = Field(default={})
    filed_on: date | None = None
    ended_on: date | None = None
    reason: str = ""
    amendment: Amendment | None = None
    shares: tuple[Share, ...] = ()
    line: str | None = None

    @property
    def stage(self) -> State:
        """Where the amendment stands if there is one, else the plan."""
        return self.amendment.state if self.amendment else self.state

    @property
    def proposal(self) -> Content:
        """What is being asked for: the amendment if there is one, else the plan itself."""
        return self.amendment or self

    # -- by whom it belongs to -------------------------------------------------------------------------

    def mended(self, content: Content, *, submit: bool) -> "tuple[Plan, Sequence[Event]]":
        """A draft or returned plan or amendment gets another content, and is submitted or kept."""
        self._must_be((State.DRAFT, State.RETURNED), "only a draft or returned plan can be mended")
        plan = self._moved(self.stage, **content.fields)
        return plan.sent() if submit else (plan, [])

    def sent(self) -> "tuple[Plan, Sequence[Event]]":
        """It goes to the Center as it stands."""
        self._must_be((State.DRAFT, State.RETURNED), "only a draft or returned plan can be submitted")
        plan = self._moved(State.SUBMITTED, remarks="", section_remarks={})
        return plan, [plan.saying(PlanSubmitted, plan.edition + 1)]

    def amended(self, content: Content, *, submit: bool) -> "tuple[Plan, Sequence[Event]]":
        """An amendment of a plan on file begins."""
        self._must_be(IN_FORCE, "only a filed plan without an open amendment can be amended")
        plan = self.having(amendment=Amendment(**content.fields, state=State.DRAFT))
        return plan.sent() if submit else (plan, [])

    def withdrawn(self, reason: str, today: date) -> "tuple[Plan, Sequence[Event]]":
        """It is given up, with its amendment; nobody was told of a draft, so nobody hears of its end."""
        if self.state in OVER:
            raise WrongState(f"it is over already; this one is {self.state}")
        if self.shares:
            units = ", ".join(sorted(f"{share.plan} of {share.unit}" for share in self.shares))
            raise OverallPlanUsed(f"unit plans rest on it; have them withdrawn first: {units}")
        plan = self.having(state=State.WITHDRAWN, ended_on=today, reason=reason, amendment=None, line=None)
        said = PlanWithdrawn(
            plan=self.id, unit=self.unit, kind=self.kind, edition=self.edition, reason=reason, withdrawn_on=today
        )
        return plan, [] if self.state is State.DRAFT else [said]

    # -- by the Center ---------------------------------------------------------------------------------

    def returned(self, remarks: str, sections: Mapping[str, str]) -> "tuple[Plan, Sequence[Event]]":
        """The Center sends the plan or its amendment back."""
        self._must_be((State.SUBMITTED,), "only a submitted plan can be returned")
        plan = self._moved(State.RETURNED, remarks=remarks, section_remarks=dict(sections))
        said = PlanReturned(
            plan=self.id,
            unit=self.unit,
            remarks=remarks,
            kind=self.kind,
            edition=self.edition + 1,
            sections=dict(sections),
        )
        return plan, [said]

    def filed(self, today: date) -> "tuple[Plan, Sequence[Event]]":
        """The Center puts the plan or its amendment on file; a unit's authorisation follows from the event."""
        self._must_be((State.SUBMITTED,), "only a submitted plan can be filed")
        content = self.proposal
        if content.valid_until < today:
            raise WrongPeriod(
                f"its last day, {content.valid_until}, is over; return it to be mended", field="/valid_until"
            )
        must_contain(content, self.shares)
        plan = self.having(
            **content.fields,
            state=State.AMENDED if self.edition else State.FILED,
            edition=self.edition + 1,
            filed_on=today,
            amendment=None,
            line=self.authority if self.kind is PlanKind.OVERALL else None,
        )
        return plan, [plan.saying(PlanFiled, plan.edition)]

    # -- by the clock ----------------------------------------------------------------------------------

    def expired(self, today: date) -> "tuple[Plan, Sequence[Event]]":
        """Its last day is over; an amendment that was not filed by then goes with it."""
        if self.state not in IN_FORCE or self.valid_until >= today:
            return self, []
        plan = self.having(state=State.EXPIRED, ended_on=today, amendment=None, line=None)
        said = PlanExpired(plan=self.id, unit=self.unit, kind=self.kind, edition=self.edition, expired_on=today)
        return plan, [said]

    # -- as a frame ------------------------------------------------------------------------------------

    def must_frame(self, plan: "Plan", today: date) -> None:
        """Refuse a unit plan whose proposal this overall plan does not leave room for."""
        if self.state not in IN_FORCE or self.valid_until < today:
            raise NoOverallPlan(f"the overall plan {self.id} is {self.state}; ask your authority to file another")
        must_fit(claim_of(plan.proposal), self, [share for share in self.shares if share.plan != plan.id])

    def reserved(self, plan: "Plan", today: date) -> "tuple[Plan, Sequence[Event]]":
        """What a unit plan asks for is kept for it until it is filed, or settled otherwise."""
        self.must_frame(plan, today)
        before = self._share_of(plan)
        return self._sharing(before, before.model_copy(update={"coming": claim_of(plan.proposal)})), []

    def settled(self, plan: "Plan") -> "tuple[Plan, Sequence[Event]]":
        """The share as the unit plan now has it; what is being filed stays reserved while it may yet be filed."""
        before = self._share_of(plan)
        held: Claim | None = claim_of(plan) if plan.state in IN_FORCE else None
        coming = before.coming if plan.stage is State.SUBMITTED else None
        return self._sharing(before, before.model_copy(update={"held": held, "coming": coming})), []

    def _share_of(self, plan: "Plan") -> Share:
        new = Share(plan=plan.id, unit=plan.unit)
        return next((share for share in self.shares if share.plan == plan.id), new)

    def _sharing(self, before: Share, share: Share) -> "Plan":
        if share == before:
            return self
        others = tuple(other for other in self.shares if other.plan != share.plan)
        return self.having(shares=(*others, share) if share.claims else others)

    # -- what it says ----------------------------------------------------------------------------------

    def saying(self, kind: type[Said], edition: int) -> Said:
        """The event that says what the plan asks for or holds."""
        content = self.proposal
        return kind(
            plan=self.id,
            unit=self.unit,
            scopes=content.told_scopes,
            valid_from=content.valid_from,
            valid_until=content.valid_until,
            kind=self.kind,
            edition=edition,
            title=content.title,
            numbers=content.numbers,
            regions=content.regions,
        )

    def as_filed(self) -> FiledEdition:
        """The edition on file, to be kept when the next one is filed."""
        return FiledEdition(
            **self.fields,
            id=f"{self.id}@{self.edition}",
            authority=self.authority,
            plan=self.id,
            kind=self.kind,
            unit=self.unit,
            edition=self.edition,
            filed_on=self.filed_on,
        )

    def _must_be(self, states: Sequence[State], rule: str) -> None:
        if self.stage not in states:
            what = "its amendment" if self.amendment else "this one"
            raise WrongState(f"{rule}; {what} is {self.stage}")

    def _moved(self, state: State, **changes: object) -> "Plan":
        if self.amendment is None:
            return self.having(state=state, **changes)
        return self.having(amendment=self.amendment.model_copy(update={"state": state, **changes}))


def begun(identity: str, unit: str, authority: str, kind: PlanKind, content: Content) -> Plan:
    """A new plan, not yet submitted."""
    return Plan(id=identity, unit=unit, authority=authority, kind=kind, state=State.DRAFT, **content.fields)
