"""What a certificate is worth, what can be done to it and why, and what it was at an instant."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from shared.errors import Fault, Kind
from shared.events.base import Record


class Status(StrEnum):
    """What a certificate is worth."""

    VALID = "valid"
    SUSPENDED = "suspended"
    """It does not hold until the suspension is lifted."""
    REVOKED = "revoked"
    """It held until the day it was withdrawn."""
    VOIDED = "voided"
    """It never held."""


ON_FILE = (Status.VALID, Status.SUSPENDED)
"""Not yet ended: it takes its person's one place for the occupation and level."""


class ChangeKind(StrEnum):
    """What was done to a certificate on file."""

    CORRECTED = "corrected"
    REISSUED = "reissued"
    SUSPENDED = "suspended"
    REINSTATED = "reinstated"
    REVOKED = "revoked"
    VOIDED = "voided"


class Decision(StrEnum):
    """What the Center decides on a certificate that a case affects."""

    KEEP = "keep"
    SUSPEND = "suspend"
    REVOKE = "revoke"
    VOID = "void"


class WrongStatus(Fault):
    """The certificate is not in a status that allows this."""

    slug, kind = "certificate-status", Kind.CONFLICT


class NothingCorrected(Fault):
    """The certificate says all of this already."""

    slug, kind = "nothing-corrected", Kind.CONFLICT


class AlreadyCertified(Fault):
    """That person holds a certificate of the same occupation and level."""

    slug, kind = "already-certified", Kind.CONFLICT


class Grounds(Record):
    """Why something is done to a certificate, on which legal basis, by whom and when."""

    reason: str
    basis: str
    actor: str
    at: datetime
    case: str = ""


class Change(Record):
    """One change of a certificate on file; `before` holds what a correction replaced, personal data sealed."""

    kind: ChangeKind
    at: datetime
    status: Status
    """As it stands after the change."""
    reason: str
    basis: str
    actor: str
    case: str = ""
    print_serial: str = ""
    before: Mapping[str, Any] = {}
    fields: tuple[str, ...] = ()
    """What a correction corrected, by the names everyone is told."""


class CaseDecision(Record):
    """What the Center decided on this certificate in a case; the last one in a case counts."""

    case: str
    decision: Decision
    at: datetime
    reason: str
    basis: str
    actor: str


class Standing(Record):
    """What a certificate was, and said, at an instant."""

    status: Status
    since: datetime
    """Since when it had this status."""
    edition: int
    holder: str
    person: str
    """Sealed name and ID number of that edition."""
    theory: float
    practical: float
    exam_on: date
    voided_at: datetime | None = None
    """When it was voided later on: what it was worth at the instant stays told, with this beside it."""


class OnRecord(NamedTuple):
    """What one certificate tells of its person, when the next one is filed."""

    certificate: str
    person: str
    """The keyed index of the ID number."""
    occupation: str
    level: str
    place: str
    sanctioned_until: date | None

    def holds(self, occupation: str, level: str) -> bool:
        """Whether it takes its person's one place for that occupation and level."""
        return not self.place and (self.occupation, self.level) == (occupation, level)
