"""Evaluations over HTTP: units check themselves and apply, the Center decides, files, revokes."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.evaluation.evaluations.commands import DecideEvaluation, RevokePilot, SelfCheckUnit
from services.evaluation.evaluations.domain import Evaluation, State
from services.evaluation.evaluations.handlers import Evaluations
from services.evaluation.evaluations.storage import listed
from shared.auth import Role
from shared.http.door import Asked, Expected, Within, allow, doors
from shared.http.pages import Cursor, Limit, Page, after, page
from shared.http.tags import tagged

OfCycle = Annotated[str | None, Query(description="only this cycle", examples=["2019"])]
InState = Annotated[State | None, Query(description="only those in this state")]


def routes(evaluations: Evaluations) -> APIRouter:
    """The doors of the evaluations room."""
    router = doors("", "evaluations")
    _steps(router, evaluations)

    @router.post("/revocations", status_code=201)
    @allow(Role.CENTER)
    async def revoke(asked: RevokePilot, act: Asked, response: Response) -> Evaluation:
        """Take a unit's pilot status away; the registry suspends the unit, evaluated or not."""
        return tagged(response, await evaluations.revoke(act, asked))

    @router.get("/evaluations/{evaluation}")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def read(evaluation: str, scope: Within, response: Response) -> Evaluation:
        """One evaluation."""
        return tagged(response, await evaluations.evaluations.get(evaluation, scope))

    @router.get("/evaluations")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def index(
        scope: Within, *, cycle: OfCycle = None, state: InState = None, cursor: Cursor = None, limit: Limit = 100
    ) -> Page[Evaluation]:
        """Evaluations by id."""
        rows = await listed(
            evaluations.evaluations, scope, cycle=cycle, state=state, after=after(cursor), limit=limit + 1
        )
        return page(rows, limit, lambda row: row.id)

    return router


def _steps(router: APIRouter, evaluations: Evaluations) -> None:
    @router.post("/evaluations", status_code=201)
    @allow(Role.UNIT)
    async def self_check(asked: SelfCheckUnit, act: Asked, response: Response) -> Evaluation:
        """Record the caller's own score; it can be repeated until the unit applies."""
        return tagged(response, await evaluations.self_check(act, asked))

    @router.post("/evaluations/{evaluation}/apply")
    @allow(Role.UNIT)
    async def apply(evaluation: str, act: Asked, expect: Expected, response: Response) -> Evaluation:
        """Ask to be evaluated; only a qualified self-check may."""
        return tagged(response, await evaluations.apply(act, evaluation, expect))

    @router.post("/evaluations/{evaluation}/decide")
    @allow(Role.CENTER)
    async def decide(
        evaluation: str, asked: DecideEvaluation, act: Asked, expect: Expected, response: Response
    ) -> Evaluation:
        """Record the panel's decision; a passed unit goes on public notice."""
        return tagged(response, await evaluations.decide(act, evaluation, asked, expect))

    @router.post("/evaluations/{evaluation}/file")
    @allow(Role.CENTER)
    async def file(evaluation: str, act: Asked, expect: Expected, response: Response) -> Evaluation:
        """Put a passed unit on file, once its public notice is over."""
        return tagged(response, await evaluations.file(act, evaluation, expect))
