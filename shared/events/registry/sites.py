"""What the registry says of sites, where exams take place; each event carries the whole site but its ledger's lines."""

from datetime import date
from typing import ClassVar

from pydantic import Field

from shared.events.base import Event, Record


class SiteScope(Record):
    """What can be examined at a site, and how many at a time."""

    occupation: str = Field(description="slug of the occupation catalogue", examples=["rebar_worker"])
    levels: tuple[str, ...] = Field(description="level codes, 5 junior … 1 senior technician", examples=[("5", "4")])
    stations: int = Field(description="work stations", examples=[12])


class SiteState(Event):
    """Everything a hearer must know of a site."""

    site: str = Field(description="id of the site")
    unit: str = Field(description="id of the unit it belongs to", examples=["unit-33-001"])
    name: str = Field(description="Chinese name")
    address: str = Field(description="where it is")
    region_code: str = Field(description="GB/T 2260 code, six digits", examples=["330106"])
    state: str = Field(description="registered, confirmed, suspended or removed")
    scopes: tuple[SiteScope, ...] = Field(description="what fits the site")
    conditions_met: tuple[str, ...] = Field(description="conditions of 劳部发〔1993〕134号 that are met, by id")
    equipment: int = Field(description="pieces of equipment in the ledger")
    equipment_fit: int = Field(description="how many of them are fit for use")
    confirmed_on: date | None = Field(default=None, description="first day on which it is confirmed, or null")
    suspended_on: date | None = Field(default=None, description="first day of a suspension not lifted, or null")
    removed_on: date | None = Field(default=None, description="first day on which it is no site any more, or null")
    on: date = Field(description="first day on which what this event tells holds, Asia/Shanghai")
    reason: str = Field(default="", description="why it is suspended, lifted or removed; else empty")


class SiteRegistered(SiteState):
    """A unit registered a site; its authority has yet to confirm it."""

    type: ClassVar[str] = "registry.site.registered.v1"


class SiteChanged(SiteState):
    """A site was changed, confirmed, suspended, reinstated, or its ledger was."""

    type: ClassVar[str] = "registry.site.changed.v1"


class SiteRemoved(SiteState):
    """A site is removed from `on`."""

    type: ClassVar[str] = "registry.site.removed.v1"
