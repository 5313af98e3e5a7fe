"""A published edition takes the place of older ones: heard from ourselves, so that a crash in between is made good."""

from services.registry.standards.commands import Regime
from services.registry.standards.handlers import Standards
from shared.act import Act
from shared.events.registry import StandardPublished
from shared.messaging.consumers import Hearers
from shared.messaging.envelope import Heard


def hear(hearers: Hearers, standards: Standards) -> None:
    """Register what this room hears."""

    async def standard_published(heard: Heard[StandardPublished], act: Act) -> None:
        await standards.settle(act, heard.event.occupation, Regime(heard.event.regime))

    hearers.on(StandardPublished, standard_published)
