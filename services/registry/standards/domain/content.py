"""What an edition must say to be whole: refused with the place, the rule and its source."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from services.registry.standards.commands import Content
from shared.errors import Fault, Kind
from shared.events.registry import Part, Predicate

ROLES = ("invigilator", "assessor")
LONGEST = 1_000_000.0
"""Beyond every number of points, minutes, hours or years."""


class UnknownOccupation(Fault):
    """The occupation is not one of the pilot's."""

    slug, kind = "standard-occupation", Kind.CONFLICT


class LevelNotOffered(Fault):
    """A level is named that the edition or its regime does not offer."""

    slug, kind = "standard-level", Kind.CONFLICT


class Repeated(Fault):
    """Something stands twice that can stand once."""

    slug, kind = "standard-repeated", Kind.CONFLICT


class WrongPart(Fault):
    """A part is missing or cannot be scored as it is described."""

    slug, kind = "standard-part", Kind.CONFLICT


class WrongCondition(Fault):
    """A condition cannot be decided as it is described."""

    slug, kind = "standard-condition", Kind.CONFLICT


@dataclass(frozen=True)
class Demand:
    """The value of a rule that every edition keeps, with the rule's key and source."""

    values: tuple[str, ...]
    rule: str
    source: str


@dataclass(frozen=True)
class Measure:
    """What an edition is measured by: the pilot's occupations, the known predicates, the rules in force."""

    occupations: Mapping[str, str]
    """Chinese name by slug."""
    occupations_source: str
    predicates: Mapping[str, tuple[str, ...]]
    """The fields of each predicate that count."""
    levels: Demand
    """The levels of the edition's regime."""
    parts: Demand
    """The parts that every level has."""


def check(asked: Content, measure: Measure) -> None:
    """Refuse a content that is not whole or contradicts itself."""
    _check_occupations(asked, measure)
    _check_levels(asked, measure.levels)
    _check_parts(asked, measure.parts)
    _check_conditions(asked, measure.predicates)
    _check_staffing(asked)
    _check_training(asked)


def _check_occupations(asked: Content, measure: Measure) -> None:
    if measure.occupations.get(asked.occupation.id) != asked.occupation.name:
        named = ", ".join(f"{slug} {name}" for slug, name in measure.occupations.items())
        raise UnknownOccupation(
            f"{measure.occupations_source} names these and no others: {named}", field="/occupation/id"
        )
    _once(asked.related, "/related")
    for place, slug in enumerate(asked.related):
        if slug == asked.occupation.id or slug not in measure.occupations:
            raise UnknownOccupation(
                f"{slug} is not another occupation of the catalogue; name those of it", field=f"/related/{place}"
            )


def _check_levels(asked: Content, offered: Demand) -> None:
    _once(asked.levels, "/levels")
    for place, level in enumerate(asked.levels):
        if level not in offered.values:
            named = ", ".join(offered.values)
            raise LevelNotOffered(
                f"the regime {asked.regime} has level {named} ({offered.source}); take level {level} out",
                field=f"/levels/{place}",
                rule=offered.rule,
            )


def _check_parts(asked: Content, needed: Demand) -> None:
    _once((part.id for part in asked.parts), "/parts")
    for place, part in enumerate(asked.parts):
        pointer = f"/parts/{place}"
        _offers(asked, part.levels, f"{pointer}/levels")
        _check_marks(part, pointer)
    for level in asked.levels:
        examined = {part.id for part in asked.parts if level in part.levels}
        if missing := set(needed.values) - examined:
            named = ", ".join(sorted(missing))
            raise WrongPart(
                f"level {level} has no {named}; every level has {', '.join(needed.values)} ({needed.source})",
                field="/parts",
                rule=needed.rule,
            )


