"""Certificates over HTTP: lists for those entitled, verification by number for everybody."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field
from pydantic_core import to_json

from services.registry.certificates.domain import Certificate, Status
from services.registry.certificates.handlers import Certificates
from services.registry.certificates.storage import LOOKED_UP, listed
from shared.auth import Role
from shared.http.door import Within, allow, doors, public
from shared.http.pages import Cursor, Limit, Page, after, page

Number = Annotated[str, Path(pattern=r"^\d{16}$", description="16 digits", examples=["1999002001500001"])]


class CertificateView(BaseModel):
    """A certificate without the person's sealed data."""

    id: str
    number: str
    status: Status
    unit: str
    authority: str
    occupation: str
    level: str
    batch: str
    holder: str = Field(description="masked name", examples=["张*"])
    exam_on: date
    filed_on: date


class Verification(BaseModel):
    """What the public is told about a number."""

    number: str
    status: Status
    holder: str = Field(description="masked name", examples=["张*"])
    occupation: str
    level: str
    unit: str
    filed_on: date


def routes(certificates: Certificates) -> APIRouter:
    """The doors of the certificates room."""
    router = doors("", "certificates")

    @router.get("/certificates")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def index(scope: Within, cursor: Cursor = None, limit: Limit = 100) -> Page[CertificateView]:
        """Certificates by id."""
        rows = await listed(certificates.certificates, scope, after=after(cursor), limit=limit + 1)
        return page([_view(row) for row in rows], limit, lambda row: row.id)

    @router.get("/certificates/{certificate}")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def read(certificate: str, scope: Within) -> CertificateView:
        """One certificate."""
        return _view(await certificates.certificates.get(certificate, scope))

    @router.get("/verify/{number}", response_model=Verification)
    @public
    async def verify(number: Number) -> Response:
        """Whether a certificate with this number is on file."""
        found = await certificates.verify(number)
        # What is stored is what is told, field by field: reading it into a model first would only cost time.
        return Response(to_json({name: found[name] for name in LOOKED_UP}), media_type="application/json")

    return router


def _view(certificate: Certificate) -> CertificateView:
    return CertificateView.model_validate(certificate, from_attributes=True)
