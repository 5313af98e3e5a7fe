"""Days counted in mainland China: working days as the State Council announces them each year, and whole years."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

import chinese_calendar

from shared.clock import SHANGHAI

_ONE_DAY = timedelta(days=1)
_FIRST_KNOWN = date(min(chinese_calendar.holidays).year, 1, 1)
# The notice for a year also moves days of the December before it (29 Dec 2018 became a working day and
# 31 Dec 2018 a holiday that way), so the last week of the last known year is not settled yet.
_LAST_KNOWN = date(max(chinese_calendar.holidays).year, 12, 23)


@dataclass(frozen=True, slots=True)
class PeriodEnd:
    """When a period of working days is over."""

    last_day: date
    """The last working day of the period, in Asia/Shanghai."""
    ends_at: datetime
    """The UTC instant of 24:00 Asia/Shanghai of `last_day`."""
    provisional: bool
    """Holidays of some day in the period are not announced yet: compute it again when they are."""


@lru_cache(maxsize=4096)
def is_workday(day: date) -> bool:
    """Whether `day` is worked; Monday to Friday in a year whose holidays are not known."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.isoweekday() <= 5  # noqa: PLR2004 - Friday


def add_workdays(start: date, days: int) -> PeriodEnd:
    """The end of a period of `days` working days after `start`, which itself is not counted.

    Raises:
        ValueError: `days` is negative.
    """
    if days < 0:
        raise ValueError("a period cannot have a negative number of working days")
    day, left, provisional = start, days, False
    while left:
        day += _ONE_DAY
        left -= is_workday(day)
        provisional = provisional or not _FIRST_KNOWN <= day <= _LAST_KNOWN
    return PeriodEnd(last_day=day, ends_at=start_of_day(day + _ONE_DAY), provisional=provisional)


def local_day(instant: datetime) -> date:
    """The day it is in Asia/Shanghai at `instant`.

    Raises:
        ValueError: `instant` has no time zone.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(SHANGHAI).date()


def start_of_day(day: date) -> datetime:
    """The UTC instant at which `day` begins in Asia/Shanghai."""
    return datetime.combine(day, time.min, SHANGHAI).astimezone(UTC)


def years_later(day: date, years: int) -> date:
    """The same day so many years later; 1 March for a 29 February that year does not have."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, month=3, day=1)
