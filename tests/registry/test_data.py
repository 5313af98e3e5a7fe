"""The trade's facts are complete, agree with each other and with the notice, and name their sources."""

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from stdnum import numdb
from stdnum.cn import uscc

from services.registry.standards.domain import check
from services.registry.standards.domain.words import level_name
from services.registry.standards.handlers import measure
from services.registry.standards.storage import catalogue, in_files
from shared.levels import Level
from shared.rulebook import Rulebook

SERVICES = Path(__file__).parents[2] / "services"
FILES = sorted(SERVICES.glob("*/data/*.json"))
RULE_FILES = sorted(SERVICES.glob("*/data/rules.json"))
PILOT_BEGINS = date(2019, 8, 1)

# the sentence of the notice, section 2 (1)
NOTICE_SENTENCE = (
    "筑路工、桥隧工、防水工、砌筑工、混凝土工、钢筋工、架子工、水生产处理工、手工木工、"
    "智能楼宇管理员、中央空调系统运行操作员"
)
NOTICE_OCCUPATIONS = NOTICE_SENTENCE.split("、")
# the sentence of the notice, section 2 (2), and the conduct it asks for beside ability
NOTICE_DIMENSIONS = ["执行操作规程", "开展安全生产", "解决生产问题", "完成工作任务", "职业素养"]
PARTS_OF_A_NUMBER = {"year": 2, "issuer": 8, "level": 1, "serial": 5}
# provinces of GB/T 2260 that the notice does not address: Taiwan, Hong Kong, Macao
NOT_ADDRESSED = {"71", "81", "82"}


