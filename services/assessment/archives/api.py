"""Archives over HTTP: documents and reports in, completeness shown, closed and signed, viewed on record, verified."""

from datetime import date
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from services.assessment.archives.commands import EnterDocument, VerifyManifest, ViewItem, WriteReport
from services.assessment.archives.domain import Check, Checked, Document, Placed, Report, State, View, Volume
from services.assessment.archives.handlers import Archives, Shown
from services.assessment.archives.storage import views_of
from shared.auth import Role
from shared.http.door import Asked, Within, allow, doors, public, reading, unkept
from shared.http.pages import Cursor, Limit, Page, after, page

READERS = (Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)


class ArchiveView(BaseModel):
    """An archive with every item of its checklist, there or missing."""

    batch: str
    state: State
    complete: bool = Field(description="whether every required item is there")
    missing: list[str] = Field(description="the required items that are missing")
    volumes: tuple[Volume, ...]
    items: list[Placed]
    documents: int = Field(description="documents entered; what they are is shown by a viewing, which is recorded")
    manifest: str = Field(description="the signed manifest, a compact JWS; empty until it is signed")
    digest: str = Field(description="SHA-256 of the manifest's canonical JSON; empty until it is signed")
    keep_until: date | None = Field(description="last day on which it is kept; null until it is signed")
    paper_until: date | None = Field(description="last day on which what is on paper is kept")
    check: Check | None = Field(description="the last comparison with what is stored; null while one is being made")


class OpenedView(BaseModel):
    """An item as the viewing shows it, which is on record now."""

    view: View
    documents: list[Document]
    reports: list[Report]
    lines: list[dict[str, Any]] = Field(description="at most 200; ask for more with `after`, the entry of the last one")


class VerdictView(BaseModel):
    """Whether a manifest is ours and the newest of its archive, and whether what is stored has its hashes."""

    batch: str
    current: bool = Field(description="it is the manifest that the archive has")
    unchanged: bool | None = Field(description="every item has its hash; null: some were too much for one answer")
    items: list[Checked]
    keep_until: date | None


def routes(archives: Archives) -> APIRouter:
    """The doors of the archives room."""
    router = doors("", "archives")
    _puts(router, archives)
    _views(router, archives)

    @router.get("/batches/{batch}/archive")
    @allow(*READERS)
    async def read(batch: str, scope: Within) -> ArchiveView:
        """What the archive of a batch has, and what is missing."""
        return _shown(archives, await archives.shown(batch, scope))

    @router.post("/batches/{batch}/archive")
    @allow(Role.UNIT)
    async def close(batch: str, act: Asked) -> ArchiveView:
        """Close the archive of a certified batch; if something is missing, each item of it is named."""
        return _shown(archives, await archives.close(act, batch))

    @router.post("/batches/{batch}/archive/check")
    @allow(*READERS)
    async def check(batch: str, act: Asked) -> ArchiveView:
        """Have what is stored hashed anew and compared with the manifest, for archives too large to verify at once."""
        return _shown(archives, await archives.ask(act, batch))

    @router.post("/archives/verify")
    @allow(*READERS)
    @reading
    async def verify(asked: VerifyManifest, scope: Within) -> VerdictView:
        """Check a manifest's signature, and its hashes against what is stored."""
        verdict = await archives.verify(asked.manifest, scope)
        found = {row.matches for row in verdict.items}
        unchanged = False if False in found else None if None in found else True
        about = {"batch": verdict.archive.batch, "keep_until": verdict.archive.keep_until}
        return VerdictView(current=verdict.current, unchanged=unchanged, items=verdict.items, **about)

    @router.get("/archives/keys")
    @public
    async def keys() -> dict[str, Any]:
        """The public keys with which manifests are signed (RFC 7517), the signing one first."""
        return archives.keys.jwks()

    return router


def _puts(router: APIRouter, archives: Archives) -> None:
    @router.post("/batches/{batch}/archive/documents")
    @allow(Role.UNIT)
    async def enter(batch: str, asked: EnterDocument, act: Asked) -> ArchiveView:
        """Enter a document with its hash."""
        return _shown(archives, await archives.enter(act, batch, asked))

    @router.post("/batches/{batch}/supervision-report")
    @allow(Role.SUPERVISOR, Role.UNIT)
    async def report(batch: str, asked: WriteReport, act: Asked) -> ArchiveView:
        """The report of the supervisor assigned to the batch; the unit enters it for one without access."""
        return _shown(archives, await archives.report(act, batch, asked))


def _views(router: APIRouter, archives: Archives) -> None:
    @router.post("/batches/{batch}/archive/views")
    @allow(*READERS)
    @unkept
    async def view(batch: str, asked: ViewItem, act: Asked, response: Response) -> OpenedView:
        """View an item, with an approval and two people present; it is recorded first."""
        response.headers["Cache-Control"] = "no-store"
        opened = await archives.view(act, batch, asked)
        return OpenedView(
            view=opened.viewing.view, documents=opened.documents, reports=opened.reports, lines=opened.lines
        )

    @router.get("/batches/{batch}/archive/views")
    @allow(*READERS)
    async def viewings(batch: str, scope: Within, cursor: Cursor = None, limit: Limit = 100) -> Page[View]:
        """Who viewed what, when and why."""
        found = await archives.batches.get(batch, scope)
        rows = await views_of(archives.views, scope, found.id, after=after(cursor), limit=limit + 1)
        whole = page(rows, limit, lambda row: row.id)
        return Page(rows=[row.view for row in whole.rows], next=whole.next)


def _shown(archives: Archives, shown: Shown) -> ArchiveView:
    missing = [row.item for row in shown.items if row.required and not row.present]
    kept = ("batch", "state", "manifest", "digest", "keep_until", "paper_until", "check")
    return ArchiveView(
        complete=not missing,
        missing=missing,
        volumes=archives.checklist.volumes,
        items=shown.items,
        documents=len(shown.archive.documents),
        **{name: getattr(shown.archive, name) for name in kept},
    )
