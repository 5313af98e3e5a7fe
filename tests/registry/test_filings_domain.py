"""Who of a chunk is filed, which numbers they get, and what everybody is told."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.stack import ROOT
from services.registry.certificates.domain import BrokenNumberFormat, OnRecord, Status
from services.registry.certificates.storage import number_formats
from services.registry.filings.domain import (
    Filing,
    Refusal,
    Terms,
    certificates,
    decide,
    exhausted,
    issuer,
    personal_refusals,
    void_from_birth,
)
from shared.events.assessment import FinalResult, ResultsFinalised
from tests.registry.test_organisations_domain import DAY, authorised

FORMATS = number_formats(ROOT / "services" / "registry" / "data" / "numbers.json")
FORMAT = FORMATS.of("appraisal")
TODAY = date(2019, 10, 8)
NOW = datetime(2019, 10, 8, 1, tzinfo=UTC)


def chunk(count: int = 3, level: str = "5") -> ResultsFinalised:
    rows = [
        FinalResult(entry=f"entry-{place}", holder="张*", person="v1.sealed", theory=80, practical=72.5)
        for place in range(count)
    ]
    return ResultsFinalised(
        batch="batch-1", unit="unit-33-001", occupation="mason", level=level, standard="mason-2019p",
        exam_on=DAY, closed_at=datetime(2019, 10, 1, tzinfo=UTC), chunk=1, chunks=1, results=tuple(rows),
    )  # fmt: skip


def terms(regime: str = "appraisal", issuer: str = "99002001") -> Terms:
    return Terms(authority="33", regime=regime, issuer=issuer, format=FORMATS.of(regime))


def decided(said: ResultsFinalised, holding: frozenset[str] = frozenset(), under: Terms | None = None) -> Filing:
    held = {entry: Refusal("already-certified", "…") for entry in holding}
    return decide("batch-1.1", authorised(), said, under or terms(), held, TODAY)


def test_a_number_is_year_issuer_level_and_serial() -> None:
    assert FORMAT.number(2019, "99002001", "5", 17) == "1999002001500017"


@pytest.mark.parametrize(
    ("issuer", "level", "serial"), [("9900200", "5", 1), ("99002001", "6", 1), ("99002001", "5", 0)]
)
def test_what_does_not_fit_the_format_is_no_number(issuer: str, level: str, serial: int) -> None:
    with pytest.raises(BrokenNumberFormat):
        FORMAT.number(2019, issuer, level, serial)


def test_an_authorised_units_results_are_accepted_in_their_order() -> None:
    filing = decided(chunk())
    assert filing.accepted == ("entry-0", "entry-1", "entry-2")
    assert (filing.series, filing.count, filing.rejections()) == ("99002001-2019-5", 3, [])


def test_results_beyond_the_standing_are_all_refused_with_the_reason() -> None:
    filing = decided(chunk(level="3"))
    assert filing.accepted == ()
    assert {row.reason for row in filing.refused} == {"level-out-of-scope"}
    assert len(filing.rejections()) == 3


def test_who_holds_the_certificate_already_is_refused_alone() -> None:
    filing = decided(chunk(), frozenset({"entry-1"}))
    assert filing.accepted == ("entry-0", "entry-2")
    assert [(row.entry, row.reason) for row in filing.refused] == [("entry-1", "already-certified")]


def test_an_exhausted_series_refuses_the_whole_chunk() -> None:
    filing = exhausted(decided(chunk(), frozenset({"entry-1"})), 99_999)
    assert (filing.accepted, filing.count) == ((), 0)
    assert sorted(row.reason for row in filing.refused) == ["already-certified", "series-exhausted", "series-exhausted"]


@given(st.integers(1, 90_000), st.sets(st.integers(0, 19)))
def test_accepted_results_get_consecutive_numbers_and_their_own_data(start: int, holding: set[int]) -> None:
    said = chunk(20)
    held = frozenset(f"entry-{place}" for place in holding)
    filing = decided(said, held).having(start=start)
    numbers = filing.numbers(FORMAT, said.level)
    made = certificates(said, filing, numbers, {row.entry: f"index of {row.entry}" for row in said.results}, NOW)
    assert [int(row.number[-5:]) for row in made] == list(range(start, start + 20 - len(holding)))
    assert [row.id for row in made] == list(filing.accepted)
    assert all(row.person_index == f"index of {row.id}" for row in made)
    assert all(type(row).model_validate(row.model_dump()) == row for row in made)


def test_what_everybody_is_told_holds_no_sealed_data() -> None:
    said = chunk(1)
    filing = decided(said).having(start=1)
    (made,) = certificates(said, filing, filing.numbers(FORMAT, "5"), {"entry-0": "index"}, NOW)
    told = made.filed().model_dump_json()
    assert made.number in told
    assert "sealed" not in told
    assert "index" not in told


# -- the second regime -------------------------------------------------------------------------------------


RECOGNITION = terms("recognition", "S000033000001")


def test_a_level_certificates_number_has_22_characters() -> None:
    filing = decided(chunk(), under=RECOGNITION).having(start=7)
    numbers = filing.numbers(RECOGNITION.format, "5")
    assert list(numbers.values()) == [f"S000033000001195{serial:06d}" for serial in (7, 8, 9)]
    assert (filing.series, filing.regime) == ("S000033000001-2019-5", "recognition")
    (made, *_) = certificates(chunk(), filing, numbers, dict.fromkeys(filing.accepted, "index"), NOW)
    assert (made.regime, made.filed().regime) == ("recognition", "recognition")


@pytest.mark.parametrize(
    ("issuer", "level", "serial"),
    [
        ("X000033000001", "5", 1),
        ("S00033000001", "5", 1),
        ("S000033000001", "apprentice", 1),
        ("S000033000001", "5", 0),
        ("S000033000001", "5", 1_000_000),
    ],
)
def test_what_does_not_fit_the_second_format_is_no_number(issuer: str, level: str, serial: int) -> None:
    with pytest.raises(BrokenNumberFormat):
        FORMATS.of("recognition").number(2021, issuer, level, serial)


def test_a_regime_without_a_format_is_named() -> None:
    with pytest.raises(BrokenNumberFormat, match="apprenticeship"):
        FORMATS.of("apprenticeship")


@pytest.mark.parametrize("level", ["apprentice", "special_grade", "chief"])
def test_a_level_without_a_code_cannot_be_numbered(level: str) -> None:
    refusal = RECOGNITION.refuses(level)
    assert refusal is not None
    assert refusal.reason == "level-without-number"
    assert level in refusal.detail


def test_a_unit_without_a_code_of_the_regime_cannot_issue_under_it() -> None:
    filing = decided(chunk(), under=terms("recognition", ""))
    assert {row.reason for row in filing.refused} == {"issuer-without-code"}
    assert filing.accepted == ()


def test_a_units_old_single_code_is_the_one_of_appraisal() -> None:
    unit = authorised()
    assert issuer(unit, "appraisal") == "99002001"
    assert issuer(unit, "recognition") == ""
    both = unit.having(issuer_codes={"appraisal": "99002009", "recognition": "S000033000001"})
    assert [issuer(both, regime) for regime in ("appraisal", "recognition")] == ["99002009", "S000033000001"]


# -- the person --------------------------------------------------------------------------------------------


def on_record(**changes: Any) -> OnRecord:
    return OnRecord("entry-9", "anna", "mason", "5", "", None)._replace(**changes)


PERSONS = {"entry-0": "anna", "entry-1": "ben", "entry-2": "ben"}


@pytest.mark.parametrize("other", [{"occupation": "rebar_worker"}, {"level": "4"}, {"place": "entry-9"}])
def test_only_a_certificate_of_that_occupation_and_level_that_stands_is_in_the_way(other: dict[str, str]) -> None:
    assert "entry-0" in personal_refusals(chunk(), PERSONS, [on_record()], TODAY)
    assert "entry-0" not in personal_refusals(chunk(), PERSONS, [on_record(**other)], TODAY)


def test_a_person_that_comes_twice_in_a_chunk_is_filed_once() -> None:
    assert personal_refusals(chunk(), PERSONS, [], TODAY).keys() == {"entry-2"}


def test_a_sanctioned_person_is_refused_to_the_last_day_of_the_longest_record() -> None:
    records = [on_record(place="x", sanctioned_until=day) for day in (TODAY, TODAY - timedelta(days=9))]
    refused = personal_refusals(chunk(), PERSONS, records, TODAY)
    assert refused["entry-0"].reason == "sanctioned"
    assert TODAY.isoformat() in refused["entry-0"].detail
    assert "entry-0" not in personal_refusals(chunk(), PERSONS, records, TODAY + timedelta(days=1))


def test_a_number_whose_place_was_lost_is_on_file_and_was_never_worth_anything() -> None:
    filing = decided(chunk()).having(start=1)
    (made, *_) = certificates(chunk(), filing, filing.numbers(FORMAT, "5"), dict.fromkeys(filing.accepted, "i"), NOW)
    void, (said,) = void_from_birth(made)
    assert (void.status, void.place, void.number) == (Status.VOIDED, void.id, made.number)
    standing = void.as_of(NOW)
    assert standing is not None
    assert standing.status == Status.VOIDED
    assert said.model_dump()["reason"] == "already-certified"
