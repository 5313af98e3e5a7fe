"""Results over HTTP: put on public notice, made final, filed again, found wrong."""

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from services.assessment.batches.api import BatchView, view
from services.assessment.entries.domain import Entry, FoundWrong, Rejection, State
from services.assessment.results.commands import FindWrong, RefileEntry
from services.assessment.results.handlers import Results
from shared.auth import Role
from shared.http.door import Asked, Expected, Within, allow, doors
from shared.http.tags import tagged


class SaidEntry(BaseModel):
    """What was said of an entry to the registry, and what came of it."""

    id: str
    batch: str
    state: State
    filings: int = Field(description="times its result was said to the registry")
    chunk: int = Field(description="the chunk in which it was said last; 0 while it waits to be said")
    number: str = Field(description="certificate number, once certified")
    reason: str = Field(description="the registry's slug, once rejected")
    rejections: tuple[Rejection, ...] = Field(description="rejections that were mended, the oldest first")
    found_wrong: tuple[FoundWrong, ...] = Field(description="what was found wrong after it was final, the oldest first")


def routes(results: Results) -> APIRouter:
    """The doors of the results room."""
    router = doors("/batches/{batch}", "results")

    @router.post("/publicise")
    @allow(Role.UNIT)
    async def publicise(batch: str, act: Asked, expect: Expected, response: Response) -> BatchView:
        """Put the results on public notice; from now on no score changes."""
        return view(tagged(response, await results.publicise(act, batch, expect)))

    @router.post("/finalise")
    @allow(Role.UNIT)
    async def finalise(batch: str, act: Asked, expect: Expected, response: Response) -> BatchView:
        """Make the results final once the period is over; the qualified are then handed over for filing."""
        return view(tagged(response, await results.finalise(act, batch, expect)))

    @router.get("/entries/{entry}/filings")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def filings(batch: str, entry: str, scope: Within, response: Response) -> SaidEntry:
        """What was said of an entry to the registry, what was rejected and mended, and what was found wrong."""
        return _view(tagged(response, await results.said_of(batch, entry, scope)))

    @router.post("/entries/{entry}/refile")
    @allow(Role.UNIT)
    async def refile(batch: str, entry: str, asked: RefileEntry, act: Asked, response: Response) -> SaidEntry:
        """File a rejected entry again, once it is mended; the registry decides anew."""
        return _view(tagged(response, await results.refile(act, batch, entry, asked)))

    @router.post("/entries/{entry}/found-wrong")
    @allow(Role.AUTHORITY, Role.CENTER)
    async def find_wrong(batch: str, entry: str, asked: FindWrong, act: Asked, response: Response) -> SaidEntry:
        """Say that a final result is wrong, and what is right: its certificate is corrected or put in question."""
        return _view(tagged(response, await results.find_wrong(act, batch, entry, asked)))

    return router


def _view(entry: Entry) -> SaidEntry:
    return SaidEntry.model_validate(entry, from_attributes=True)
