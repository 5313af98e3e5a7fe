"""What moves a unit's standing: its own plans filed and ended here, its pilot status revoked by evaluation."""

from collections.abc import Awaitable, Callable

from services.registry.standings.handlers import Standings
from shared.act import Act
from shared.events.evaluation import PilotRevoked
from shared.events.registry import OrganisationClosed, PlanExpired, PlanFiled, PlanReturned, PlanWithdrawn
from shared.messaging.consumers import Hearers
from shared.messaging.envelope import Heard

Tell = Callable[[Act, str, str], Awaitable[None]]


def hear(hearers: Hearers, standings: Standings, tell: Tell) -> None:
    """Register what this room hears; `tell` gets each plan and its line, to settle its share of the overall plan."""
    _hear_plans(hearers, standings, tell)

    async def pilot_revoked(heard: Heard[PilotRevoked], act: Act) -> None:
        said = heard.event
        await standings.lose(act, said.unit, said.revoked_on, f"{said.ground}: {said.reason}")

    async def unit_closed(heard: Heard[OrganisationClosed], act: Act) -> None:
        said = heard.event
        await standings.lose(act, said.unit, said.on, f"closed: {said.reason}")

    hearers.on(PilotRevoked, pilot_revoked)
    hearers.on(OrganisationClosed, unit_closed)


def _hear_plans(hearers: Hearers, standings: Standings, tell: Tell) -> None:
    async def plan_filed(heard: Heard[PlanFiled], act: Act) -> None:
        if heard.event.unit:
            await standings.authorise(act, heard.event, heard.authority, heard.time)
        await tell(act, heard.event.plan, heard.authority)

    async def plan_withdrawn(heard: Heard[PlanWithdrawn], act: Act) -> None:
        said = heard.event
        if said.unit and said.edition:
            await standings.lapse(act, said.unit, said.plan, said.withdrawn_on)
        await tell(act, said.plan, heard.authority)

    async def plan_expired(heard: Heard[PlanExpired], act: Act) -> None:
        said = heard.event
        if said.unit:
            await standings.lapse(act, said.unit, said.plan, said.expired_on)
        await tell(act, said.plan, heard.authority)

    async def plan_returned(heard: Heard[PlanReturned], act: Act) -> None:
        await tell(act, heard.event.plan, heard.authority)

    hearers.on(PlanFiled, plan_filed)
    hearers.on(PlanWithdrawn, plan_withdrawn)
    hearers.on(PlanExpired, plan_expired)
    hearers.on(PlanReturned, plan_returned)
