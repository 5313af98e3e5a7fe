"""What a rule file must be, and which version of a rule answers on which day."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from shared.rulebook import BrokenRulebook, Rule, Rulebook, UnknownRule, WrongRuleKind

FIRST = date(2019, 8, 1)


def rule(key: str = "exam.pass_mark", value: Any = 60, effective: str = "2019-08-01", **more: Any) -> dict[str, Any]:
    basis = {"unit": "points", "source": "a standard of 2018", "status": "official"}
    return {"key": key, "value": value, "effective": effective, **basis, **more}


def file_with(folder: Path, *rules: dict[str, Any]) -> Path:
    path = folder / "rules.json"
    path.write_text(json.dumps({"schema": 1, "rules": rules}), encoding="utf-8")
    return path


def book(folder: Path, *rules: dict[str, Any]) -> Rulebook:
    return Rulebook.load(file_with(folder, *rules))


def test_the_version_in_force_that_day_answers(tmp_path: Path) -> None:
    rules = book(tmp_path, rule(value=70, effective="2024-01-01"), rule(value=60))
    assert rules.integer("exam.pass_mark", on=date(2023, 12, 31)) == 60
    assert rules.integer("exam.pass_mark", on=date(2024, 1, 1)) == 70
    assert rules.integer("exam.pass_mark", on=date(2099, 1, 1)) == 70


def test_a_rule_says_nothing_before_its_first_version(tmp_path: Path) -> None:
    rules = book(tmp_path, rule())
    with pytest.raises(UnknownRule, match=r"exam\.pass_mark begins on 2019-08-01, asked for 2019-07-31"):
        rules.integer("exam.pass_mark", on=FIRST - timedelta(days=1))


def test_a_key_nobody_wrote_is_unknown_and_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownRule, match=r"no rule exam\.colour") as refusal:
        book(tmp_path, rule()).text("exam.colour", on=FIRST)
    assert refusal.value.rule == "exam.colour"


def test_a_rule_is_explained_with_its_source(tmp_path: Path) -> None:
    explained = book(tmp_path, rule()).explain("exam.pass_mark", FIRST)
    assert explained == Rule.model_validate(rule())
    assert (explained.source, explained.status, explained.unit) == (
        "a standard of 2018",
        "official",
        "points",
    )


def test_each_kind_of_value_is_read_as_that_kind(tmp_path: Path) -> None:
    rules = book(tmp_path, rule("a.b", 5), rule("a.c", 2.5), rule("a.d", value=True), rule("a.e", "appraisal"))
    assert rules.integer("a.b", on=FIRST) == 5
    assert rules.number("a.c", on=FIRST) == 2.5
    assert rules.number("a.b", on=FIRST) == 5.0
    assert rules.boolean("a.d", on=FIRST) is True
    assert rules.text("a.e", on=FIRST) == "appraisal"
    assert rules.keys == {"a.b", "a.c", "a.d", "a.e"}


class Stage(BaseModel):
    id: str
    opens: date


def test_a_list_of_things_is_read_into_models(tmp_path: Path) -> None:
    rules = book(tmp_path, rule("cycle.stages", [{"id": "launch", "opens": "2019-08-01"}]))
    assert rules.value("cycle.stages", list[Stage], on=FIRST) == [Stage(id="launch", opens=FIRST)]


@pytest.mark.parametrize("value", ["60", True, 60.5, [60], None])
def test_a_value_is_never_bent_into_a_whole_number(tmp_path: Path, value: Any) -> None:
    with pytest.raises(WrongRuleKind, match=r"exam\.pass_mark of 2019-08-01: value: "):
        book(tmp_path, rule(value=value)).integer("exam.pass_mark", on=FIRST)


def test_a_reader_cannot_change_a_rule(tmp_path: Path) -> None:
    rules = book(tmp_path, rule("assessor.levels", ["5", "4"]))
    rules.value("assessor.levels", list[str], on=FIRST).clear()
    assert rules.value("assessor.levels", list[str], on=FIRST) == ["5", "4"]


@pytest.mark.parametrize(
    ("bad", "place"),
    [
        (rule(status="certain"), r"rules\[1\]\.status"),
        (rule(effective="2019-13-01"), r"rules\[1\]\.effective"),
        (rule(source=""), r"rules\[1\]\.source"),
        (rule(colour="red"), r"rules\[1\]\.colour"),
        (rule("PassMark"), r"rules\[1\]\.key"),
        ({"key": "a.b"}, r"rules\[1\]\.value"),
    ],
)
def test_a_broken_rule_is_named_by_file_index_and_field(tmp_path: Path, bad: dict[str, Any], place: str) -> None:
    with pytest.raises(BrokenRulebook, match=rf"rules\.json: {place}: "):
        book(tmp_path, rule("a.fine"), bad)


def test_every_broken_place_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(BrokenRulebook) as refusal:
        book(tmp_path, rule(unit=""), rule("a.b", status="sure"))
    assert [line.split(": ")[1] for line in refusal.value.detail.splitlines()] == [
        "rules[0].unit",
        "rules[1].status",
    ]


def test_two_versions_of_one_day_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokenRulebook, match=r"rules\[2\]\.effective: exam\.pass_mark .* at rules\[0\]"):
        book(tmp_path, rule(), rule("a.b"), rule(value=70))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 2, "rules": []}', '{"rules": []}'])
def test_a_file_that_is_no_rule_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rules.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BrokenRulebook, match=r"rules\.json: (the file|schema): "):
        Rulebook.load(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BrokenRulebook, match=r"nowhere\.json: cannot be read"):
        Rulebook.load(tmp_path / "nowhere.json")


@given(st.lists(st.dates(), min_size=1, max_size=8, unique=True), st.dates())
def test_whatever_the_order_of_versions_the_latest_begun_one_answers(begins: list[date], day: date) -> None:
    rules = Rulebook(tuple(Rule.model_validate(rule(value=b.isoformat(), effective=b.isoformat())) for b in begins))
    begun = [b for b in begins if b <= day]
    if begun:
        assert rules.text("exam.pass_mark", on=day) == max(begun).isoformat()
    else:
        with pytest.raises(UnknownRule):
            rules.text("exam.pass_mark", on=day)
