"""Scores over HTTP: units send them in bulk until results are publicised."""

from fastapi import APIRouter, Request

from services.assessment.scores.commands import ScoreRow
from services.assessment.scores.handlers import Scoring
from shared.auth import Role
from shared.http.bulk import bulk_body, rows_of
from shared.http.door import Asked, allow, doors
from shared.http.rows import RowsTaken


def routes(scoring: Scoring) -> APIRouter:
    """The doors of the scores room."""
    router = doors("/batches/{batch}/scores", "scores")

    @router.post("", openapi_extra=bulk_body(ScoreRow))
    @allow(Role.UNIT)
    async def score(batch: str, request: Request, act: Asked) -> RowsTaken:
        """Score entries: good rows are taken, bad rows are refused one by one; a later score replaces an earlier."""
        return await scoring.score(act, batch, await rows_of(request, ScoreRow))

    return router
