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
    """A unit asks the Center to file its work plan."""

    type: ClassVar[str] = "registry.plan.submitted.v1"
    plan: str = Field(description="id of the plan")
    unit: str = Field(description="id of the unit", examples=["unit-33-001"])
    scopes: tuple[Scope, ...] = Field(description="what the unit will examine")
    valid_from: date = Field(description="first day on which the plan holds")
    valid_until: date = Field(description="last day on which the plan holds")


class PlanReturned(Event):
    """The Center returned a plan with remarks; the unit mends it and submits it again."""

    type: ClassVar[str] = "registry.plan.returned.v1"
    plan: str = Field(description="id of the plan")
    unit: str = Field(description="id of the unit", examples=["unit-33-001"])
    remarks: str = Field(description="what to mend, in the words of the Center")


class PlanFiled(Event):
    """A work plan is on file; the unit may examine within its scopes and days."""

    type: ClassVar[str] = "registry.plan.filed.v1"
    plan: str = Field(description="id of the plan")
    unit: str = Field(description="id of the unit", examples=["unit-33-001"])
    scopes: tuple[Scope, ...] = Field(description="what the unit may examine")
    valid_from: date = Field(description="first day on which the plan holds")
    valid_until: date = Field(description="last day on which the plan holds")
