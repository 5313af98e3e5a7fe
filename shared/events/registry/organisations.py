"""What the registry says of units: what each may examine, and when."""

from datetime import date
from typing import ClassVar

from pydantic import Field

from shared.events.base import Event, Record
from shared.events.registry.plans import Scope


class Grant(Record):
    """What one filed plan lets a unit examine."""

    plan: str = Field(description="id of the plan")
    edition: int = Field(default=1, description="which filed edition of the plan; amendments count up from 1")
    authority: str = Field(description="the line the plan was filed in", examples=["33"])
    scopes: tuple[Scope, ...] = Field(description="what the unit may examine")
    valid_from: date = Field(description="first day")
    valid_until: date = Field(description="last day")
    numbers: dict[str, int] = Field(
        default={},
        description="candidates expected over the plan's days, by occupation; one that is not named has no limit, "
        "as in events from before 2026-12",
        examples=[{"rebar_worker": 300}],
    )


class Standing(Event):
    """Everything a hearer must know of a unit; each of its events carries all of it, so order does not matter."""

    unit: str = Field(description="id of the unit", examples=["unit-33-001"])
    name: str = Field(description="Chinese name")
    plan: str = Field(description="the newest filed plan this standing rests on; empty when there is none")
    scopes: tuple[Scope, ...] = Field(description="what that plan lets the unit examine; empty without a plan")
    valid_from: date | None = Field(description="first day of that plan, or null without a plan")
    valid_until: date | None = Field(description="last day of that plan")
    suspended_on: date | None = Field(description="first day without standing, or null")
    reason: str = Field(description="why it is suspended; empty when it is not")
    grants: tuple[Grant, ...] = Field(
        default=(), description="every filed plan in force or to come; events from before 2026-11 name the newest only"
    )


class UnitAuthorised(Standing):
    """A unit may examine within its filed plans; said at each filing and each filed amendment."""

    type: ClassVar[str] = "registry.unit.authorised.v1"


class UnitSuspended(Standing):
    """A unit may not examine until further notice."""

    type: ClassVar[str] = "registry.unit.suspended.v1"


class UnitReinstated(Standing):
    """A unit's suspension is lifted; it may examine again within its filed plans."""

    type: ClassVar[str] = "registry.unit.reinstated.v1"


class UnitLapsed(Standing):
    """A filed plan of the unit expired or was withdrawn; `grants` names what is left."""

    type: ClassVar[str] = "registry.unit.lapsed.v1"
