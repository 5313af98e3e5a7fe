"""What an edition must say, and the life of an edition, without a server."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given

from services.registry.standards.commands import Content
from services.registry.standards.domain import (
    LevelNotOffered,
    Repeated,
    Standard,
    State,
    UnknownOccupation,
    WrongCondition,
    WrongDay,
    WrongPart,
    WrongState,
    check,
    drafted,
    in_force,
    occupations,
    successions,
)
from shared.act import NATIONAL
from shared.errors import Fault
from shared.events.registry import StandardPublished, StandardSuperseded
from tests.registry.editions import CONTENT, MEASURE, asked, unhurried

TODAY = date(2019, 12, 1)
NOON = datetime(2019, 12, 1, 4, tzinfo=UTC)


def draft(name: str = "standard-1", **changes: Any) -> Standard:
    return drafted(name, NATIONAL, asked(**changes))


def published(name: str = "standard-1", at: datetime = NOON, **changes: Any) -> Standard:
    edition, _ = draft(name, **changes).published(at, TODAY)
    return edition


# -- what it must say ----------------------------------------------------------------------------------


@unhurried
@given(CONTENT)
def test_what_is_whole_passes(content: Content) -> None:
    check(content, MEASURE)


def changed(**more: Any) -> dict[str, Any]:
    theory = asked().parts[0].model_dump()
    return {"parts": [{**theory, **more}, asked().parts[1].model_dump()]}


def condition(**predicate: Any) -> dict[str, Any]:
    return {"eligibility": [{"level": "5", "alternatives": [{"all_of": [predicate]}], "source": "a document"}]}


def staffing(**more: Any) -> dict[str, Any]:
    return {"staffing": [{"part": "theory", "role": "assessor", "at_least": 3, "source": "a document", **more}]}


REBAR = asked().occupation.model_dump()


@pytest.mark.parametrize(
    ("changes", "fault", "field"),
    [
        ({"occupation": {**REBAR, "id": "plumber"}}, UnknownOccupation, "/occupation/id"),
        ({"occupation": {**REBAR, "name": "砌筑工"}}, UnknownOccupation, "/occupation/id"),
        ({"related": ["mason", "plumber"]}, UnknownOccupation, "/related/1"),
        ({"related": ["rebar_worker"]}, UnknownOccupation, "/related/0"),
        ({"related": ["mason", "mason"]}, Repeated, "/related/1"),
        ({"levels": ["5", "4", "chief"]}, LevelNotOffered, "/levels/2"),
        ({"levels": ["5", "4", "5"]}, Repeated, "/levels/2"),
        ({"levels": ["5"]}, LevelNotOffered, "/parts/0/levels"),
        ({"levels": ["5", "4", "3"]}, WrongPart, "/parts"),
        (changed(id="practical"), Repeated, "/parts/1"),
        (changed(levels=["5"]), WrongPart, "/parts"),
        (changed(pass_mark=101), WrongPart, "/parts/0/pass_mark"),
        (changed(pass_mark=0), WrongPart, "/parts/0/pass_mark"),
        (changed(out_of=float("inf")), WrongPart, "/parts/0/pass_mark"),
        (changed(pass_mark=float("nan")), WrongPart, "/parts/0/pass_mark"),
        (changed(minutes=0), WrongPart, "/parts/0/minutes"),
        (changed(dimensions=[{"id": "a", "name": "甲", "points": 99}]), WrongPart, "/parts/0/dimensions"),
        (changed(dimensions=[{"id": "a", "name": "甲", "points": 50}] * 2), Repeated, "/parts/0/dimensions/1"),
        (changed(dimensions=[{"id": "a", "name": "甲", "points": 0}]), WrongPart, "/parts/0/dimensions"),
        (condition(predicate="luck"), WrongCondition, "/eligibility/0/alternatives/0/all_of/0/predicate"),
        (condition(predicate="age_min"), WrongCondition, "/eligibility/0/alternatives/0/all_of/0/years"),
        (condition(predicate="age_min", years=-1), WrongCondition, "/eligibility/0/alternatives/0/all_of/0/years"),
        (
            condition(predicate="apprenticeship_done", level="5"),
            WrongCondition,
            "/eligibility/0/alternatives/0/all_of/0/level",
        ),
        (staffing(part="review"), WrongPart, "/staffing/0/part"),
        (staffing(role="cook"), WrongPart, "/staffing/0/role"),
        (staffing(at_least=0), WrongPart, "/staffing/0/at_least"),
        ({"training": [{"level": "3", "hours": 1, "source": "x"}]}, LevelNotOffered, "/training"),
        ({"training": [{"level": "5", "hours": 0, "source": "x"}]}, WrongCondition, "/training/0/hours"),
    ],
)
def test_what_is_not_whole_is_refused_with_the_field(changes: dict[str, Any], fault: type[Fault], field: str) -> None:
    with pytest.raises(fault) as refused:
        check(asked(**changes), MEASURE)
    assert refused.value.field == field


def test_a_level_beyond_the_edition_is_named_with_the_edition() -> None:
    with pytest.raises(LevelNotOffered, match="level 4 is not offered by edition 2020年试点修订版; add it"):
        check(asked(levels=["5"]), MEASURE)


def test_a_level_beyond_the_regime_is_named_with_the_rule_and_its_source() -> None:
    with pytest.raises(LevelNotOffered, match="the template of 2018") as refused:
        check(asked(levels=["chief"]), MEASURE)
    assert refused.value.rule == "standard.appraisal_levels"


# -- its life ------------------------------------------------------------------------------------------


def test_a_published_edition_tells_everything_a_hearer_needs() -> None:
    edition, (event,) = draft().published(NOON, TODAY)
    assert (edition.state, edition.published_at) == (State.PUBLISHED, NOON)
    assert isinstance(event, StandardPublished)
    assert (event.regime, event.superseded_on, event.related) == ("appraisal", None, ("mason",))
    for name in ("eligibility", "staffing", "training", "parts", "levels"):
        assert getattr(event, name) == getattr(edition, name) != ()


def test_an_edition_does_not_reach_back() -> None:
    with pytest.raises(WrongDay, match="mend the draft: 2020-01-02 or later") as refused:
        draft().published(NOON, date(2020, 1, 2))
    assert refused.value.field == "/effective"


def test_an_edition_may_be_in_force_from_the_day_it_is_published() -> None:
    edition, _ = draft().published(NOON, date(2020, 1, 1))
    assert in_force([edition], date(2020, 1, 1)) == [edition]
    assert in_force([edition], date(2019, 12, 31)) == []


def test_a_published_edition_never_changes() -> None:
    edition = published()
    with pytest.raises(WrongState, match="draft a new edition"):
        edition.mended(asked(edition="另一版"))
    with pytest.raises(WrongState, match="only a draft can be published"):
        edition.published(NOON, TODAY)


def test_a_superseded_edition_says_from_which_day() -> None:
    edition, (event,) = published().superseded(date(2021, 1, 1))
    assert (edition.state, edition.superseded_on) == (State.SUPERSEDED, date(2021, 1, 1))
    assert isinstance(event, StandardSuperseded)
    assert event.superseded_on == date(2021, 1, 1)
    assert edition.superseded(date(2021, 1, 1)) == (edition, [])
    assert edition.superseded(date(2022, 1, 1)) == (edition, [])
    earlier, (again,) = edition.superseded(date(2020, 7, 1))
    assert earlier.superseded_on == date(2020, 7, 1)
    assert isinstance(again, StandardSuperseded)


def test_a_draft_gives_way_to_nothing() -> None:
    with pytest.raises(WrongState):
        draft().superseded(date(2021, 1, 1))


def test_an_edition_is_in_force_until_the_day_before_the_next_of_its_occupation_and_regime() -> None:
    first, second = published("a"), published("b", effective="2021-01-01")
    other = published("c", effective="2020-06-01", regime="recognition")
    rows = [second, draft("d", effective="2020-03-01"), first, other]
    assert successions(rows) == {"a": date(2021, 1, 1)}
    assert [row.id for row in in_force(rows, date(2020, 12, 31))] == ["a", "c"]
    assert [row.id for row in in_force(rows, date(2021, 1, 1))] == ["b", "c"]


def test_of_two_with_the_same_first_day_the_one_published_later_counts() -> None:
    wrong, mended = published("z", NOON), published("a", NOON.replace(hour=5))
    assert successions([mended, wrong]) == {"z": date(2020, 1, 1)}
    assert in_force([wrong, mended], date(2020, 1, 1)) == [mended]


def test_an_occupation_bears_the_codes_of_its_newest_edition_begun() -> None:
    old = published("a")
    new = published("b", effective="2021-01-01", occupation={**REBAR, "classification_edition": "2022"})
    assert occupations([new, old, draft("c")], date(2020, 12, 31)) == [old.occupation]
    assert occupations([new, old], date(2021, 1, 1)) == [new.occupation]
    assert occupations([new], date(2019, 1, 1)) == [new.occupation]
