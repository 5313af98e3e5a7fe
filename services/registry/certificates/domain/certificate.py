"""A certificate on file: what it says, what became of it, and what it was at any instant."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from services.registry.certificates.domain.changes import (
    ON_FILE,
    CaseDecision,
    Change,
    ChangeKind,
    Decision,
    Grounds,
    NothingCorrected,
    Standing,
    Status,
    WrongStatus,
)
from shared.entity import Entity
from shared.events.base import Event
from shared.events.registry import (
    CertificateCorrected,
    CertificateFiled,
    CertificateReinstated,
    CertificateReissued,
    CertificateRevoked,
    CertificateStanding,
    CertificateSuspended,
    CertificateVoided,
)

NOTHING: Mapping[str, Any] = {}
Decided = tuple["Certificate", Sequence[Event]]

EDITED = ("holder", "person", "theory", "practical", "exam_on")
"""What a correction may replace and an edition says."""


class Certificate(Entity):
    """One qualified worker on file; takes its id from the entry, so an entry has at most one."""

    number: str
    regime: str
    series: str
    serial: int
    filing: str
    """Id of the filing it came from, which knows its plan, site, assessors and supervisor."""
    unit: str
    status: Status
    occupation: str
    level: str
    standard: str
    batch: str
    holder: str
    person: str
    """Sealed name and ID number, bound to the certificate's id."""
    person_index: str
    place: str = ""
    """Empty while it holds its person's one place for the occupation and level; else its own id."""
    theory: float
    practical: float
    exam_on: date
    filed_on: date
    filed_at: datetime
    edition: int = 1
    prints: int = 1
    changes: tuple[Change, ...] = ()
    decisions: tuple[CaseDecision, ...] = ()
    sanctioned_until: date | None = None
    """Voided for fraud: the last day on which nothing is filed for this person."""

    def filed(self) -> CertificateFiled:
        """What everyone is told; no personal data beyond the masked name."""
        return CertificateFiled.model_construct(
            certificate=self.id,
            number=self.number,
            entry=self.id,
            batch=self.batch,
            unit=self.unit,
            occupation=self.occupation,
            level=self.level,
            holder=self.holder,
            exam_on=self.exam_on,
            filed_on=self.filed_on,
            regime=self.regime,
        )

    def as_of(self, at: datetime) -> "Standing | None":
        """What it was at that instant; None before it was filed.

        A voided certificate never held, and yet somebody may have relied on it: asked for an instant before the
        voiding, the answer is the status it had then, with `voided_at` beside it. From the voiding on it is voided.
        """
        if at < self.filed_at:
            return None
        past = [change for change in self.changes if change.at <= at]
        status, since = Status.VALID, self.filed_at
        for change in past:
            status, since = change.status, since if change.status is status else change.at
        said = {name: getattr(self, name) for name in EDITED}
        for change in reversed(self.changes[len(past) :]):
            said |= {name: value for name, value in change.before.items() if name in EDITED}
        ended = [change.at for change in self.changes[len(past) :] if change.kind is ChangeKind.VOIDED]
        edition = 1 + sum(change.kind is ChangeKind.CORRECTED for change in past)
        return Standing(status=status, since=since, edition=edition, voided_at=ended[0] if ended else None, **said)

    # -- its life --------------------------------------------------------------------------------------

    def corrected(self, grounds: Grounds, values: Mapping[str, Any], fields: Sequence[str]) -> Decided:
        """A new edition under the same number; what `values` replace stays in the change, `fields` name it."""
        self._must_be(*ON_FILE)
        if not fields:
            raise NothingCorrected("name at least one field with another value than the certificate has")
        before = {name: getattr(self, name) for name in values}
        edition = self.having(**values, edition=self.edition + 1)
        noted = {"fields": tuple(fields)}
        return edition.after(ChangeKind.CORRECTED, self.status, grounds, CertificateCorrected, noted, before)

    def reissued(self, grounds: Grounds, print_serial: str) -> Decided:
        """A lost or spoilt one is printed anew; number and edition stay."""
        self._must_be(Status.VALID)
        printed = self.having(prints=self.prints + 1)
        noted = {"print_serial": print_serial}
        return printed.after(ChangeKind.REISSUED, self.status, grounds, CertificateReissued, noted)

    def suspended(self, grounds: Grounds) -> Decided:
        """It does not hold until it is reinstated; its person's place stays taken."""
        self._must_be(Status.VALID)
        return self.after(ChangeKind.SUSPENDED, Status.SUSPENDED, grounds, CertificateSuspended)

    def reinstated(self, grounds: Grounds) -> Decided:
        """The suspension is lifted."""
        self._must_be(Status.SUSPENDED)
        return self.after(ChangeKind.REINSTATED, Status.VALID, grounds, CertificateReinstated)

    def revoked(self, grounds: Grounds) -> Decided:
        """Withdrawn for good; it held until now."""
        self._must_be(*ON_FILE)
        return self.after(ChangeKind.REVOKED, Status.REVOKED, grounds, CertificateRevoked)

    def voided(self, grounds: Grounds, sanctioned_until: date | None = None) -> Decided:
        """Declared never to have held; after a fraud its person is not filed again until a day."""
        self._must_be(*ON_FILE)
        marked = self.having(sanctioned_until=sanctioned_until)
        return marked.after(ChangeKind.VOIDED, Status.VOIDED, grounds, CertificateVoided)

    def decided(self, decision: Decision, grounds: Grounds, sanctioned_until: date | None = None) -> Decided:
        """The Center's decision in the case that the grounds name, carried out and noted."""
        after, events = self._carried_out(decision, grounds, sanctioned_until)
        noted = CaseDecision(decision=decision, **grounds.model_dump())
        return after.having(decisions=(*self.decisions, noted)), events

    def _carried_out(self, decision: Decision, grounds: Grounds, sanctioned_until: date | None) -> Decided:
        match decision:
            case Decision.KEEP:
                return self, []
            case Decision.SUSPEND:
                return self.suspended(grounds)
            case Decision.REVOKE:
                return self.revoked(grounds)
            case Decision.VOID:
                return self.voided(grounds, sanctioned_until)

    def _must_be(self, *allowed: Status) -> None:
        if self.status not in allowed:
            wanted = " or ".join(allowed)
            raise WrongStatus(f"the certificate {self.id} is {self.status}; only one that is {wanted} allows this")

    def after(
        self,
        kind: ChangeKind,
        status: Status,
        grounds: Grounds,
        said: type[CertificateStanding],
        noted: Mapping[str, Any] = NOTHING,
        before: Mapping[str, Any] = NOTHING,
    ) -> Decided:
        """The same certificate with a change written down, and what everyone is told of it."""
        # clocks of two processes may differ: a change is never noted before the one it follows
        at = max(grounds.at, self.changes[-1].at if self.changes else self.filed_at)
        why = {**grounds.model_dump(), "at": at}
        change = Change(kind=kind, status=status, before=before, **why, **noted)
        place = "" if status in ON_FILE else self.id
        changed = self.having(status=status, place=place, changes=(*self.changes, change))
        return changed, [changed.standing(said, **noted)]

    def standing(self, kind: type[CertificateStanding], **noted: Any) -> CertificateStanding:
        """All that a hearer must know of it after its last change."""
        change = self.changes[-1]
        return kind(
            certificate=self.id,
            number=self.number,
            entry=self.id,
            batch=self.batch,
            unit=self.unit,
            occupation=self.occupation,
            level=self.level,
            regime=self.regime,
            holder=self.holder,
            status=self.status,
            edition=self.edition,
            at=change.at,
            reason=change.reason,
            basis=change.basis,
            **noted,
        )
