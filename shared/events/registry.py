"""What the registry says: standards, plans, units' standing, certificates."""

from datetime import date
from typing import ClassVar

from pydantic import Field

from shared.events.base import Event, Record


class Scope(Record):
    """One occupation and the levels of it that a unit may examine."""

    occupation: str = Field(description="slug of the occupation catalogue", examples=["rebar_worker"])
    levels: tuple[str, ...] = Field(description="level codes, 5 junior … 1 senior technician", examples=[("5", "4")])


class Dimension(Record):
    """One line of the practical score sheet."""

    id: str = Field(description="slug of the dimension", examples=["safe_production"])
    name: str = Field(description="Chinese name", examples=["开展安全生产"])
    points: float = Field(description="the most that can be scored; all dimensions of a part sum to `out_of`")


class Part(Record):
    """One part of the examination."""

    id: str = Field(description="theory, practical or review", examples=["theory"])
    pass_mark: float = Field(description="points needed in this part alone; parts are never averaged")
    out_of: float = Field(description="points of the whole part")
    minutes: int = Field(description="shortest length, minutes")
    levels: tuple[str, ...] = Field(description="levels examined in this part")
    dimensions: tuple[Dimension, ...] = Field(description="empty where the part has one score")


class StandardPublished(Event):
    """An edition of an occupation's standard is in force from a day on."""

    type: ClassVar[str] = "registry.standard.published.v1"
    standard: str = Field(description="id of the edition", examples=["rebar_worker-2019p"])
    occupation: str = Field(description="slug of the occupation catalogue", examples=["rebar_worker"])
    occupation_name: str = Field(description="Chinese name", examples=["钢筋工"])
    edition: str = Field(description="Chinese name of the edition")
    levels: tuple[str, ...] = Field(description="levels that can be examined, 5 junior … 1 senior technician")
    effective: date = Field(description="first day in force, Asia/Shanghai")
    parts: tuple[Part, ...] = Field(description="what is examined; each part is passed by itself")


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


class Standing(Event):
    """Everything a hearer must know of a unit; each of its events carries all of it, so order does not matter."""

    unit: str = Field(description="id of the unit", examples=["unit-33-001"])
    name: str = Field(description="Chinese name")
    plan: str = Field(description="the filed plan this standing rests on; empty when there is none")
    scopes: tuple[Scope, ...] = Field(description="what the unit may examine; empty without a plan")
    valid_from: date | None = Field(description="first day, or null without a plan")
    valid_until: date | None = Field(description="last day")
    suspended_on: date | None = Field(description="first day without standing, or null")
    reason: str = Field(description="why it is suspended; empty when it is not")


class UnitAuthorised(Standing):
    """A unit may examine within its filed plan."""

    type: ClassVar[str] = "registry.unit.authorised.v1"


class UnitSuspended(Standing):
    """A unit may not examine until further notice."""

    type: ClassVar[str] = "registry.unit.suspended.v1"


class CertificateFiled(Event):
    """A qualified worker is on file and holds a certificate."""

    type: ClassVar[str] = "registry.certificate.filed.v1"
    certificate: str = Field(description="id of the certificate")
    number: str = Field(description="16 digits: year, issuer, level, serial", examples=["1910332001500001"])
    entry: str = Field(description="id of the entry it was filed for")
    batch: str = Field(description="id of the batch")
    unit: str = Field(description="id of the unit that examined", examples=["unit-33-001"])
    occupation: str = Field(description="slug of the occupation catalogue", examples=["rebar_worker"])
    level: str = Field(description="level code, 5 junior … 1 senior technician", examples=["5"])
    holder: str = Field(description="masked name", examples=["张*"])
    exam_on: date = Field(description="day of the exam, Asia/Shanghai")
    filed_on: date = Field(description="day it was put on file, Asia/Shanghai")


class FilingRejected(Event):
    """A result was not filed; assessment shows the reason and the unit can mend it."""

    type: ClassVar[str] = "registry.filing.rejected.v1"
    entry: str = Field(description="id of the entry")
    batch: str = Field(description="id of the batch")
    unit: str = Field(description="id of the unit that examined", examples=["unit-33-001"])
    reason: str = Field(description="stable slug", examples=["unit-not-authorised"])
    detail: str = Field(description="the rule and what to do, without personal data")
