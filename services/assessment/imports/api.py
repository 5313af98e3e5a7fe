"""Imports over HTTP: units send files and see how far they are; whoever is above them sees it as well."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from services.assessment.entries.commands import EnrolRow
from services.assessment.imports.domain import Import, Kind, State
from services.assessment.imports.handlers import Asked as AskedFor
from services.assessment.imports.handlers import Imports
from services.assessment.imports.storage import listed
from shared.auth import Role
from shared.errors import Malformed
from shared.http.bulk import file_body
from shared.http.door import Asked, Expected, Within, allow, doors, streamed
from shared.http.exports import Format, exported
from shared.http.pages import Cursor, Limit, Page, after, after_place, page, place
from shared.http.rows import Refused, media_of
from shared.http.streams import arriving
from shared.http.tags import tagged

MOST_BYTES = 64 * 1024 * 1024
REPORT = ("line", "field", "rule", "detail")
Of = Annotated[str, Path(description="id of the import")]


class ImportView(BaseModel):
    """A file and how far it is gone through."""

    id: str
    version: int
    batch: str
    unit: str
    authority: str
    kind: Kind
    dry_run: bool = Field(description="its rows are only tried out")
    state: State
    digest: str = Field(description="SHA-256 of the file, hexadecimal")
    size: int = Field(description="bytes")
    rows: int = Field(description="rows of the file, without header and empty lines")
    reached: int = Field(description="rows gone through")
    accepted: int
    refused: int
    percent: int = Field(description="rows gone through of all, whole percent")
    line: int = Field(description="line of the file at which it goes on")
    reason: str = Field(description="slug of why it stopped; empty when it did not")
    detail: str
    reported: bool = Field(description="whether its refused rows can still be read")
    received_at: datetime
    ended_at: datetime | None


def routes(imports: Imports) -> APIRouter:
    """The doors of the imports room."""
    router = doors("", "imports")
    _writes(router, imports)

    @router.get("/batches/{batch}/imports")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def index(batch: str, scope: Within, cursor: Cursor = None, limit: Limit = 100) -> Page[ImportView]:
        """Imports of a batch by id."""
        found = await imports.batches.get(batch, scope)
        rows = await listed(imports.imports, scope, found.id, after=after(cursor), limit=limit + 1)
        return page([_view(row) for row in rows], limit, lambda row: row.id)

    @router.get("/imports/{import_id}")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def read(import_id: Of, scope: Within, response: Response) -> ImportView:
        """One import and how far it is."""
        return _view(tagged(response, await imports.imports.get(import_id, scope)))

    @router.get("/imports/{import_id}/refusals")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def refusals(import_id: Of, scope: Within, cursor: Cursor = None, limit: Limit = 100) -> Page[Refused]:
        """Rows that were refused so far, in the order of the file; kept for `import.keep_days` after its end."""
        found = await imports.report_of(import_id, scope)
        rows = await imports.reports.page(found.id, *_from(cursor), limit + 1)
        shown = page(rows, limit, lambda row: place(row[0], str(row[1] + 1)))
        return Page(rows=[row for _, _, row in shown.rows], next=shown.next)

    @router.get("/imports/{import_id}/refusals/export")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def export(import_id: Of, scope: Within, format: Format = Format.CSV) -> Response:  # noqa: A002 - its name in the address
        """Download every row that was refused so far: line, field, rule and what to do, never what stood there."""
        found = await imports.report_of(import_id, scope)
        rows = imports.reports.runs(found.id)
        return exported(rows, REPORT, format, name=f"{found.id}-refused", total=found.refused)

    return router


def _writes(router: APIRouter, imports: Imports) -> None:
    @router.post("/batches/{batch}/imports", status_code=202, openapi_extra=file_body(EnrolRow))
    @allow(Role.UNIT)
    @streamed(MOST_BYTES)
    async def receive(
        batch: str, request: Request, act: Asked, response: Response, kind: Kind = Kind.ENTRIES, dry_run: bool = False
    ) -> ImportView:
        """Send a file of up to 100,000 rows; a worker goes through it, and the same file again changes nothing."""
        media = media_of(request.headers.get("content-type", ""))
        async with arriving(request) as body:
            made = await imports.receive(act, batch, AskedFor(kind, dry_run, media), body)
        response.headers["Location"] = f"/v1/imports/{made.id}"
        return _view(tagged(response, made))

    @router.post("/imports/{import_id}/resume")
    @allow(Role.UNIT)
    async def resume(import_id: Of, act: Asked, expect: Expected, response: Response) -> ImportView:
        """Go on with an import that stopped, from the row at which it did."""
        return _view(tagged(response, await imports.resume(act, import_id, expect)))


def _from(cursor: str | None) -> tuple[int, int]:
    """The run and the place in it at which a page begins."""
    run, at = after_place(cursor) or ("0", "0")
    if not (run.isdecimal() and at.isdecimal()):
        raise Malformed("this cursor was given out for another list", field="cursor")
    return int(run), int(at)


def _view(found: Import) -> ImportView:
    shown: dict[str, Any] = {name: getattr(found, name) for name in ImportView.model_fields if name != "line"}
    return ImportView(**shown, line=found.next.line)
