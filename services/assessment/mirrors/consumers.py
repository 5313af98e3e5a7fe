"""The registry's word on units, standards, cards, sites; what a standing means for batches is told to them at once."""

from collections.abc import Awaitable, Callable

from services.assessment.mirrors.domain import Unit, card_of, site_of, standard_of, unit_of
from services.assessment.mirrors.handlers import Mirrors
from shared.act import Act
from shared.events.registry import (
    CardChanged,
    CardGraded,
    CardIssued,
    CardLapsed,
    CardReinstated,
    CardRenewed,
    CardRevoked,
    CardStanding,
    CardSuspended,
    Edition,
    SiteChanged,
    SiteRegistered,
    SiteRemoved,
    SiteState,
    StandardPublished,
    StandardSuperseded,
    Standing,
    UnitAuthorised,
    UnitLapsed,
    UnitReinstated,
    UnitSuspended,
)
from shared.messaging.consumers import Hearers
from shared.messaging.envelope import Heard

Told = Callable[[Act, Unit], Awaitable[None]]
UNITS: tuple[type[Standing], ...] = (UnitAuthorised, UnitSuspended, UnitReinstated, UnitLapsed)
STANDARDS: tuple[type[Edition], ...] = (StandardPublished, StandardSuperseded)
CARDS: tuple[type[CardStanding], ...] = (
    CardIssued,
    CardRenewed,
    CardChanged,
    CardSuspended,
    CardReinstated,
    CardRevoked,
    CardLapsed,
    CardGraded,
)
SITES: tuple[type[SiteState], ...] = (SiteRegistered, SiteChanged, SiteRemoved)


def hear(hearers: Hearers, mirrors: Mirrors, tell: Told) -> None:
    """Register what this room hears; `tell` gets the standing that now counts, be it the one heard or a newer one."""

    async def standing(heard: Heard[Standing], act: Act) -> None:
        unit = await mirrors.take_unit(act, unit_of(heard.event, heard.authority, heard.sequence))
        await tell(act, unit)

    for kind in UNITS:
        hearers.on(kind, standing)
    _hear_means(hearers, mirrors)


def _hear_means(hearers: Hearers, mirrors: Mirrors) -> None:
    async def standard(heard: Heard[Edition], act: Act) -> None:
        await mirrors.take_standard(act, standard_of(heard.event, heard.authority, heard.sequence))

    async def card(heard: Heard[CardStanding], act: Act) -> None:
        await mirrors.take_card(act, card_of(heard.event, heard.authority, heard.sequence))

    async def site(heard: Heard[SiteState], act: Act) -> None:
        await mirrors.take_site(act, site_of(heard.event, heard.authority, heard.sequence))

    for standard_kind in STANDARDS:
        hearers.on(standard_kind, standard)
    for card_kind in CARDS:
        hearers.on(card_kind, card)
    for site_kind in SITES:
        hearers.on(site_kind, site)
