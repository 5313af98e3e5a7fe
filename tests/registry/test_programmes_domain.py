"""Which regime is in force on a day, and how the next one is scheduled."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.stack import ROOT
from services.registry.programmes.commands import Regime, ScheduleRegime
from services.registry.programmes.domain import NotToCome, Programme, SameRegime
from services.registry.programmes.storage import current_in, in_file

FILE = ROOT / "services" / "registry" / "data" / "programmes.json"
TODAY = date(2020, 12, 1)


def pilot() -> Programme:
    (found,) = in_file(FILE)
    return found


def to(regime: str, effective: date) -> ScheduleRegime:
    return ScheduleRegime(regime=Regime(regime), effective=effective, basis="退出目录")


def test_results_belong_to_a_programme_of_the_file() -> None:
    assert current_in(FILE) == pilot().id


@given(st.integers(1, 800), st.integers(-800, 800))
def test_a_day_belongs_to_the_regime_that_began_last(ahead: int, day: int) -> None:
    switch = TODAY + timedelta(days=ahead)
    made, (said,) = pilot().scheduled(to("recognition", switch), TODAY)
    asked = switch + timedelta(days=day)
    assert made.regime_on(asked) == ("appraisal" if day < 0 else "recognition")
    assert said.model_dump()["regimes"] == tuple(term.model_dump() for term in made.regimes)


def test_what_began_before_the_first_regime_is_counted_to_it() -> None:
    assert pilot().regime_on(date(2019, 1, 1)) == Regime.APPRAISAL


@pytest.mark.parametrize("day", [TODAY, TODAY - timedelta(days=1)])
def test_a_regime_begins_on_a_day_to_come(day: date) -> None:
    with pytest.raises(NotToCome, match="later day"):
        pilot().scheduled(to("recognition", day), TODAY)


def test_the_regime_in_force_is_not_scheduled_again() -> None:
    with pytest.raises(SameRegime):
        pilot().scheduled(to("appraisal", TODAY + timedelta(days=1)), TODAY)


def test_what_has_not_begun_is_replaced_and_what_has_begun_stays() -> None:
    made, _ = pilot().scheduled(to("recognition", TODAY + timedelta(days=30)), TODAY)
    again, _ = made.scheduled(to("recognition", TODAY + timedelta(days=60)), TODAY)
    assert [term.effective for term in again.regimes] == [date(2019, 8, 1), TODAY + timedelta(days=60)]
    later, _ = made.scheduled(to("appraisal", TODAY + timedelta(days=90)), TODAY + timedelta(days=31))
    assert [term.regime for term in later.regimes] == ["appraisal", "recognition", "appraisal"]
