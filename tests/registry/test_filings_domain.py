"""Who of a chunk is filed, which numbers they get, and what everybody is told."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.stack import ROOT
from services.registry.filings.domain import BrokenNumberFormat, certificates, decide, exhausted
from services.registry.filings.storage import number_format
from shared.events.assessment import FinalResult, ResultsFinalised
from tests.registry.test_standings_domain import DAY, authorised, unit

FORMAT = number_format(ROOT / "services" / "registry" / "data" / "numbers.json")
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


def test_a_number_is_year_issuer_level_and_serial() -> None:
    assert FORMAT.number(2019, "99002001", "5", 17) == "1999002001500017"


@pytest.mark.parametrize(
    ("issuer", "level", "serial"), [("9900200", "5", 1), ("99002001", "6", 1), ("99002001", "5", 0)]
)
def test_what_does_not_fit_the_format_is_no_number(issuer: str, level: str, serial: int) -> None:
    with pytest.raises(BrokenNumberFormat):
        FORMAT.number(2019, issuer, level, serial)


def test_an_authorised_units_results_are_accepted_in_their_order() -> None:
    filing = decide("batch-1.1", unit(), authorised(), chunk(), frozenset(), TODAY)
    assert filing.accepted == ("entry-0", "entry-1", "entry-2")
    assert (filing.series, filing.count, filing.rejections()) == ("99002001-2019-5", 3, [])


def test_results_beyond_the_standing_are_all_refused_with_the_reason() -> None:
    filing = decide("batch-1.1", unit(), authorised(), chunk(level="3"), frozenset(), TODAY)
    assert filing.accepted == ()
    assert {row.reason for row in filing.refused} == {"level-out-of-scope"}
    assert len(filing.rejections()) == 3


def test_who_holds_the_certificate_already_is_refused_alone() -> None:
    filing = decide("batch-1.1", unit(), authorised(), chunk(), frozenset({"entry-1"}), TODAY)
    assert filing.accepted == ("entry-0", "entry-2")
    assert [(row.entry, row.reason) for row in filing.refused] == [("entry-1", "already-certified")]


def test_an_exhausted_series_refuses_the_whole_chunk() -> None:
    filing = exhausted(decide("batch-1.1", unit(), authorised(), chunk(), frozenset({"entry-1"}), TODAY), 99_999)
    assert (filing.accepted, filing.count) == ((), 0)
    assert sorted(row.reason for row in filing.refused) == ["already-certified", "series-exhausted", "series-exhausted"]


@given(st.integers(1, 90_000), st.sets(st.integers(0, 19)))
def test_accepted_results_get_consecutive_numbers_and_their_own_data(start: int, holding: set[int]) -> None:
    said = chunk(20)
    held = frozenset(f"entry-{place}" for place in holding)
    filing = decide("batch-1.1", unit(), authorised(), said, held, TODAY).having(start=start)
    numbers = filing.numbers(FORMAT, said.level)
    made = certificates(said, filing, numbers, {row.entry: f"index of {row.entry}" for row in said.results}, NOW)
    assert [int(row.number[-5:]) for row in made] == list(range(start, start + 20 - len(holding)))
    assert [row.id for row in made] == list(filing.accepted)
    assert all(row.person_index == f"index of {row.id}" for row in made)
    assert all(type(row).model_validate(row.model_dump()) == row for row in made)


def test_what_everybody_is_told_holds_no_sealed_data() -> None:
    said = chunk(1)
    filing = decide("batch-1.1", unit(), authorised(), said, frozenset(), TODAY).having(start=1)
    (made,) = certificates(said, filing, filing.numbers(FORMAT, "5"), {"entry-0": "index"}, NOW)
    told = made.filed().model_dump_json()
    assert made.number in told
    assert "sealed" not in told
    assert "index" not in told
