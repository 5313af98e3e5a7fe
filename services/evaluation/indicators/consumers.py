"""Every event that counts becomes a fact; the registry's standing of a unit is mirrored too."""

from collections.abc import Sequence

from services.evaluation.indicators.domain import Fact, fact, unit
from services.evaluation.indicators.handlers import Indicators
from shared.act import Act
from shared.events.assessment import BatchClosed, BatchFiled, ResultsPublicised
from shared.events.base import Event
from shared.events.registry import CertificateFiled, FilingRejected, Standing, UnitAuthorised, UnitSuspended
from shared.messaging.consumers import Hearers
from shared.messaging.envelope import Heard

COUNTED: tuple[type[Event], ...] = (BatchFiled, ResultsPublicised, BatchClosed, CertificateFiled, FilingRejected)


def hear(hearers: Hearers, indicators: Indicators) -> None:
    """Register what this room hears."""

    async def counted(heard: Sequence[tuple[Heard[Event], Act]]) -> None:
        await indicators.take([_fact(said) for said, _ in heard])

    async def standing(heard: Heard[Standing], _: Act) -> None:
        described = unit(heard.event, authority=heard.authority, sequence=heard.sequence)
        await indicators.take_standing(_fact(heard), described)

    for kind in COUNTED:
        hearers.on_many(kind, counted)
    hearers.on(UnitAuthorised, standing)
    hearers.on(UnitSuspended, standing)


def _fact(heard: Heard[Event]) -> Fact:
    return fact(heard.event, id=heard.id, authority=heard.authority, sequence=heard.sequence, at=heard.time)
