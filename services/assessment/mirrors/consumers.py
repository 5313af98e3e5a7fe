"""The registry's word on units and standards; what a standing means for batches is told to them at once."""

from collections.abc import Awaitable, Callable

from services.assessment.mirrors.domain import Unit, standard_of, unit_of
from services.assessment.mirrors.handlers import Mirrors
from shared.act import Act
from shared.events.registry import StandardPublished, Standing, UnitAuthorised, UnitSuspended
from shared.messaging.consumers import Hearers
from shared.messaging.envelope import Heard

Told = Callable[[Act, Unit], Awaitable[None]]


def hear(hearers: Hearers, mirrors: Mirrors, tell: Told) -> None:
    """Register what this room hears; `tell` gets the standing that now counts, be it the one heard or a newer one."""

    async def standing(heard: Heard[Standing], act: Act) -> None:
        unit = await mirrors.take_unit(act, unit_of(heard.event, heard.authority, heard.sequence))
        await tell(act, unit)

    async def standard_published(heard: Heard[StandardPublished], act: Act) -> None:
        await mirrors.take_standard(act, standard_of(heard.event, heard.authority, heard.sequence))

    hearers.on(UnitAuthorised, standing)
    hearers.on(UnitSuspended, standing)
    hearers.on(StandardPublished, standard_published)
