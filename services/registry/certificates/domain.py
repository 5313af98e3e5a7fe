"""A certificate on file: what it says, what it is worth, and what became of it."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from shared.entity import Entity
from shared.events.base import Record
from shared.events.registry import CertificateFiled


class Status(StrEnum):
    """What a certificate is worth."""

    VALID = "valid"
    SUSPENDED = "suspended"
    """It does not hold until the suspension is lifted."""
    REVOKED = "revoked"
    """It held until the day it was withdrawn."""
    VOIDED = "voided"
    """It never held."""


class ChangeKind(StrEnum):
    """What was done to a certificate on file."""

    CORRECTED = "corrected"
    REISSUED = "reissued"
    SUSPENDED = "suspended"
    REINSTATED = "reinstated"
    REVOKED = "revoked"
    VOIDED = "voided"


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
