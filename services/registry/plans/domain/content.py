"""What a work plan holds, and what of it can be refused without looking at any other plan."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any

from pydantic import Field

from services.registry.plans.commands import SubmitPlan
from shared.errors import Fault, Kind
from shared.events.base import Record
from shared.events.registry import Scope
from shared.workdays import years_later

Offered = Mapping[str, frozenset[str]]
"""Levels offered by the standard editions in force, by occupation."""


class PlanKind(StrEnum):
    """Whose plan it is: the frame of an authority's whole line, or one unit's own."""

    OVERALL = "overall"
    UNIT = "unit"


class OutsideStandards(Fault):
    """The plan names an occupation or level that no published standard offers."""

    slug, kind = "plan-outside-standards", Kind.CONFLICT


class RepeatedScope(Fault):
    """The plan names an occupation twice."""

    slug, kind = "plan-scope-repeated", Kind.CONFLICT


class WrongPeriod(Fault):
    """The plan's days do not form a period that can be filed."""

    slug, kind = "plan-period", Kind.CONFLICT


class IncompletePlan(Fault):
    """The plan lacks a section that its kind must have, or has one that no plan has."""

    slug, kind = "plan-sections", Kind.CONFLICT


class Section(Record):
    """A section of a plan as the data file names it, and the kinds of plan that must have it."""

    id: str
    zh: str
    en: str
    required: tuple[PlanKind, ...]

    def optional(self) -> "Section":
        """The same section where none must be there, as in remarks."""
        return self.model_copy(update={"required": ()})


class Planned(Scope):
    """One occupation and its levels with the candidates expected; plans from before 2026-11 expect none."""

    numbers: int = 0


class Attached(Record):
    """A document kept elsewhere."""

    name: str
    url: str
    sha256: str


class Content(Record):
    """What is submitted and filed; a plan, its amendment and each filed edition have one."""

    title: str
    scopes: tuple[Planned, ...]
    regions: tuple[str, ...] = ()
    valid_from: date
    valid_until: date
    sections: dict[str, str] = Field(default={})
    attachments: tuple[Attached, ...] = ()

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of the content alone, for whatever else holds them."""
        return {name: getattr(self, name) for name in Content.model_fields}

    @property
    def numbers(self) -> dict[str, int]:
        """Candidates expected by occupation."""
        return {scope.occupation: scope.numbers for scope in self.scopes}

    @property
    def told_scopes(self) -> tuple[Scope, ...]:
        """Occupations and levels as events name them."""
        return tuple(Scope(occupation=scope.occupation, levels=scope.levels) for scope in self.scopes)


def content_of(asked: SubmitPlan) -> Content:
    """What a command asks for, as it is kept."""
    return Content.model_validate(asked.model_dump(exclude={"submit"}))


def check(content: Content, kind: PlanKind, offered: Offered, sections: Sequence[Section], longest_years: int) -> None:
    """Refuse what no standard offers, what is no period (`body.filing_years` bounds it), what is incomplete."""
    named: set[str] = set()
    for place, scope in enumerate(content.scopes):
        _check_scope(scope, offered, named, f"/scopes/{place}")
        named.add(scope.occupation)
    if content.valid_until < content.valid_from:
        raise WrongPeriod("the last day lies before the first", field="/valid_until")
    if content.valid_until >= years_later(content.valid_from, longest_years):
        raise WrongPeriod(f"a plan holds at most {longest_years} years", field="/valid_until", rule="body.filing_years")
    check_sections(content.sections, kind, sections)


def check_sections(given: Mapping[str, str], kind: PlanKind, sections: Sequence[Section]) -> None:
    """Refuse missing and unknown sections, each by name."""
    if faults := list(_section_faults(given, kind, sections)):
        names = ", ".join(str(fault.field).rsplit("/", 1)[-1] for fault in faults)
        raise IncompletePlan(f"mend these sections: {names}", rule="plan.sections", further=faults)


def _section_faults(given: Mapping[str, str], kind: PlanKind, sections: Sequence[Section]) -> Iterator[Fault]:
    for section in sections:
        if kind in section.required and not given.get(section.id, "").strip():
            detail = f"a plan of kind {kind} needs the section {section.id} ({section.zh}, {section.en}); write it"
            yield IncompletePlan(detail, field=f"/sections/{section.id}", rule="plan.sections")
    for name in sorted(given.keys() - {section.id for section in sections}):
        known = ", ".join(section.id for section in sections)
        detail = f"no plan has a section {name}; the sections are: {known}"
        yield IncompletePlan(detail, field=f"/sections/{name}", rule="plan.sections")


def _check_scope(scope: Scope, offered: Offered, named: set[str], pointer: str) -> None:
    if scope.occupation not in offered:
        raise OutsideStandards(f"no standard of {scope.occupation} is published", field=f"{pointer}/occupation")
    if scope.occupation in named:
        raise RepeatedScope(f"{scope.occupation} is named before; put its levels there", field=f"{pointer}/occupation")
    if not scope.levels:
        raise OutsideStandards("name at least one level", field=f"{pointer}/levels")
    if beyond := set(scope.levels) - offered[scope.occupation]:
        levels = ", ".join(sorted(beyond))
        raise OutsideStandards(f"level {levels} is not offered for {scope.occupation}", field=f"{pointer}/levels")
