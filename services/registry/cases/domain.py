"""A case: certificates in question because of what they rest on, open until the Center has decided on each."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum

from services.registry.cases.commands import CloseCase, OpenCase, Subject
from services.registry.certificates.domain import Certificate, Decided, Decision, Grounds, WrongStatus
from shared.entity import Entity
from shared.errors import Fault, Kind
from shared.events.base import Event
from shared.events.registry import CaseClosed, CaseCounts, CaseOpened, CaseStanding


class State(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    CLOSED = "closed"


class CaseOver(Fault):
    """The case is closed; open a new one."""

    slug, kind = "case-closed", Kind.CONFLICT


class Undecided(Fault):
    """Some certificates of the case have no decision yet."""

    slug, kind = "case-undecided", Kind.CONFLICT


class NotAffected(Fault):
    """The certificate does not rest on the case's subject, or its exam lies outside the days in question."""

    slug, kind = "certificate-not-affected", Kind.CONFLICT


class WrongDays(Fault):
    """The days in question do not form a period."""

    slug, kind = "case-period", Kind.CONFLICT


class Case(Entity):
    """What happened, to whom, which exams are in question, and what the Center concluded."""

    subject: Subject
    subject_id: str
    since: date | None
    until: date | None
    reason: str
    filing: str = ""
    """The filing of the one certificate in question; empty where the subject has many."""
    state: State
    opened_at: datetime
    affected: int
    """Certificates filed on exams in question: counted when it was opened, and again when it was closed."""
    decided: CaseCounts = CaseCounts()
    """How many were decided on when it was closed, by decision."""
    kept_rest: bool = False
    conclusion: str = ""
    closed_at: datetime | None = None

    def must_be_open(self) -> None:
        """Refuse what a closed case does not allow."""
        if self.state is not State.OPEN:
            raise CaseOver(f"it was closed with: {self.conclusion}")

    def closed(
        self, asked: CloseCase, affected: int, decided: Mapping[str, int], at: datetime
    ) -> "tuple[Case, Sequence[Event]]":
        """Closed with a conclusion; `decided` counts the decisions that stand."""
        self.must_be_open()
        rest = affected - sum(decided.values())
        if rest and not asked.keep_rest:
            raise Undecided(
                f"{rest} of {affected} have no decision; decide on them or keep the rest", field="/keep_rest"
            )
        counts = {kind.value: decided.get(kind, 0) + (rest if kind is Decision.KEEP else 0) for kind in Decision}
        case = self.having(
            state=State.CLOSED,
            affected=affected,
            decided=CaseCounts(**counts),
            kept_rest=bool(rest),
            conclusion=asked.conclusion,
            closed_at=at,
        )
        return case, [case.standing(CaseClosed)]

    def standing(self, kind: type[CaseStanding]) -> CaseStanding:
        """The whole case, so that a hearer needs no earlier event."""
        return kind(
            case=self.id,
            subject=self.subject,
            subject_id=self.subject_id,
            since=self.since,
            until=self.until,
            reason=self.reason,
            affected=self.affected,
            decided=self.decided,
            conclusion=self.conclusion,
        )


def opened(
    identity: str, authority: str, asked: OpenCase, filing: str, affected: int, at: datetime
) -> tuple[Case, Sequence[Event]]:
    """A new case; nothing happens to the certificates by it."""
    if asked.since is not None and asked.until is not None and asked.until < asked.since:
        raise WrongDays("the last day lies before the first", field="/until")
    case = Case(
        id=identity,
        authority=authority,
        state=State.OPEN,
        opened_at=at,
        affected=affected,
        filing=filing,
        **{name: getattr(asked, name) for name in OpenCase.model_fields},
    )
    return case, [case.standing(CaseOpened)]


def carried_out(
    found: Certificate, decision: Decision, why: Grounds, sanctioned_until: date | None, field: str
) -> Decided:
    """A decision on one certificate; a refusal names its place in what was asked."""
    try:
        return found.decided(decision, why, sanctioned_until)
    except WrongStatus as fault:
        raise WrongStatus(f"{fault.detail}; keep it", field=field) from fault
