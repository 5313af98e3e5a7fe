"""What the registry says of work plans."""

from datetime import date
from typing import ClassVar

from pydantic import Field

from shared.events.base import Event, Record


class Scope(Record):
    """One occupation and the levels of it that a unit may examine."""

    occupation: str = Field(description="slug of the occupation catalogue", examples=["rebar_worker"])
    levels: tuple[str, ...] = Field(description="level codes, 5 junior … 1 senior technician", examples=[("5", "4")])


class PlanSubmitted(Event):
    """A unit or an authority asks the Center to file its work plan, or an amendment of it."""

    type: ClassVar[str] = "registry.plan.submitted.v1"
    plan: str = Field(description="id of the plan")
    unit: str = Field(description="id of the unit; empty for an overall plan", examples=["unit-33-001"])
    scopes: tuple[Scope, ...] = Field(description="what the unit will examine")
    valid_from: date = Field(description="first day on which the plan holds")
    valid_until: date = Field(description="last day on which the plan holds")
    kind: str = Field(default="unit", description="unit, or overall: an authority's plan for its whole line")
    edition: int = Field(default=1, description="the edition it is to become; amendments count up from 1")
    title: str = Field(default="", description="title of the plan")
    numbers: dict[str, int] = Field(
        default={}, description="candidates expected, by occupation", examples=[{"rebar_worker": 300}]
    )
    regions: tuple[str, ...] = Field(default=(), description="GB/T 2260 codes; empty: the whole line")


class PlanReturned(Event):
    """The Center returned a plan or an amendment with remarks; it is mended and submitted again."""

    type: ClassVar[str] = "registry.plan.returned.v1"
    plan: str = Field(description="id of the plan")
    unit: str = Field(description="id of the unit; empty for an overall plan", examples=["unit-33-001"])
    remarks: str = Field(description="what to mend, in the words of the Center")
    kind: str = Field(default="unit", description="unit or overall")
    edition: int = Field(default=1, description="the edition it was to become")
    sections: dict[str, str] = Field(
        default={}, description="remarks by section", examples=[{"staff": "请写明考评员与督导员各几名。"}]
    )


class PlanFiled(Event):
    """A work plan, or the next edition of it, is on file; a unit may examine within its scopes and days."""

    type: ClassVar[str] = "registry.plan.filed.v1"
    plan: str = Field(description="id of the plan")
    unit: str = Field(description="id of the unit; empty for an overall plan", examples=["unit-33-001"])
    scopes: tuple[Scope, ...] = Field(description="what the unit may examine")
    valid_from: date = Field(description="first day on which the plan holds")
    valid_until: date = Field(description="last day on which the plan holds")
    kind: str = Field(default="unit", description="unit, or overall: an authority's plan for its whole line")
    edition: int = Field(default=1, description="the edition now on file; amendments count up from 1")
    title: str = Field(default="", description="title of the plan")
    numbers: dict[str, int] = Field(
        default={}, description="candidates expected, by occupation", examples=[{"rebar_worker": 300}]
    )
    regions: tuple[str, ...] = Field(default=(), description="GB/T 2260 codes; empty: the whole line")


class PlanWithdrawn(Event):
    """A work plan was given up, or taken off file; nothing new may be examined under it."""

    type: ClassVar[str] = "registry.plan.withdrawn.v1"
    plan: str = Field(description="id of the plan")
    unit: str = Field(description="id of the unit; empty for an overall plan", examples=["unit-33-001"])
    kind: str = Field(description="unit or overall", examples=["unit"])
    edition: int = Field(description="the edition that was on file; 0 when none was")
    reason: str = Field(description="why, without personal data")
    withdrawn_on: date = Field(description="first day without the plan, Asia/Shanghai")


class PlanExpired(Event):
    """The last day of a filed work plan is over."""

    type: ClassVar[str] = "registry.plan.expired.v1"
    plan: str = Field(description="id of the plan")
    unit: str = Field(description="id of the unit; empty for an overall plan", examples=["unit-33-001"])
    kind: str = Field(description="unit or overall", examples=["unit"])
    edition: int = Field(description="the edition that was on file")
    expired_on: date = Field(description="first day without the plan, Asia/Shanghai")
