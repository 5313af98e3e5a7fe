"""The difference of two editions says all that changed, nothing else, and the same from both sides."""

from datetime import date
from typing import Any

from hypothesis import given
from pydantic import JsonValue

from services.registry.standards.commands import Content
from services.registry.standards.domain import Change, difference, facts
from tests.registry.editions import CONTENT, asked, unhurried

TURNED = {"added": "removed", "removed": "added", "changed": "changed"}


def values(content: Content) -> dict[str, JsonValue]:
    return {place: fact.value for place, fact in facts(content).items()}


def applied(said: dict[str, JsonValue], changes: list[Change]) -> dict[str, JsonValue]:
    """What an edition says after the changes; each must fit what it said before."""
    result = dict(said)
    for change in changes:
        assert result.pop(change.place, None) == change.before
        if change.what != "removed":
            result[change.place] = change.after
    return result


@unhurried
@given(CONTENT)
def test_an_edition_does_not_differ_from_itself(content: Content) -> None:
    assert difference(content, content) == []


@unhurried
@given(CONTENT, CONTENT)
def test_the_changes_applied_to_one_edition_give_the_other(one: Content, other: Content) -> None:
    assert applied(values(one), difference(one, other)) == values(other)


@unhurried
@given(CONTENT, CONTENT)
def test_seen_from_the_other_side_before_and_after_are_swapped(one: Content, other: Content) -> None:
    there, back = difference(one, other), difference(other, one)
    assert {(c.place, c.what, str(c.before), str(c.after)) for c in there} == {
        (c.place, TURNED[c.what], str(c.after), str(c.before)) for c in back
    }


@unhurried
@given(CONTENT)
def test_the_order_of_levels_parts_and_conditions_is_no_difference(content: Content) -> None:
    turned = {name: getattr(content, name)[::-1] for name in ("levels", "parts", "eligibility", "staffing", "related")}
    assert difference(content, content.model_copy(update=turned)) == []


def one(**changes: Any) -> Change:
    """The only change between the example and one with something changed."""
    (change,) = difference(asked(), asked(**changes))
    return change


def part(number: int, **more: Any) -> dict[str, Any]:
    rows = [row.model_dump() for row in asked().parts]
    rows[number] |= more
    return {"parts": rows}


def test_a_pass_mark_that_rises_reads_as_a_sentence_in_both_languages() -> None:
    change = one(**part(0, pass_mark=70))
    assert (change.place, change.what, change.before, change.after) == ("/parts/theory/pass_mark", "changed", 60, 70)
    assert change.sentence_zh == "变更：理论知识考试的合格线，由60分改为70分。"
    assert change.sentence_en == "Changed: pass mark of the theory exam, from 60 points to 70 points."


def test_every_thing_an_edition_says_is_compared() -> None:
    places = {
        one(levels=["5", "4", "3"]).place,
        one(**part(1, minutes=90)).place,
        one(**part(0, levels=["5"])).place,
        one(eligibility=[]).place,
        one(staffing=[{**asked().staffing[0].model_dump(), "at_least": 3}]).place,
        one(staffing=[{**asked().staffing[0].model_dump(), "candidates": 20}]).place,
        one(staffing=[{**asked().staffing[0].model_dump(), "odd": True}]).place,
        one(training=[]).place,
        one(related=[]).place,
        one(effective=date(2020, 2, 1)).place,
        one(regime="recognition").place,
        one(occupation={**asked().occupation.model_dump(), "classification_edition": "2022"}).place,
        one(occupation={**asked().occupation.model_dump(), "work_type": "021"}).place,
    }
    assert places == {
        "/levels/3",
        "/parts/practical/minutes",
        "/parts/theory/levels/4",
        "/eligibility/5/1 cumulative years in this or a related occupation",
        "/staffing/theory/invigilator/at_least",
        "/staffing/theory/invigilator/candidates",
        "/staffing/theory/invigilator/odd",
        "/training/5",
        "/related/mason",
        "/effective",
        "/regime",
        "/occupation/classification",
        "/occupation/work_type",
    }


def test_points_that_move_between_dimensions_are_two_changes_and_a_new_condition_is_one_line() -> None:
    lines = [line.model_dump() for line in asked().parts[1].dimensions]
    moved = [{**lines[0], "points": 50}, {**lines[1], "points": 50}]
    changes = difference(asked(), asked(**part(1, dimensions=moved)))
    assert [(change.place, change.before, change.after) for change in changes] == [
        ("/parts/practical/dimensions/safe_production/points", 40, 50),
        ("/parts/practical/dimensions/task_completion/points", 60, 50),
    ]
    row = asked().eligibility[0].model_dump()
    predicates = [{"predicate": "training_hours"}, {"predicate": "years_since_certificate", "level": "5", "years": 4}]
    more = {**row, "alternatives": [*row["alternatives"], {"all_of": predicates}]}
    change = one(eligibility=[more])
    assert (change.what, change.before) == ("added", None)
    assert (
        change.sentence_zh
        == "新增：五级/初级工的申报条件，取得五级/初级工证书后从事4年，且完成正规培训本标准规定学时。"
    )
    assert change.sentence_en == (
        "Added: condition for level 5 (junior worker), 4 years since a certificate of level 5 (junior worker) "
        "and training of the standard's own course."
    )