def _check_marks(part: Part, pointer: str) -> None:
    if not _fits(part.out_of) or not _fits(part.pass_mark) or part.pass_mark > part.out_of:
        raise WrongPart("the pass mark lies above 0 and not above the points of the part", field=f"{pointer}/pass_mark")
    if not _fits(part.minutes):
        raise WrongPart("a part takes at least one minute", field=f"{pointer}/minutes")
    _once((line.id for line in part.dimensions), f"{pointer}/dimensions")
    points = [line.points for line in part.dimensions]
    if not all(map(_fits, points)):
        raise WrongPart("every dimension has points above 0", field=f"{pointer}/dimensions")
    if points and not math.isclose(sum(points), part.out_of):
        raise WrongPart(
            f"the dimensions sum to {sum(points):g}, the part has {part.out_of:g} points; make them equal",
            field=f"{pointer}/dimensions",
        )


def _check_conditions(asked: Content, predicates: Mapping[str, tuple[str, ...]]) -> None:
    _once((row.level for row in asked.eligibility), "/eligibility")
    _offers(asked, (row.level for row in asked.eligibility), "/eligibility")
    for place, row in enumerate(asked.eligibility):
        for number, alternative in enumerate(row.alternatives):
            pointer = f"/eligibility/{place}/alternatives/{number}/all_of"
            if not alternative.all_of:
                raise WrongCondition("name at least one predicate, or take the line out", field=pointer)
            for item, predicate in enumerate(alternative.all_of):
                _check_predicate(predicate, predicates, f"{pointer}/{item}")


def _check_predicate(asked: Predicate, predicates: Mapping[str, tuple[str, ...]], pointer: str) -> None:
    if asked.predicate not in predicates:
        named = ", ".join(predicates)
        raise WrongCondition(f"{asked.predicate} is no predicate; choose of: {named}", field=f"{pointer}/predicate")
    counting = set(predicates[asked.predicate])
    given = {name for name in Predicate.model_fields if getattr(asked, name) not in (None, False)} - {"predicate"}
    if beyond := given - counting:
        name = min(beyond)
        raise WrongCondition(f"{name} does not count for {asked.predicate}; take it out", field=f"{pointer}/{name}")
    if missing := counting - given - {"hours", "graduating_year"}:
        name = min(missing)
        raise WrongCondition(f"{asked.predicate} needs {name}", field=f"{pointer}/{name}")
    for name in ("years", "hours"):
        if not _fits(getattr(asked, name) or 1):
            raise WrongCondition(f"{name} is a number above 0", field=f"{pointer}/{name}")


def _check_staffing(asked: Content) -> None:
    _once(((row.part, row.role) for row in asked.staffing), "/staffing")
    parts = {part.id for part in asked.parts}
    for place, row in enumerate(asked.staffing):
        pointer = f"/staffing/{place}"
        if row.part not in parts:
            raise WrongPart(f"the edition has no part {row.part}; name one of it", field=f"{pointer}/part")
        if row.role not in ROLES:
            raise WrongPart(f"the role is one of: {', '.join(ROLES)}", field=f"{pointer}/role")
        if row.at_least < 1 or (row.candidates is not None and row.candidates < 1):
            raise WrongPart("people and candidates are counted from 1", field=f"{pointer}/at_least")


def _check_training(asked: Content) -> None:
    _once((row.level for row in asked.training), "/training")
    _offers(asked, (row.level for row in asked.training), "/training")
    for place, row in enumerate(asked.training):
        if not _fits(row.hours):
            raise WrongCondition("a course has hours above 0", field=f"/training/{place}/hours")


def _offers(asked: Content, levels: Iterable[str], pointer: str) -> None:
    for level in levels:
        if level not in asked.levels:
            raise LevelNotOffered(
                f"level {level} is not offered by edition {asked.edition}; add it to its levels, or take it out here",
                field=pointer,
            )


def _once(named: Iterable[object], pointer: str) -> None:
    rest: Iterator[object] = iter(named)
    seen: set[object] = set()
    for place, name in enumerate(rest):
        if name in seen:
            shown = " ".join(name) if isinstance(name, tuple) else name
            raise Repeated(f"{shown} stands before; keep one of them", field=f"{pointer}/{place}")
        seen.add(name)


def _fits(number: float) -> bool:
    return 0 < number < LONGEST  # a number that is none fits nowhere
