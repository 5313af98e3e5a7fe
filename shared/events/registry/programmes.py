"""What the registry says of programmes: under which regime batches begin, and from which day."""

from datetime import date
from typing import ClassVar

from pydantic import Field

from shared.events.base import Event, Record


class RegimeTerm(Record):
    """A regime and its first day; it ends when the next one begins."""

    regime: str = Field(description="appraisal or recognition", examples=["recognition"])
    effective: date = Field(description="first day, Asia/Shanghai: batches begun from here on end under this regime")
    basis: str = Field(description="the document that it rests on")


class RegimeScheduled(Event):
    """A programme changes its regime from a day on; batches begun before end under the regime they began under."""

    type: ClassVar[str] = "registry.regime.scheduled.v1"
    programme: str = Field(description="id of the programme", examples=["pilot-2019"])
    regimes: tuple[RegimeTerm, ...] = Field(description="every regime of the programme, the earliest first")
