"""What is shown of certificates: never a person's sealed data."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from services.registry.certificates.domain import Certificate, Change, ChangeKind, Status
from services.registry.certificates.storage import MOST_COUNTED
from shared.http.pages import Page


class CertificateView(BaseModel):
    """A certificate without the person's sealed data."""

    id: str
    number: str
    regime: str = Field(description="appraisal or recognition")
    status: Status
    edition: int = Field(description="counts its corrections from 1")
    prints: int = Field(description="how often it was printed")
    unit: str
    authority: str
    occupation: str
    level: str
    standard: str
    batch: str
    holder: str = Field(description="masked name", examples=["张*"])
    theory: float = Field(description="points of 100")
    practical: float = Field(description="points of 100")
    exam_on: date
    filed_on: date


class ChangeView(BaseModel):
    """One change of a certificate, without the person's sealed data."""

    kind: ChangeKind
    at: datetime = Field(description="UTC")
    status: Status = Field(description="as it stood after the change")
    reason: str
    basis: str
    actor: str = Field(description="who did it")
    case: str = Field(description="the case it was decided in; empty when there was none")
    print_serial: str = Field(description="serial of the print, for a reissue")
    fields: tuple[str, ...] = Field(description="what a correction corrected")
    before: dict[str, str | float] = Field(description="what it said before; a name masked, an ID number not at all")


class History(BaseModel):
    """Everything that was done to a certificate, the earliest first."""

    certificate: str
    number: str
    filed_at: datetime
    changes: list[ChangeView]


class Verification(BaseModel):
    """What the public is told about a number."""

    number: str
    status: Status
    holder: str = Field(description="masked name", examples=["张*"])
    occupation: str
    level: str
    unit: str
    filed_on: date


class Totals(BaseModel):
    """How many certificates a list has."""

    by_status: dict[Status, int]
    complete: bool = Field(description=f"false: there are more than {MOST_COUNTED}, and only so many were counted")

    @classmethod
    def of(cls, counted: dict[str, int]) -> "Totals":
        return cls(by_status=counted, complete=sum(counted.values()) < MOST_COUNTED)


class CertificatePage(Page[CertificateView]):
    """Some certificates, where the next ones begin, and how many there are if that was asked."""

    totals: Totals | None = None


def view(certificate: Certificate) -> CertificateView:
    """A certificate as it is shown."""
    return CertificateView.model_validate(certificate, from_attributes=True)


def change_view(change: Change) -> ChangeView:
    """A change as it is shown: of what stood before, only what is open to see."""
    shown = {
        name: value for name, value in change.before.items() if name in ("holder", "theory", "practical", "exam_on")
    }
    return ChangeView.model_validate({**change.model_dump(), "before": shown})
