"""What the registry says of cases: certificates that lost what they rest on are looked at one by one."""

from datetime import date
from typing import ClassVar

from pydantic import Field

from shared.events.base import Event, Record


class CaseCounts(Record):
    """How many certificates of a case the Center decided to keep, suspend, revoke or void."""

    keep: int = Field(default=0, description="certificates that stay as they are")
    suspend: int = Field(default=0, description="certificates suspended")
    revoke: int = Field(default=0, description="certificates revoked")
    void: int = Field(default=0, description="certificates voided")


class CaseStanding(Event):
    """Everything a hearer must know of a case; each of its events carries all of it, so order does not matter."""

    case: str = Field(description="id of the case")
    subject: str = Field(
        description="unit, site, assessor or supervisor: what the certificates rest on; or certificate: one by itself"
    )
    subject_id: str = Field(
        description="id of the unit, the site, the card or the certificate", examples=["unit-33-001"]
    )
    since: date | None = Field(description="first day of the exams in question, Asia/Shanghai; null: from the first")
    until: date | None = Field(description="last day of the exams in question; null: to the last")
    reason: str = Field(description="what happened, without personal data")
    affected: int = Field(description="certificates filed on exams of the subject on these days")
    decided: CaseCounts = Field(description="how many were decided on; all 0 while the case is open")
    conclusion: str = Field(description="the Center's conclusion; empty while the case is open")


class CaseOpened(CaseStanding):
    """Certificates are in question; none of them loses its worth by that."""

    type: ClassVar[str] = "registry.case.opened.v1"


class CaseClosed(CaseStanding):
    """The Center has decided on every certificate in question."""

    type: ClassVar[str] = "registry.case.closed.v1"
