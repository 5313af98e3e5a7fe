"""The data of the register: regions, issuer codes and conditions are complete and agree with each other."""

import json
import re
from pathlib import Path
from typing import Any

from stdnum import numdb

from services.registry.organisations.domain import Codes
from services.registry.organisations.storage import authorities_in, in_file, regions_in
from services.registry.sites.commands import RegisterSite
from services.registry.sites.storage import conditions_in
from shared.rulebook import Rulebook
from tests.doors.plans import TODAY

DATA = Path(__file__).parents[2] / "services/registry/data"
ISSUERS = Rulebook.load(DATA / "rules.json").value("issuer.codes", dict[str, str], on=TODAY.date())


def test_the_regions_are_those_of_the_national_code_list_and_the_corps_is_none() -> None:
    codes = numdb.get("cn/loc")
    known = {f"{code}": codes.info(f"{code}0000")[0][1].get("province", "") for code in range(10, 100)}
    regions = regions_in(DATA / "regions.json")
    assert set(regions) == {code for code, name in known.items() if name}
    # that list writes the names of these two in the characters used there
    assert {code for code, name in regions.items() if known[code] != name} == {"81", "82"}
    assert "66" not in regions
    assert "66" in authorities_in(DATA / "organisations.json")


def test_the_appraisal_code_is_the_issuer_of_the_certificate_number() -> None:
    numbers: dict[str, Any] = json.loads((DATA / "numbers.json").read_text(encoding="utf-8"))
    assert ISSUERS["appraisal"] == numbers["formats"][0]["issuer"]["pattern"]


def test_every_example_unit_has_right_codes_of_its_own_in_both_regimes() -> None:
    codes = Codes(regions_in(DATA / "regions.json"), authorities_in(DATA / "organisations.json"), ISSUERS)
    units = [row for row in in_file(DATA / "organisations.json") if row.unit]
    for unit in units:
        assert unit.issuer_codes.keys() == ISSUERS.keys()
        codes.check(unit.uscc, None, "", unit.issuer_codes)
    for regime in ISSUERS:
        assert len({unit.code_of(regime) for unit in units}) == len(units)


def test_a_recognition_code_with_year_level_and_serial_makes_the_number_of_22_characters() -> None:
    for unit in in_file(DATA / "organisations.json"):
        if unit.unit:
            number = f"{unit.code_of('recognition')}195000001"
            assert re.fullmatch(r"[YS]\d{4}\d{2}\d{6}\d{2}[1-5]\d{6}", number)


def test_the_documented_site_answers_the_five_conditions() -> None:
    [shown] = RegisterSite.model_json_schema()["examples"]
    conditions = conditions_in(DATA / "conditions.json")
    assert len(conditions) == 5
    assert tuple(answer["condition"] for answer in shown["conditions"]) == conditions
