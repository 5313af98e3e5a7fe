"""Editions for the tests of standards: one that is whole, and strategies that draw many."""

from datetime import date
from typing import Any

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


LEVELS = st.lists(st.sampled_from(FIVE), min_size=1, unique=True).map(tuple)
WHOLE = st.integers(1, 300)
YEARS = WHOLE.map(float)
PREDICATE = st.one_of(
    st.builds(
        Predicate,
        predicate=st.just("min_years"),
        years=YEARS,
        kind=st.sampled_from(["cumulative", "continuous"]),
        scope=st.sampled_from(["this", "related"]),
    ),
    st.builds(Predicate, predicate=st.just("holds_certificate"), level=st.sampled_from([*FIVE, "pre_technician"])),
    st.builds(Predicate, predicate=st.just("years_since_certificate"), level=st.sampled_from(FIVE), years=YEARS),
    st.builds(
        Predicate,
        predicate=st.just("diploma"),
        kind=st.sampled_from(["technical_school", "senior_technical_school", "college"]),
        graduating_year=st.booleans(),
    ),
    st.builds(Predicate, predicate=st.just("training_hours"), hours=st.none() | YEARS),
    st.just(Predicate(predicate="apprenticeship_done")),
    st.builds(Predicate, predicate=st.just("title"), kind=st.sampled_from(["junior", "senior"]), years=YEARS),
    st.builds(Predicate, predicate=st.just("age_min"), years=YEARS),
)
ALTERNATIVE = st.builds(Alternative, all_of=st.lists(PREDICATE, min_size=1, max_size=3, unique=True).map(tuple))
SLUGS = ["safe_production", "conduct", "problem_solving"]


NEEDED = ("theory", "practical")


def _part(name: str, levels: tuple[str, ...], points: list[int]) -> st.SearchStrategy[Part]:
    """A part whose dimensions have these points."""
    rows = tuple(Dimension(id=slug, name=f"{slug}项", points=p) for slug, p in zip(SLUGS, points, strict=False))
    total = float(sum(points) or 100)
    return st.builds(
        Part,
        id=st.just(name),
        out_of=st.just(total),
        pass_mark=st.floats(0.5, total).map(lambda mark: min(round(mark, 1), total)),
        minutes=WHOLE,
        levels=st.just(levels),
        dimensions=st.just(rows),
    )


def _scored(name: str, levels: tuple[str, ...]) -> st.SearchStrategy[Part]:
    return st.lists(WHOLE, max_size=len(SLUGS)).flatmap(lambda points: _part(name, levels, points))


def _parts(levels: tuple[str, ...]) -> st.SearchStrategy[tuple[Part, ...]]:
    """Theory and practical for all levels, perhaps a review; the points of the dimensions sum up."""
    review = st.none() | _part("review", levels[:1], [])
    drawn = st.tuples(_scored("theory", levels), _scored("practical", levels), review)
    return drawn.map(lambda three: tuple(part for part in three if part is not None))


def _content(levels: tuple[str, ...]) -> st.SearchStrategy[Content]:
    some = st.lists(st.sampled_from(levels), unique=True)
    conditions = some.flatmap(
        lambda named: st.tuples(
            *(
                st.builds(
                    Conditions,
                    level=st.just(level),
                    alternatives=st.lists(ALTERNATIVE, min_size=1, max_size=3).map(tuple),
                    source=st.just("a document"),
                )
                for level in named
            )
        )
    )
    staffing = st.builds(
        Staffing,
        part=st.sampled_from(NEEDED),
        role=st.sampled_from(["invigilator", "assessor"]),
        candidates=st.none() | WHOLE,
        at_least=WHOLE,
        odd=st.booleans(),
        source=st.just("a document"),
    )
    training = some.flatmap(
        lambda named: st.tuples(
            *(st.builds(Training, level=st.just(level), hours=YEARS, source=st.just("a document")) for level in named)
        )
    )
    whole = asked()
    return st.builds(
        Content,
        occupation=st.just(whole.occupation),
        edition=st.sampled_from(["甲版", "乙版"]),
        regime=st.sampled_from(Regime),
        effective=st.dates(date(2019, 8, 1), date(2030, 1, 1)),
        levels=st.just(tuple(map(Level, levels))),
        parts=_parts(levels),
        eligibility=conditions,
        staffing=st.lists(staffing, max_size=3, unique_by=lambda row: (row.part, row.role)).map(tuple),
        training=training,
        related=st.lists(st.sampled_from(["mason", "scaffolder"]), unique=True).map(tuple),
        sources=st.just(whole.sources),
    )


CONTENT = LEVELS.flatmap(_content)
