"""Results over HTTP: units put them on public notice and make them final."""

from fastapi import APIRouter, Response

from services.assessment.batches.api import BatchView, view
from services.assessment.results.handlers import Results
from shared.auth import Role
from shared.http.door import Asked, Expected, allow, doors
from shared.http.tags import tagged


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

    return router
