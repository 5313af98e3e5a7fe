"""Working days, against the holiday notices of the General Office of the State Council."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.workdays import add_workdays, is_workday, local_day, start_of_day


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2019, 10, 1), date(2019, 10, 7)),
        (date(2023, 1, 21), date(2023, 1, 27)),
        (date(2023, 4, 29), date(2023, 5, 3)),
        (date(2023, 9, 29), date(2023, 10, 6)),
        (date(2024, 2, 10), date(2024, 2, 17)),
        (date(2024, 5, 1), date(2024, 5, 5)),
        (date(2024, 9, 15), date(2024, 9, 17)),
        (date(2024, 10, 1), date(2024, 10, 7)),
    ],
)
def test_announced_holidays_are_off(first: date, last: date) -> None:
    assert not [day for day in days(first, last) if is_workday(day)]


@pytest.mark.parametrize(
    "day",
    [
        date(2019, 9, 29),
        date(2019, 10, 12),
        *[date(2023, 1, 28), date(2023, 1, 29), date(2023, 4, 23), date(2023, 5, 6)],
        *[date(2023, 6, 25), date(2023, 10, 7), date(2023, 10, 8)],
        *[date(2024, 2, 4), date(2024, 2, 18), date(2024, 4, 7), date(2024, 4, 28), date(2024, 5, 11)],
        *[date(2024, 9, 14), date(2024, 9, 29), date(2024, 10, 12)],
    ],
)
def test_announced_make_up_days_are_worked_although_they_are_weekend_days(day: date) -> None:
    assert day.isoweekday() > 5
    assert is_workday(day)


def test_an_ordinary_week_has_five_working_days() -> None:
    assert [is_workday(day) for day in days(date(2024, 3, 4), date(2024, 3, 10))] == [True] * 5 + [False] * 2


def test_a_period_over_national_day_skips_the_holiday_and_counts_the_make_up_days() -> None:
    # After Friday 27 Sep 2019: Sun 29 and Mon 30 Sep, Tue 8, Wed 9 and Thu 10 Oct.
    end = add_workdays(date(2019, 9, 27), 5)
    assert end.last_day == date(2019, 10, 10)
    assert end.ends_at == datetime(2019, 10, 10, 16, tzinfo=UTC)
    assert not end.provisional
    assert add_workdays(date(2019, 10, 10), 2).last_day == date(2019, 10, 12)


def test_the_day_it_starts_on_is_not_counted() -> None:
    assert add_workdays(date(2024, 3, 4), 1).last_day == date(2024, 3, 5)


def test_a_period_that_starts_on_a_free_day_begins_with_the_next_working_day() -> None:
    assert add_workdays(date(2024, 3, 9), 1).last_day == date(2024, 3, 11)


def test_a_period_without_days_ends_with_the_day_it_starts_on() -> None:
    end = add_workdays(date(2024, 3, 9), 0)
    assert (end.last_day, end.ends_at) == (date(2024, 3, 9), start_of_day(date(2024, 3, 10)))


def test_a_negative_period_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        add_workdays(date(2024, 3, 9), -1)


def test_an_unknown_year_is_counted_monday_to_friday_and_said_to_be_provisional() -> None:
    end = add_workdays(date(2091, 9, 28), 5)
    assert end.last_day == date(2091, 10, 5)
    assert end.provisional


def test_a_period_that_runs_into_an_unknown_year_is_provisional() -> None:
    assert add_workdays(date(2003, 12, 30), 5).provisional
    assert not add_workdays(date(2004, 1, 30), 5).provisional


def test_the_last_week_of_the_last_known_year_is_provisional() -> None:
    year = max(year for year in range(2026, 2091) if not add_workdays(date(year, 6, 1), 1).provisional)
    assert not add_workdays(date(year, 12, 20), 1).provisional
    assert add_workdays(date(year, 12, 27), 1).provisional


@given(start=st.dates(date(2005, 1, 1), date(2025, 6, 1)), length=st.integers(1, 60))
def test_a_period_ends_on_its_last_working_day(start: date, length: int) -> None:
    end = add_workdays(start, length)
    assert is_workday(end.last_day)
    assert sum(is_workday(day) for day in days(start + timedelta(days=1), end.last_day)) == length
    assert local_day(end.ends_at - timedelta(microseconds=1)) == end.last_day
    assert local_day(end.ends_at) == end.last_day + timedelta(days=1)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2024, 3, 4, 15, 59, 59, tzinfo=UTC), date(2024, 3, 4)),
        (datetime(2024, 3, 4, 16, tzinfo=UTC), date(2024, 3, 5)),
        (datetime(2024, 3, 4, 23, tzinfo=timezone(timedelta(hours=-5))), date(2024, 3, 5)),
    ],
)
def test_the_local_day_is_that_of_shanghai(instant: datetime, day: date) -> None:
    assert local_day(instant) == day


def test_an_instant_without_a_time_zone_has_no_local_day() -> None:
    with pytest.raises(ValueError, match="time zone"):
        local_day(datetime(2024, 3, 4))  # noqa: DTZ001 - that is the point


def test_a_day_starts_at_sixteen_hours_utc_the_day_before() -> None:
    assert start_of_day(date(2024, 3, 1)) == datetime(2024, 2, 29, 16, tzinfo=UTC)
