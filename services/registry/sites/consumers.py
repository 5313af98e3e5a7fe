"""What ends sites without being asked: their unit is closed."""

from services.registry.sites.handlers import Sites
from shared.act import Act
from shared.events.registry import OrganisationClosed
from shared.messaging.consumers import Hearers
from shared.messaging.envelope import Heard


def hear(hearers: Hearers, sites: Sites) -> None:
    """Register what this room hears."""

    async def unit_closed(heard: Heard[OrganisationClosed], act: Act) -> None:
        said = heard.event
        await sites.unit_closed(act, said.unit, said.on, said.reason)

    hearers.on(OrganisationClosed, unit_closed)
