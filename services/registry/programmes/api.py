"""Programmes over HTTP: everybody with a token reads them, the Center schedules their regimes."""

from fastapi import APIRouter, Response

from services.registry.programmes.commands import ScheduleRegime
from services.registry.programmes.domain import Programme
from services.registry.programmes.handlers import Programmes
from shared.auth import Role
from shared.http.door import Asked, Expected, allow, doors
from shared.http.tags import tagged


def routes(programmes: Programmes) -> APIRouter:
    """The doors of the programmes room."""
    router = doors("/programmes", "programmes")

    @router.get("")
    @allow(*Role)
    async def index() -> list[Programme]:
        """The programmes."""
        return await programmes.programmes.find({})

    @router.get("/{programme}")
    @allow(*Role)
    async def read(programme: str, response: Response) -> Programme:
        """One programme with its regimes."""
        return tagged(response, await programmes.programmes.get(programme))

    @router.post("/{programme}/regimes")
    @allow(Role.CENTER)
    async def schedule(
        programme: str, asked: ScheduleRegime, act: Asked, expect: Expected, response: Response
    ) -> Programme:
        """Schedule the programme's next regime; what begins before its first day ends under the one before."""
        return tagged(response, await programmes.schedule(act, programme, asked, expect))

    return router
