"""Certificates read: one by one, in lists, to the end, and by number for everybody."""

import re
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic_core import to_json

from services.registry.certificates.api.views import (
    CertificatePage,
    CertificateView,
    History,
    Totals,
    Verification,
    change_view,
    view,
)
from services.registry.certificates.domain import Status
from services.registry.certificates.handlers import Certificates
from services.registry.certificates.storage import EXPORTED, LOOKED_UP, MOST_COUNTED, Filters, count, listed
from services.registry.certificates.storage import exported as exported_rows
from services.registry.certificates.storage import totals as counts
from shared.auth import Role
from shared.errors import Malformed
from shared.http.door import Within, allow, direct, doors, limited
from shared.http.exports import Format, exported
from shared.http.limits import Allowance
from shared.http.pages import Cursor, Limit, after_place, page, place
from shared.http.tags import tagged
from shared.levels import Level

NUMBER = re.compile(r"\d{16}|[YS]\d{21}", re.ASCII)
NUMBERED = {
    "parameters": [
        {
            "name": "number",
            "in": "path",
            "required": True,
            "description": "16 digits (appraisal) or 22 characters (recognition)",
            "schema": {"type": "string", "pattern": rf"^({NUMBER.pattern})$", "examples": ["1999002001500001"]},
        }
    ]
}
READERS = (Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)


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


def readings(router: APIRouter, certificates: Certificates) -> None:
    """The doors that only read."""

    @router.get("/certificates")
    @allow(*READERS)
    async def index(
        scope: Within, wanted: Wanted, cursor: Cursor = None, limit: Limit = 100, totals: Counted = False
    ) -> CertificatePage:
        """Certificates by the day they were filed on, oldest first; a filter beyond the caller's scope finds none."""
        rows = await listed(certificates.certificates, wanted, scope, after=after_place(cursor), limit=limit + 1)
        shown = page([view(row) for row in rows], limit, lambda row: place(row.filed_on, row.id))
        counted = await counts(certificates.certificates, wanted, scope) if totals else None
        return CertificatePage(rows=shown.rows, next=shown.next, totals=None if counted is None else Totals.of(counted))

    @router.get("/certificates/export", response_class=StreamingResponse)
    @allow(*READERS)
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
    @allow(*READERS)
    async def read(certificate: str, scope: Within, response: Response) -> CertificateView:
        """One certificate."""
        return view(tagged(response, await certificates.certificates.get(certificate, scope)))

    @router.get("/certificates/{certificate}/history")
    @allow(*READERS)
    async def history(certificate: str, scope: Within) -> History:
        """What was done to a certificate, why and by whom."""
        found = await certificates.certificates.get(certificate, scope)
        changes = [change_view(change) for change in found.changes]
        return History(certificate=found.id, number=found.number, filed_at=found.filed_at, changes=changes)


def lookups(certificates: Certificates, allowance: Allowance) -> APIRouter:
    """The one door that the public knocks at all day: wired before all others, so that it is found at once."""
    router = doors("", "certificates")

    @router.get("/verify/{number}", response_model=Verification, openapi_extra=NUMBERED)
    @direct
    @limited(allowance)
    async def verify(request: Request) -> Response:
        """Whether a certificate with this number is on file."""
        number = request.path_params["number"]
        if NUMBER.fullmatch(number) is None:
            raise Malformed("a number has 16 digits, or Y or S and 21 digits", field="/path/number")
        found = await certificates.verify(number)
        # What is stored is what is told, field by field: reading it into a model first would only cost time.
        return Response(to_json({name: found[name] for name in LOOKED_UP}), media_type="application/json")

    return router
