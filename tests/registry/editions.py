"""Editions for the tests of standards: one that is whole, and strategies that draw many."""

from datetime import date
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from services.registry.standards.commands import EXAMPLE, Content, DraftStandard, Regime
from services.registry.standards.domain import Demand, Measure
from shared.events.registry import Alternative, Conditions, Dimension, Part, Predicate, Staffing, Training
from shared.levels import Level

NAMES = {"rebar_worker": "钢筋工", "mason": "砌筑工", "scaffolder": "架子工"}
PREDICATES = {
    "min_years": ("years", "kind", "scope"),
    "holds_certificate": ("level",),
    "years_since_certificate": ("level", "years"),
    "diploma": ("kind", "graduating_year"),
    "training_hours": ("hours",),
    "apprenticeship_done": (),
    "title": ("kind", "years"),
    "age_min": ("years",),
}
FIVE = ("5", "4", "3", "2", "1")
MEASURE = Measure(
    NAMES,
    "the notice",
    PREDICATES,
    Demand(FIVE, "standard.appraisal_levels", "the template of 2018"),
    Demand(("theory", "practical"), "standard.parts", "the template of 2018"),
)


def asked(**changes: Any) -> DraftStandard:
    """A draft that is whole, with some of its fields changed."""
    return DraftStandard.model_validate({**EXAMPLE, "effective": "2020-01-01", **changes})


SLUGS = ("safe_production", "conduct", "problem_solving")
LINES = tuple(
    Alternative(all_of=tuple(map(Predicate.model_validate, row)))
    for row in (
        [{"predicate": "min_years", "years": 1, "kind": "cumulative", "scope": "related"}],
        [{"predicate": "min_years", "years": 1, "kind": "continuous", "scope": "related"}],
        [{"predicate": "min_years", "years": 1, "kind": "continuous", "scope": "this"}],
        [{"predicate": "min_years", "years": 2, "kind": "continuous", "scope": "this"}],
        [{"predicate": "holds_certificate", "level": "pre_technician"}, {"predicate": "training_hours"}],
        [{"predicate": "training_hours"}, {"predicate": "holds_certificate", "level": "4"}],
        [{"predicate": "training_hours", "hours": 240}, {"predicate": "holds_certificate", "level": "4"}],
        [{"predicate": "years_since_certificate", "level": "4", "years": 0.5}],
        [{"predicate": "diploma", "kind": "college"}],
        [{"predicate": "diploma", "kind": "college", "graduating_year": True}],
        [{"predicate": "apprenticeship_done"}],
        [{"predicate": "title", "kind": "senior", "years": 1}, {"predicate": "age_min", "years": 18}],
    )
)
POINTS = st.integers(1, 4).map(lambda number: number * 25)


@st.composite
def contents(draw: st.DrawFn) -> Content:
    """Editions that are whole, few of them alike."""
    levels = tuple(draw(st.lists(st.sampled_from(FIVE), min_size=1, unique=True)))
    parts = [_part(draw, name, levels) for name in ("theory", "practical")]
    parts += [_part(draw, "review", levels[:1])] if draw(st.booleans()) else []
    some = st.lists(st.sampled_from(levels), unique=True, max_size=2)
    whole = asked()
    return Content(
        occupation=whole.occupation,
        edition="甲版",
        regime=draw(st.sampled_from(Regime)),
        effective=draw(st.sampled_from([date(2020, 1, 1), date(2021, 1, 1)])),
        levels=tuple(map(Level, levels)),
        parts=tuple(parts),
        eligibility=tuple(_conditions(draw, level) for level in draw(some)),
        staffing=tuple(_staffing(draw, part.id) for part in parts if draw(st.booleans())),
        training=tuple(Training(level=level, hours=draw(POINTS), source="a document") for level in draw(some)),
        related=tuple(draw(st.lists(st.sampled_from(["mason", "scaffolder"]), unique=True))),
        sources=whole.sources,
    )


def _part(draw: st.DrawFn, name: str, levels: tuple[str, ...]) -> Part:
    points = draw(st.lists(POINTS, max_size=len(SLUGS)))
    lines = zip(SLUGS, points, strict=False)
    out_of = sum(points) or 100
    return Part(
        id=name,
        out_of=out_of,
        pass_mark=draw(st.sampled_from([0.5, out_of / 3, out_of])),
        minutes=draw(POINTS),
        levels=levels,
        dimensions=tuple(Dimension(id=slug, name=f"{slug}项", points=number) for slug, number in lines),
    )


def _conditions(draw: st.DrawFn, level: str) -> Conditions:
    lines = draw(st.lists(st.sampled_from(LINES), min_size=1, max_size=3))
    return Conditions(level=level, alternatives=tuple(lines), source="a document")


def _staffing(draw: st.DrawFn, part: str) -> Staffing:
    return Staffing(
        part=part,
        role=draw(st.sampled_from(["invigilator", "assessor"])),
        candidates=draw(st.none() | POINTS),
        at_least=draw(st.integers(1, 5)),
        odd=draw(st.booleans()),
        source="a document",
    )


CONTENT = contents()
unhurried = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""An edition is large: on a busy machine drawing one takes longer than a small test may."""
