"""What the registry says of standards: which edition is in force, and what it examines."""

from datetime import date
from typing import ClassVar

from pydantic import Field

from shared.events.base import Event, Record


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


class Predicate(Record):
    """One condition on a candidate; which of the fields count depends on `predicate`."""

    predicate: str = Field(
        description="min_years, holds_certificate, years_since_certificate, diploma, training_hours, "
        "apprenticeship_done, title or age_min",
        examples=["years_since_certificate"],
    )
    level: str | None = Field(default=None, description="of which level the certificate is", examples=["5"])
    years: float | None = Field(default=None, description="at least these years", examples=[4])
    hours: float | None = Field(default=None, description="at least these hours; null: the standard's course")
    kind: str | None = Field(default=None, description="of years: cumulative or continuous; of diplomas: which school")
    scope: str | None = Field(default=None, description="of years: this occupation, or related ones too")
    graduating_year: bool = Field(default=False, description="the final year at school counts as the diploma")


class Alternative(Record):
    """One line of the conditions: all of its predicates must hold."""

    all_of: tuple[Predicate, ...] = Field(description="at least one predicate")


class Conditions(Record):
    """Who may enter the exam of a level: any one alternative is enough."""

    level: str = Field(description="the level that is entered", examples=["4"])
    alternatives: tuple[Alternative, ...] = Field(description="any one of them")
    source: str = Field(description="the document the conditions come from")


class Staffing(Record):
    """How many people a part needs; the strictest of its numbers counts."""

    part: str = Field(description="part of the standard", examples=["theory"])
    role: str = Field(description="invigilator or assessor", examples=["invigilator"])
    candidates: int | None = Field(
        default=None, description="at most this many candidates to one of them; null: no ratio is given"
    )
    at_least: int = Field(description="never fewer than these in a room or group, whatever the ratio")
    odd: bool = Field(default=False, description="their number must be odd")
    source: str = Field(description="the document that says so")


class Training(Record):
    """The hours of the standard's own course for a level."""

    level: str = Field(description="the level the course leads to", examples=["5"])
    hours: float = Field(description="shortest length, hours", examples=[240])
    source: str = Field(description="the document that says so")


class Edition(Event):
    """Everything a hearer must know of an edition; each of its events carries all of it, so order does not matter."""

    standard: str = Field(description="id of the edition", examples=["rebar_worker-2019p"])
    occupation: str = Field(description="slug of the occupation catalogue", examples=["rebar_worker"])
    occupation_name: str = Field(description="Chinese name", examples=["钢筋工"])
    edition: str = Field(description="Chinese name of the edition")
    levels: tuple[str, ...] = Field(description="levels that can be examined, 5 junior … 1 senior technician")
    effective: date = Field(description="first day in force, Asia/Shanghai")
    parts: tuple[Part, ...] = Field(description="what is examined; each part is passed by itself")
    regime: str = Field(default="appraisal", description="appraisal or recognition")
    superseded_on: date | None = Field(default=None, description="first day on which a newer edition is in force")
    eligibility: tuple[Conditions, ...] = Field(
        default=(), description="conditions by level; a level without any is open to everybody"
    )
    related: tuple[str, ...] = Field(default=(), description="slugs of the occupations that count as related")
    staffing: tuple[Staffing, ...] = Field(default=(), description="invigilators and assessors that a part needs")
    training: tuple[Training, ...] = Field(
        default=(), description="hours of the standard's own course by level; absent where none were found"
    )


class StandardPublished(Edition):
    """An edition of an occupation's standard is in force from a day on."""

    type: ClassVar[str] = "registry.standard.published.v1"


class StandardSuperseded(Edition):
    """A newer edition takes an edition's place from `superseded_on`; batches begun under it stay under it."""

    type: ClassVar[str] = "registry.standard.superseded.v1"
