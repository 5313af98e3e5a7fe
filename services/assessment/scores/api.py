"""Scores over HTTP: papers before the exam, sheets until they are sealed, and afterwards whoever may look at them."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from services.assessment.batches.api import BatchView, view
from services.assessment.batches.domain import Batch, Seal
from services.assessment.entries.domain import Entry, Sheet, must_be_open
from services.assessment.scores.commands import SetPaper, SheetRow
from services.assessment.scores.domain import Folded, Mismatch, Paper, Task
from services.assessment.scores.handlers import Checked, ScorePapers, Scoring, Sealing
from services.assessment.scores.storage import batch_for, entry_of
from shared.auth import Role
from shared.errors import Malformed
from shared.http.bulk import bulk_body, rows_of
from shared.http.door import Asked, Calling, Expected, Within, allow, doors
from shared.http.pages import GAP, Cursor, after, cursor_of
from shared.http.rows import RowsTaken, at_most
from shared.http.tags import tagged

READERS = (Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR, Role.SUPERVISOR)
MOST_SHEETS = 2_000  # each changes its entry, and the request is answered within five seconds
Run = Annotated[int, Query(ge=1, le=1000, description="entries at most")]


class PaperView(BaseModel):
    """What one part is scored by."""

    batch: str
    part: str
    step: float = Field(description="points are multiples of it")
    tasks: tuple[Task, ...]


class SheetView(Sheet):
    """One version of a sheet, and whose it is."""

    entry: str


class SealView(BaseModel):
    """The seal over all sheets, and how far they were compared with it."""

    batch: str
    seal: Seal
    sheets: int = Field(description="sealed sheets looked at so far")
    wrong: list[Mismatch] = Field(description="sheets of this run that are not what was signed")
    matches: bool | None = Field(description="whether all sheets together make the seal; null before the last run")
    next: str | None = Field(description="`cursor` of the next run; null after the last")


def routes(papers: ScorePapers, scoring: Scoring, sealing: Sealing) -> APIRouter:
    """The doors of the scores room."""
    router = doors("/batches/{batch}", "scores")
    _papers(router, papers)
    _sheets(router, scoring)
    _seal(router, sealing)
    return router


def _papers(router: APIRouter, papers: ScorePapers) -> None:
    @router.put("/papers")
    @allow(Role.UNIT)
    async def name_paper(batch: str, asked: SetPaper, act: Asked) -> PaperView:
        """Name the paper of a part, before the exam; named anew, another takes its place."""
        return _paper_view(await papers.name(act, batch, asked))

    @router.get("/papers")
    @allow(*READERS, Role.ASSESSOR)
    async def show_papers(batch: str, caller: Calling, scope: Within) -> list[PaperView]:
        """What each part is scored by; where no paper was named, the dimensions of the edition are the paper."""
        found = await batch_for(papers.batches, batch, caller, scope)
        return [_paper_view(paper) for paper in await papers.all_of(found)]


def _sheets(router: APIRouter, scoring: Scoring) -> None:
    @router.post("/sheets", openapi_extra=bulk_body(SheetRow))
    @allow(Role.UNIT, Role.ASSESSOR)
    async def score(batch: str, request: Request, act: Asked) -> RowsTaken:
        """Take score sheets: good rows are signed, bad rows are refused one by one; an assessor sends their own."""
        rows = at_most(MOST_SHEETS, await rows_of(request, SheetRow), "a file of sheets takes more")
        return await scoring.score(act, batch, rows)

    @router.get("/entries/{entry}/sheets")
    @allow(*READERS)
    async def show_sheets(batch: str, entry: str, caller: Calling, scope: Within) -> list[SheetView]:
        """The sheets of an entry in all versions, once they are sealed."""
        found = must_be_open(await batch_for(scoring.batches, batch, caller, scope))
        return _sheet_views(await entry_of(scoring.entries, found, entry))


def _seal(router: APIRouter, sealing: Sealing) -> None:
    @router.post("/seal")
    @allow(Role.UNIT)
    async def seal(batch: str, act: Asked, expect: Expected, response: Response) -> BatchView:
        """End the marking once every entry has a result; all sheets are sealed next, and nothing is scored any more."""
        return view(tagged(response, await sealing.mark(act, batch, expect)))

    @router.get("/seal")
    @allow(*READERS)
    async def check(batch: str, caller: Calling, scope: Within, cursor: Cursor = None, limit: Run = 1000) -> SealView:
        """Compare the sheets with the seal, run by run: `cursor` is `next` of the run before."""
        found = await batch_for(sealing.batches, batch, caller, scope)
        last, folded = _place(cursor)
        return _seal_view(found, await sealing.check(found, folded, last, limit))


def _paper_view(paper: Paper) -> PaperView:
    return PaperView.model_validate(paper, from_attributes=True)


def _sheet_views(entry: Entry) -> list[SheetView]:
    sheets = sorted(entry.sheets, key=lambda sheet: (sheet.part, sheet.assessor, sheet.version))
    return [SheetView(entry=entry.id, **dict(sheet)) for sheet in sheets]


def _seal_view(batch: Batch, checked: Checked) -> SealView:
    assert batch.seal is not None
    folded, last = checked.folded, checked.last
    return SealView(
        batch=batch.id,
        seal=batch.seal,
        sheets=folded.sheets,
        wrong=checked.wrong,
        matches=None if last else (folded.digest, folded.sheets) == (batch.seal.digest, batch.seal.sheets),
        next=cursor_of(GAP.join((last, folded.digest, str(folded.sheets)))) if last else None,
    )


def _place(cursor: str | None) -> tuple[str, Folded]:
    if cursor is None:
        return "", Folded()
    last, _, rest = after(cursor).partition(GAP)
    digest, _, sheets = rest.partition(GAP)
    if not sheets.isdecimal():
        raise Malformed("this cursor was given out for another list", field="cursor")
    return last, Folded(digest, int(sheets))
