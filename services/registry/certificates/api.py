"""Certificates over HTTP: lists and changes for those entitled, verification by number for everybody."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from services.registry.certificates.commands import (
    CorrectCertificate,
    ReinstateCertificate,
    ReissueCertificate,
    RevokeCertificate,
    SuspendCertificate,
    VoidCertificate,
)
from services.registry.certificates.domain import Certificate, Change, ChangeKind, Status
from services.registry.certificates.handlers import Certificates
from services.registry.certificates.storage import listed
from shared.auth import Role
from shared.http.door import Asked, Expected, Within, allow, doors, limited, public
from shared.http.limits import Allowance
from shared.http.pages import Cursor, Limit, Page, after, page
from shared.http.tags import tagged

Number = Annotated[
    str,
    Path(
        pattern=r"^(\d{16}|[YS]\d{21})$",
        description="16 digits (appraisal) or 22 characters (recognition)",
        examples=["1999002001500001"],
    ),
]
READERS = (Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
ISSUERS = (Role.CENTER, Role.UNIT)
"""Who evaluates issues, and answers for what it issued."""
OVERSEERS = (Role.CENTER, Role.AUTHORITY)


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


def routes(certificates: Certificates, allowance: Allowance) -> APIRouter:
    """The doors of the certificates room."""
    router = doors("", "certificates")
    _readings(router, certificates, allowance)
    _corrections(router, certificates)
    _endings(router, certificates)
    return router


def _readings(router: APIRouter, certificates: Certificates, allowance: Allowance) -> None:
    @router.get("/certificates")
    @allow(*READERS)
    async def index(scope: Within, cursor: Cursor = None, limit: Limit = 100) -> Page[CertificateView]:
        """Certificates by id."""
        rows = await listed(certificates.certificates, scope, after=after(cursor), limit=limit + 1)
        return page([_view(row) for row in rows], limit, lambda row: row.id)

    @router.get("/certificates/{certificate}")
    @allow(*READERS)
    async def read(certificate: str, scope: Within, response: Response) -> CertificateView:
        """One certificate."""
        return _shown(response, await certificates.certificates.get(certificate, scope))

    @router.get("/certificates/{certificate}/history")
    @allow(*READERS)
    async def history(certificate: str, scope: Within) -> History:
        """What was done to a certificate, why and by whom."""
        found = await certificates.certificates.get(certificate, scope)
        changes = [_change(change) for change in found.changes]
        return History(certificate=found.id, number=found.number, filed_at=found.filed_at, changes=changes)

    @router.get("/verify/{number}")
    @public
    @limited(allowance)
    async def verify(number: Number) -> Verification:
        """Whether a certificate with this number is on file."""
        found = await certificates.verify(number)
        return Verification.model_validate(found, from_attributes=True)


def _corrections(router: APIRouter, certificates: Certificates) -> None:
    @router.post("/certificates/{certificate}/correct")
    @allow(*ISSUERS)
    async def correct(
        certificate: str, asked: CorrectCertificate, act: Asked, expect: Expected, response: Response
    ) -> CertificateView:
        """Correct what a certificate says; its number stays."""
        return _shown(response, await certificates.correct(act, certificate, asked, expect))

    @router.post("/certificates/{certificate}/reissue")
    @allow(*OVERSEERS, Role.UNIT)
    async def reissue(
        certificate: str, asked: ReissueCertificate, act: Asked, expect: Expected, response: Response
    ) -> CertificateView:
        """Print a lost or spoilt certificate anew, under its number."""
        return _shown(response, await certificates.reissue(act, certificate, asked, expect))


def _endings(router: APIRouter, certificates: Certificates) -> None:
    @router.post("/certificates/{certificate}/suspend")
    @allow(*OVERSEERS)
    async def suspend(
        certificate: str, asked: SuspendCertificate, act: Asked, expect: Expected, response: Response
    ) -> CertificateView:
        """Suspend a certificate until it is reinstated."""
        return _shown(response, await certificates.suspend(act, certificate, asked, expect))

    @router.post("/certificates/{certificate}/reinstate")
    @allow(*OVERSEERS)
    async def reinstate(
        certificate: str, asked: ReinstateCertificate, act: Asked, expect: Expected, response: Response
    ) -> CertificateView:
        """Lift a suspension."""
        return _shown(response, await certificates.reinstate(act, certificate, asked, expect))

    @router.post("/certificates/{certificate}/revoke")
    @allow(Role.CENTER)
    async def revoke(
        certificate: str, asked: RevokeCertificate, act: Asked, expect: Expected, response: Response
    ) -> CertificateView:
        """Withdraw a certificate for good; it held until now."""
        return _shown(response, await certificates.revoke(act, certificate, asked, expect))

    @router.post("/certificates/{certificate}/void")
    @allow(Role.CENTER)
    async def void(
        certificate: str, asked: VoidCertificate, act: Asked, expect: Expected, response: Response
    ) -> CertificateView:
        """Declare that a certificate never held."""
        return _shown(response, await certificates.void(act, certificate, asked, expect))


def _shown(response: Response, certificate: Certificate) -> CertificateView:
    return _view(tagged(response, certificate))


def _view(certificate: Certificate) -> CertificateView:
    return CertificateView.model_validate(certificate, from_attributes=True)


def _change(change: Change) -> ChangeView:
    shown = {
        name: value for name, value in change.before.items() if name in ("holder", "theory", "practical", "exam_on")
    }
    return ChangeView.model_validate({**change.model_dump(), "before": shown})
