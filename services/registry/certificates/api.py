"""Certificates over HTTP: lists for those entitled, verification by number for everybody."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from pydantic_core import to_json

from services.registry.certificates.domain import Certificate, Status
from services.registry.certificates.handlers import Certificates
from services.registry.certificates.storage import EXPORTED, LOOKED_UP, MOST_COUNTED, Filters, count, listed
from services.registry.certificates.storage import exported as exported_rows
from services.registry.certificates.storage import totals as counts
from shared.auth import Role
from shared.http.door import Within, allow, doors, public
from shared.http.exports import Format, exported
from shared.http.pages import Cursor, Limit, Page, after_place, page, place
from shared.levels import Level

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


def _filters(
    authority: str | None = None,
    unit: str | None = None,
    occupation: str | None = None,
    level: Level | None = None,
    status: Status | None = None,
    regime: str | None = None,
    filed_from: Annotated[date | None, Query(description="first day of filing")] = None,
    filed_until: Annotated[date | None, Query(description="last day of filing")] = None,
) -> Filters:
    return Filters(authority, unit, occupation, level, status, regime, filed_from, filed_until)


Wanted = Annotated[Filters, Depends(_filters)]
Counted = Annotated[bool, Query(description=f"count by status, {MOST_COUNTED} certificates at most")]
Form = Annotated[Format, Query(description="csv or ndjson")]
Bom = Annotated[bool, Query(description="CSV begins with a byte order mark, by which Excel knows UTF-8")]


def routes(certificates: Certificates) -> APIRouter:
    """The doors of the certificates room."""
    router = doors("", "certificates")

    @router.get("/certificates")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def index(
        scope: Within, wanted: Wanted, cursor: Cursor = None, limit: Limit = 100, totals: Counted = False
    ) -> CertificatePage:
        """Certificates by the day they were filed on, oldest first; a filter beyond the caller's scope finds none."""
        rows = await listed(certificates.certificates, wanted, scope, after=after_place(cursor), limit=limit + 1)
        shown = page([_view(row) for row in rows], limit, lambda row: place(row.filed_on, row.id))
        counted = await counts(certificates.certificates, wanted, scope) if totals else None
        return CertificatePage(rows=shown.rows, next=shown.next, totals=None if counted is None else Totals.of(counted))

    @router.get("/certificates/export", response_class=StreamingResponse)
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def export(
        scope: Within,
        wanted: Wanted,
        format: Form = Format.NDJSON,  # noqa: A002 - its name in the address
        bom: Bom = False,
    ) -> StreamingResponse:
        """The same certificates to the end, as NDJSON or CSV; `X-Total-Count` counts them as it begins."""
        store = certificates.certificates
        total = await count(store, wanted, scope)
        runs = exported_rows(store, wanted, scope)
        return exported(runs, ("id", *EXPORTED), format, name="certificates", total=total, bom=bom)

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
