"""Facts take over what their events say, and figures follow from sums."""

from datetime import date
from typing import Any

import pytest

from services.evaluation.indicators.consumers import COUNTED
from services.evaluation.indicators.domain import FilingLag, UnitIndicators, fact, unit
from shared.events.assessment import ResultsPublicised
from shared.events.base import Event
from shared.events.registry import CertificateFiled, UnitAuthorised
from tests.evaluation.story import BEGINS, standing, story

EVENTS: dict[type[Event], Event] = {type(event): event for event, *_ in story("unit-33-001")}


def sums(**more: Any) -> dict[str, Any]:
    named = dict.fromkeys(("batches", "entries", "passed", "failed", "filed", "rejected", "timed", "lag"), 0)
    return {"unit": "unit-33-001", "authority": "33", "last_event_at": BEGINS, "longest": None, **named, **more}


def test_every_event_that_counts_is_tried_here() -> None:
    assert set(EVENTS) == {*COUNTED, UnitAuthorised}


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.type)
def test_a_fact_takes_its_id_from_the_event_and_says_where_it_belongs(event: Event) -> None:
    made = fact(event, id="heard-1", authority="33", sequence=4, at=BEGINS)
    assert (made.id, made.kind, made.unit, made.authority) == ("heard-1", event.type, "unit-33-001", "33")
    assert (made.sequence, made.at) == (4, BEGINS)


def test_a_fact_takes_over_the_counts_of_publicised_results() -> None:
    made = fact(EVENTS[ResultsPublicised], id="heard-1", authority="33", sequence=4, at=BEGINS)
    assert (made.entries, made.passed, made.failed) == (2, 1, 1)
    assert (made.batch, made.occupation, made.level) == ("unit-33-001-batch-2", "rebar_worker", "5")


def test_a_fact_keeps_nothing_of_the_holder() -> None:
    made = fact(EVENTS[CertificateFiled], id="heard-1", authority="33", sequence=1, at=BEGINS)
    assert "张" not in made.model_dump_json()


def test_the_mirror_of_a_unit_says_which_version_it_is_of() -> None:
    described = unit(standing("unit-33-001", date(2019, 11, 5)), authority="33", sequence=7)
    assert (described.id, described.unit, described.authority) == ("unit-33-001", "unit-33-001", "33")
    assert (described.sequence, described.suspended_on) == (7, date(2019, 11, 5))


def test_the_pass_rate_is_the_share_of_the_entries_that_passed() -> None:
    assert UnitIndicators.added_up(sums(entries=200, passed=150, failed=50)).pass_rate == 0.75


def test_without_entries_there_is_no_pass_rate_and_without_filings_no_lag() -> None:
    figures = UnitIndicators.added_up(sums(batches=1))
    assert (figures.batches, figures.pass_rate, figures.filing_lag_seconds) == (1, None, None)


def test_the_mean_lag_is_over_the_certificates_of_closed_batches() -> None:
    figures = UnitIndicators.added_up(sums(filed=5, timed=4, lag=10.0, longest=4.0))
    assert figures.filing_lag_seconds == FilingLag(mean=2.5, max=4.0)
