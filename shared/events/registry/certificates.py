"""What the registry says of certificates: filed, and whatever becomes of them."""

from datetime import date, datetime
from typing import ClassVar

from pydantic import Field

from shared.events.base import Event


class CertificateFiled(Event):
    """A qualified worker is on file and holds a certificate."""

    type: ClassVar[str] = "registry.certificate.filed.v1"
    certificate: str = Field(description="id of the certificate")
    number: str = Field(
        description="16 digits (appraisal) or 22 characters (recognition): year, issuer, level, serial",
        examples=["1910332001500001"],
    )
    entry: str = Field(description="id of the entry it was filed for")
    batch: str = Field(description="id of the batch")
    unit: str = Field(description="id of the unit that examined", examples=["unit-33-001"])
    occupation: str = Field(description="slug of the occupation catalogue", examples=["rebar_worker"])
    level: str = Field(description="level code, 5 junior … 1 senior technician", examples=["5"])
    holder: str = Field(description="masked name", examples=["张*"])
    exam_on: date = Field(description="day of the exam, Asia/Shanghai")
    filed_on: date = Field(description="day it was put on file, Asia/Shanghai")
    regime: str = Field(default="appraisal", description="appraisal or recognition; decides the number's format")


class CertificateStanding(Event):
    """What became of a certificate on file; each of these events carries all a hearer must know of it."""

    certificate: str = Field(description="id of the certificate")
    number: str = Field(description="number, which never changes", examples=["1910332001500001"])
    entry: str = Field(description="id of the entry it was filed for")
    batch: str = Field(description="id of the batch")
    unit: str = Field(description="id of the unit that examined", examples=["unit-33-001"])
    occupation: str = Field(description="slug of the occupation catalogue", examples=["rebar_worker"])
    level: str = Field(description="level code, 5 junior … 1 senior technician", examples=["5"])
    regime: str = Field(description="appraisal or recognition")
    holder: str = Field(description="masked name as it now stands", examples=["张*"])
    status: str = Field(description="valid, suspended, revoked or voided: as it now stands")
    edition: int = Field(description="counts the certificate's corrections from 1")
    at: datetime = Field(description="when this was decided, UTC")
    reason: str = Field(description="why, without personal data")
    basis: str = Field(description="legal basis or document that it rests on")


class CertificateCorrected(CertificateStanding):
    """What the certificate says was corrected; its number stays."""

    type: ClassVar[str] = "registry.certificate.corrected.v1"
    fields: tuple[str, ...] = Field(description="names of the fields that were corrected", examples=[("holder",)])


class CertificateReissued(CertificateStanding):
    """A lost or spoilt certificate is printed anew, under its number and a new print serial."""

    type: ClassVar[str] = "registry.certificate.reissued.v1"
    print_serial: str = Field(description="serial of the new print")


class CertificateSuspended(CertificateStanding):
    """The certificate does not hold until further notice."""

    type: ClassVar[str] = "registry.certificate.suspended.v1"


class CertificateReinstated(CertificateStanding):
    """A suspension was lifted; the certificate holds again."""

    type: ClassVar[str] = "registry.certificate.reinstated.v1"


class CertificateRevoked(CertificateStanding):
    """The certificate is withdrawn for good: it held until this day."""

    type: ClassVar[str] = "registry.certificate.revoked.v1"


class CertificateVoided(CertificateStanding):
    """The certificate is declared never to have held, for example because it was obtained by fraud."""

    type: ClassVar[str] = "registry.certificate.voided.v1"


class FilingRejected(Event):
    """A result was not filed; assessment shows the reason and the unit can mend it."""

    type: ClassVar[str] = "registry.filing.rejected.v1"
    entry: str = Field(description="id of the entry")
    batch: str = Field(description="id of the batch")
    unit: str = Field(description="id of the unit that examined", examples=["unit-33-001"])
    reason: str = Field(description="stable slug", examples=["unit-not-authorised"])
    detail: str = Field(description="the rule and what to do, without personal data")
