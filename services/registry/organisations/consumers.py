"""What moves a unit's standing: its own plan filed here, its pilot status revoked by evaluation."""

from services.registry.organisations.handlers import Organisations
from shared.act import Act
from shared.events.evaluation import PilotRevoked
from shared.events.registry import PlanFiled
from shared.messaging.consumers import Hearers
from shared.messaging.envelope import Heard


def hear(hearers: Hearers, organisations: Organisations) -> None:
    """Register what this room hears."""

    async def plan_filed(heard: Heard[PlanFiled], act: Act) -> None:
        await organisations.authorise(act, heard.event)

    async def pilot_revoked(heard: Heard[PilotRevoked], act: Act) -> None:
        said = heard.event
        await organisations.suspend(act, said.unit, said.revoked_on, f"{said.ground}: {said.reason}")

    hearers.on(PlanFiled, plan_filed)
    hearers.on(PilotRevoked, pilot_revoked)