def read(service: str, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((SERVICES / service / "data" / name).read_text(encoding="utf-8"))
    return content


OCCUPATIONS = read("registry", "occupations.json")["occupations"]
STANDARDS = read("registry", "standards.json")
ORGANISATIONS = read("registry", "organisations.json")
NUMBERS = read("registry", "numbers.json")["formats"]
FORM = read("evaluation", "form.json")
EVALUATION_RULES = Rulebook.load(SERVICES / "evaluation" / "data" / "rules.json")


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside a value, itself included."""
    if isinstance(value, dict):
        yield value
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in parts:
        yield from objects(part)


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_data_file_is_readable_as_text(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert json.loads(text)["schema"] == 1
    assert "\\u" not in text, "Chinese stands unescaped"
    assert text.endswith("}\n")


SOURCED = ["occupations", "standards", "organisations", "numbers", "programmes", "cards", "plan_sections"]


@pytest.mark.parametrize("name", SOURCED)
def test_every_fact_says_how_sure_it_is_and_who_says_so(name: str) -> None:
    content = read("registry", f"{name}.json")
    facts = [thing for thing in objects(content) if isinstance(thing.get("status"), str)]
    assert facts
    assert {fact["status"] for fact in facts} <= set(content["statuses"])
    assert {fact["source"] for fact in facts} == set(content["sources"]), "each source is used, each use has one"


@pytest.mark.parametrize("file", RULE_FILES, ids=str)
def test_a_rule_file_loads_and_every_rule_is_in_force_when_the_pilot_begins(file: Path) -> None:
    rules = Rulebook.load(file)
    assert rules.keys
    for key in rules.keys:
        assert rules.explain(key, PILOT_BEGINS).source


def test_a_rule_two_services_need_says_the_same_to_both() -> None:
    books = [Rulebook.load(file) for file in RULE_FILES]
    for key in set().union(*(book.keys for book in books)):
        versions = [book.explain(key, PILOT_BEGINS) for book in books if key in book.keys]
        assert all(version == versions[0] for version in versions)


def test_the_occupations_are_those_of_the_notice() -> None:
    assert [occupation["name_zh"]["value"] for occupation in OCCUPATIONS] == NOTICE_OCCUPATIONS
    assert all(occupation["pilot"] is True for occupation in OCCUPATIONS)


def test_an_occupation_has_a_name_and_codes_of_its_own_of_the_right_form() -> None:
    for code in ("id", "classification", "work_type"):
        assert len({json.dumps(occupation[code]) for occupation in OCCUPATIONS}) == len(NOTICE_OCCUPATIONS)
    for occupation in OCCUPATIONS:
        assert re.fullmatch(r"[a-z_]+", occupation["id"])
        assert occupation["name_en"]["value"]
        assert re.fullmatch(r"\d-\d{2}-\d{2}-\d{2}", occupation["classification"]["value"])
        assert occupation["classification"]["edition"] in {"2015", "2022-draft"}
        assert re.fullmatch(r"\d{3}", occupation["work_type"]["value"])


def test_a_code_recalled_from_memory_does_not_pass_for_a_published_one() -> None:
    for occupation in OCCUPATIONS:
        code = occupation["classification"]
        assert (code["status"] == "unverified") == code["source"].startswith("recalled")


def test_each_occupation_has_one_standard_in_force_when_the_pilot_begins() -> None:
    assert [standard["occupation"] for standard in STANDARDS["standards"]] == [
        occupation["id"] for occupation in OCCUPATIONS
    ]
    for standard in STANDARDS["standards"]:
        assert standard["id"] == f"{standard['occupation']}-2019p"
        assert date.fromisoformat(standard["effective"]) == PILOT_BEGINS


def test_every_level_a_standard_offers_has_parts_and_conditions() -> None:
    for standard in STANDARDS["standards"]:
        levels = [offer["level"] for offer in standard["levels"]]
        assert levels
        assert levels == sorted(set(levels), reverse=True)
        conditions = STANDARDS["eligibility_sets"][standard["eligibility"]]
        for level in levels:
            assert conditions[level]["alternatives"]
            parts = [part["id"] for part in STANDARDS["part_sets"][standard["parts"]] if level in part["levels"]]
            assert parts == ["theory", "practical"] + ["review"] * (level in {"2", "1"})


def test_a_level_is_called_as_it_is_printed() -> None:
    printed = {code: row["print"] for code, row in STANDARDS["levels"].items() if code in set(Level)}
    assert printed == {code: level_name(code).zh for code in ("5", "4", "3", "2", "1")}
    assert all(level_name(code).zh != code for code in Level)


def test_an_edition_of_the_files_is_as_whole_as_one_the_center_drafts() -> None:
    folder = SERVICES / "registry" / "data"
    for draft in in_files(folder):
        check(draft, measure(Rulebook.load(folder / "rules.json"), catalogue(folder), draft.regime, draft.effective))
        assert {row.level for row in draft.eligibility} == set(draft.levels)
        assert {row.part for row in draft.staffing} == {part.id for part in draft.parts}
        assert all(source.source for source in draft.sources)


def test_a_part_is_marked_out_of_a_hundred_and_passed_with_sixty() -> None:
    for part in STANDARDS["part_sets"]["pilot-2019"]:
        assert (part["of"], part["pass_mark"]["value"]) == (100, 60)


def test_the_practical_part_measures_what_the_notice_asks_and_its_points_sum_up() -> None:
    practical = STANDARDS["part_sets"]["pilot-2019"][1]
    assert [dimension["zh"] for dimension in practical["dimensions"]] == NOTICE_DIMENSIONS
    assert sum(dimension["points"] for dimension in practical["dimensions"]) == practical["of"]


def test_a_condition_uses_a_described_predicate_with_its_parameters() -> None:
    described = STANDARDS["predicates"]
    used = [thing for thing in objects(STANDARDS["eligibility_sets"]) if "predicate" in thing]
    beyond_these_editions = {"title", "age_min"}  # editions that the Center drafts may use them
    assert {condition["predicate"] for condition in used} | beyond_these_editions == set(described)
    for condition in used:
        assert [name for name in condition if name != "predicate"] == described[condition["predicate"]]["parameters"]
        assert condition.get("level", "5") in {*STANDARDS["levels"], "pre_technician"}


def test_the_provinces_are_those_of_the_national_code_list_and_bear_their_names() -> None:
    codes = numdb.get("cn/loc")
    known = {f"{n}": codes.info(f"{n}0000")[0][1].get("province", "") for n in range(10, 100)}
    provinces = {a["region_code"]: a["name"]["zh"] for a in ORGANISATIONS["authorities"] if a["region_code"]}
    assert set(provinces) == {code for code, name in known.items() if name} - NOT_ADDRESSED
    assert len(provinces) == 31
    for code, name in provinces.items():
        assert re.fullmatch(rf"{known[code]}住房和城乡建设(厅|委员会|管理委员会)", name)


def test_the_authorities_are_the_provinces_the_corps_and_one_example_enterprise() -> None:
    authorities = {a["authority_code"]: a for a in ORGANISATIONS["authorities"]}
    assert len(authorities) == len(ORGANISATIONS["authorities"]) == 33
    assert all(code == authority["id"] for code, authority in authorities.items())
    assert {code for code, authority in authorities.items() if not authority["region_code"]} == {"66", "C01"}
    assert [code for code, authority in authorities.items() if authority.get("example")] == ["C01"]
    assert authorities["66"]["name"]["zh"] == "新疆生产建设兵团住房和城乡建设局"


@pytest.mark.parametrize("section", ["center", "authorities", "units"])
def test_every_field_of_an_organisation_says_where_it_comes_from(section: str) -> None:
    records = ORGANISATIONS[section] if section != "center" else [ORGANISATIONS["center"]]
    for record in records:
        fields = set(record) - {"name"} | {f"name.{language}" for language in record["name"]}
        assert fields <= set(ORGANISATIONS["facts"][section])
        assert record["name"].keys() == {"zh", "en"}


def test_a_pilot_unit_is_an_evident_example_under_a_known_authority() -> None:
    units = ORGANISATIONS["units"]
    assert sorted(unit["authority_code"] for unit in units) == ["33", "33", "66", "C01"]
    for unit in units:
        assert unit["example"] is True
        assert "虚构" in unit["name"]["zh"]
        assert "invented" in unit["name"]["en"]
        assert re.fullmatch(rf"unit-{unit['authority_code']}-\d{{3}}", unit["id"])


def test_a_units_credit_code_passes_the_check_and_belongs_to_nobody() -> None:
    codes = [unit["uscc"] for unit in ORGANISATIONS["units"]]
    assert len(set(codes)) == len(codes)
    for code in codes:
        assert uscc.validate(code) == code
        assert code[2:8] == "000000"


def test_a_units_issuer_code_fits_the_certificate_number() -> None:
    form = NUMBERS[0]
    issuers = [unit["issuer_code"] for unit in ORGANISATIONS["units"]]
    assert len(set(issuers)) == len(issuers)
    for issuer in issuers:
        assert re.fullmatch(form["issuer"]["pattern"], issuer)
        assert issuer.startswith(form["industry"]["value"])
        assert issuer[4] in form["body_types"]


def test_the_certificate_number_is_as_long_as_its_parts() -> None:
    form = NUMBERS[0]
    assert {part["name"]: part["digits"] for part in form["parts"]} == PARTS_OF_A_NUMBER
    assert sum(part["digits"] for part in form["parts"]) == form["length"] == 16
    assert sum(part["digits"] for part in form["issuer"]["parts"]) == 8
    assert (form["serial"]["first"], form["serial"]["last"]) == (1, 10**5 - 1)


def test_the_pattern_of_the_number_takes_what_its_parts_allow() -> None:
    right = ["1999002001400001", "1910012003599999"]
    # serial 00000, body type 5, level 6, a digit too many
    wrong = ["1999002001400000", "1999005001400001", "1999002001600001", "19990020014000011"]
    assert [number for number in right + wrong if re.fullmatch(NUMBERS[0]["pattern"], number)] == right


def test_the_number_of_a_level_certificate_is_as_long_as_its_parts_and_fits_its_pattern() -> None:
    form = NUMBERS[1]
    parts = {part["name"]: part["digits"] for part in form["parts"]}
    assert list(parts.items()) == [("issuer", 13), ("year", 2), ("level", 1), ("serial", 6)]
    assert sum(parts.values()) == form["length"] == 22
    assert sum(part["digits"] for part in form["issuer"]["parts"]) == 13
    right = ["Y000123123456195000001", "S000066000001211999999"]
    # no serial, level 6, another kind of body, a character too few
    wrong = ["Y000123123456195000000", "Y000123123456196000001", "R000123123456195000001", "Y00012312345619500001"]
    assert [number for number in right + wrong if re.fullmatch(form["pattern"], number)] == right


def test_a_units_code_fits_the_format_of_each_regime() -> None:
    forms = {form["regime"]: form for form in NUMBERS}
    for unit in ORGANISATIONS["units"]:
        assert unit["issuer_codes"].keys() == forms.keys()
        assert unit["issuer_codes"]["appraisal"] == unit["issuer_code"]
        for regime, code in unit["issuer_codes"].items():
            assert re.fullmatch(forms[regime]["issuer"]["pattern"], code)


def test_each_regime_of_a_programme_has_one_number_format() -> None:
    programmes = read("registry", "programmes.json")
    regimes = {term["regime"] for programme in programmes["programmes"] for term in programme["regimes"]}
    assert regimes <= {form["regime"] for form in NUMBERS}
    assert len({form["regime"] for form in NUMBERS}) == len(NUMBERS)
    assert programmes["current"]["value"] in {programme["id"] for programme in programmes["programmes"]}


def test_the_evaluation_form_sums_to_a_hundred_and_says_it_is_not_the_notices() -> None:
    assert sum(group["points"] for group in FORM["groups"]) == FORM["points"] == 100
    for group in FORM["groups"]:
        assert sum(indicator["points"] for indicator in group["indicators"]) == group["points"]
        assert [i["id"] for i in group["indicators"]] == [
            f"{group['id']}{n + 1}" for n in range(len(group["indicators"]))
        ]
    assert FORM["status"] == "ours"
    assert "不是通知附件2" in FORM["statement"]["zh"]
    assert "not the notice's Annex 2" in FORM["statement"]["en"]


def test_the_stages_are_the_months_of_the_notice() -> None:
    stages = EVALUATION_RULES.explain("cycle.stages", PILOT_BEGINS)
    assert [(s["zh"], s["opens"], s["closes"]) for s in objects(stages.value)] == [
        ("启动实施", "2019-08-01", "2019-11-30"),
        ("评估验收", "2019-11-01", "2019-12-31"),
        ("总结推广", "2019-12-01", "2019-12-31"),
    ]


def test_the_veto_items_the_notice_names_are_told_from_ours() -> None:
    items = list(objects(EVALUATION_RULES.explain("evaluation.veto", PILOT_BEGINS).value))
    assert [item["id"] for item in items] == ["V1", "V2", "V3", "V4", "V5", "V6", "V7"]
    assert [item["id"] for item in items if item["status"] == "official"] == ["V3", "V7"]
    assert [item["id"] for item in items if not item["revokes"]] == ["V5", "V6"]
