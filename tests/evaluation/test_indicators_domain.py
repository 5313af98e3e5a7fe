"""Facts take over what their events say, and figures follow from sums."""

from datetime import date, timedelta
from itertools import permutations

import pytest

from services.evaluation.indicators.consumers import COUNTED
from services.evaluation.indicators.domain import Counted, Fact, FilingLag, UnitIndicators, add_up, fact, unit
from shared.events.assessment import BatchClosed, BatchFiled, ResultsPublicised
from shared.events.base import Event
from shared.events.registry import CertificateFiled, FilingRejected, UnitAuthorised
from tests.evaluation.story import BEGINS, standing, story

EVENTS: dict[type[Event], Event] = {type(event): event for event, *_ in story("unit-33-001")}


def counted(kind: type[Event], batch: str = "", facts: int = 1, *, first: float = 0, last: float = 0) -> Counted:
    """Facts of a kind, evenly between two seconds."""
    return Counted(
        unit="unit-33-001",
        authority="33",
        kind=kind.type,
        batch=batch,
        facts=facts,
        first_at=BEGINS + timedelta(seconds=first),
        last_at=BEGINS + timedelta(seconds=last),
        mean_ms=(BEGINS.timestamp() + (first + last) / 2) * 1000,
    )


def publicised(batch: str, sequence: int, passed: int, failed: int) -> Fact:
    said = EVENTS[ResultsPublicised].model_copy(
        update={"batch": batch, "entries": passed + failed, "passed": passed, "failed": failed}
    )
    return fact(said, id=f"{batch}@{sequence}", authority="33", sequence=sequence, at=BEGINS)


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


def test_the_newest_results_of_each_batch_count_in_whatever_order_they_come() -> None:
    results = [publicised("a", 2, 1, 7), publicised("a", 3, 5, 3), publicised("b", 2, 1, 1)]
    seen = [add_up([counted(ResultsPublicised)], order) for order in permutations(results)]
    assert {(row.entries, row.passed, row.failed, row.pass_rate) for row in seen} == {(10, 6, 4, 0.6)}


def test_a_unit_only_its_standing_is_known_of_has_zeros_no_rate_and_no_lag() -> None:
    figures = add_up([counted(UnitAuthorised)], [])
    assert figures == UnitIndicators(unit="unit-33-001", authority="33", last_event_at=BEGINS)


def test_the_lag_is_over_the_certificates_of_closed_batches_each_weighing_the_same() -> None:
    rows = [
        counted(BatchClosed, "a", first=100, last=100),
        counted(CertificateFiled, "a", 3, first=110, last=130),
        counted(BatchClosed, "b", first=0, last=0),
        counted(CertificateFiled, "b", 1, first=60, last=60),
        counted(CertificateFiled, "open", 5, first=1, last=9),
        counted(BatchClosed, "none filed", first=0, last=0),
    ]
    for order in permutations(rows):
        figures = add_up(order, [])
        assert figures.filing_lag_seconds == FilingLag(mean=30, max=60)
        assert figures.filed == 9


def test_batches_and_rejections_are_counted_apart() -> None:
    rows = [counted(BatchFiled, "a"), counted(BatchFiled, "b"), counted(FilingRejected, "a", 4, last=7)]
    figures = add_up(rows, [])
    assert (figures.batches, figures.rejected, figures.filed) == (2, 4, 0)
    assert figures.last_event_at == BEGINS + timedelta(seconds=7)
