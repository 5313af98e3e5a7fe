"""Public notices over National Day, counted by the State Council's own calendars of three years."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
import pytest_asyncio

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from shared.clock import FrozenClock
from shared.events.assessment import ResultsPublicised
from shared.workdays import add_workdays, is_workday
from tests.assessment.driving import authorised, get, said_of
from tests.assessment.examples import published
from tests.assessment.on_notice import asked, on_notice
from tests.live import Running, running


@dataclass(frozen=True)
class Published:
    """What the General Office announced for the autumn of a year: days off, and weekend days that are worked."""

    notice: str
    off: tuple[date, date]
    worked: tuple[date, ...]


YEARS = {
    2019: Published(
        "国办发明电〔2018〕15号", (date(2019, 10, 1), date(2019, 10, 7)), (date(2019, 9, 29), date(2019, 10, 12))
    ),
    2020: Published(
        "国办发明电〔2019〕16号", (date(2020, 10, 1), date(2020, 10, 8)), (date(2020, 9, 27), date(2020, 10, 10))
    ),
    2021: Published(
        "国办发明电〔2020〕27号", (date(2021, 10, 1), date(2021, 10, 7)), (date(2021, 9, 26), date(2021, 10, 9))
    ),
}
NOTICES = [
    # on a Friday before the holiday: a make-up Sunday counts, the week off does not
    (date(2019, 9, 27), [(9, 29), (9, 30), (10, 8), (10, 9), (10, 10)]),
    # on the first day after it: a make-up Saturday counts
    (date(2019, 10, 8), [(10, 9), (10, 10), (10, 11), (10, 12), (10, 14)]),
    (date(2020, 9, 25), [(9, 27), (9, 28), (9, 29), (9, 30), (10, 9)]),
    (date(2020, 9, 28), [(9, 29), (9, 30), (10, 9), (10, 10), (10, 12)]),
    (date(2021, 9, 24), [(9, 26), (9, 27), (9, 28), (9, 29), (9, 30)]),
    (date(2021, 9, 28), [(9, 29), (9, 30), (10, 8), (10, 9), (10, 11)]),
]


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def is_worked(day: date) -> bool:
    """By the published calendar alone: Monday to Friday, but for the days off and the days made up for."""
    year = YEARS[day.year]
    return day in year.worked or (day.isoweekday() <= 5 and not year.off[0] <= day <= year.off[1])


@pytest.mark.parametrize("year", YEARS, ids=lambda year: f"{year} {YEARS[year].notice}")
def test_the_calendar_that_is_used_is_the_published_one(year: int) -> None:
    # the Mid-Autumn Festival moves: in 2020 it is the first day off, in the other years it is before these weeks
    autumn = days(date(year, 9, 23), date(year, 10, 31))
    assert [day for day in autumn if is_workday(day) != is_worked(day)] == []
    assert all(day.isoweekday() > 5 and is_workday(day) for day in YEARS[year].worked)


@pytest.mark.parametrize(
    ("opened", "counted"), NOTICES, ids=lambda value: str(value) if isinstance(value, date) else ""
)
def test_a_notice_over_national_day_ends_on_its_fifth_worked_day(opened: date, counted: list[tuple[int, int]]) -> None:
    worked = [date(opened.year, *day) for day in counted]
    end = add_workdays(opened, 5)
    assert [day for day in days(opened + timedelta(days=1), worked[-1]) if is_worked(day)] == worked
    assert end.last_day == worked[-1]
    assert end.ends_at == datetime.combine(worked[-1], datetime.min.time(), UTC) + timedelta(hours=16)
    assert not end.provisional


def test_the_clock_of_these_tests_knows_the_day_in_shanghai() -> None:
    assert FrozenClock(datetime(2019, 9, 27, 16, tzinfo=UTC)).today() == date(2019, 9, 28)


# -- through the doors ---------------------------------------------------------------------------------


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("assessment", servers, issuer, tmp_path_factory.mktemp("calendar")) as live:
        await live.says(published(), subject="rebar_worker-2019p", authority="national")
        yield live


@pytest.mark.live
@pytest.mark.parametrize(
    ("opened", "counted"), NOTICES, ids=lambda value: str(value) if isinstance(value, date) else ""
)
async def test_results_publicised_before_the_holiday_are_on_notice_until_that_day_is_over(
    service: Running, opened: date, counted: list[tuple[int, int]]
) -> None:
    unit = await authorised(service, f"unit-33-{opened:%Y%m%d}")
    batch, (entry, _) = await on_notice(service, unit, opened=opened)
    last = date(opened.year, *counted[-1])
    notice = (await get(service, unit, f"/{batch}"))["notice"]
    assert (notice["opens_on"], notice["closes_on"], notice["provisional"]) == (str(opened), str(last), False)
    (said,) = await said_of(service, ResultsPublicised, batch)
    assert said["closes_on"] == str(last)
    over = datetime.combine(last, datetime.min.time(), UTC) + timedelta(hours=16)
    body = {"entry": entry, "kind": "conduct", "text": "?"}

    service.set_time(over - timedelta(seconds=30))
    assert (await service.http.get(f"/v1/batches/{batch}/public-list")).status_code == 200
    raised = await asked(service, f"/batches/{batch}/objections", body, org=unit)
    assert raised.status_code == 201, raised.text

    service.set_time(over)
    assert (await service.http.get(f"/v1/batches/{batch}/public-list")).status_code == 409
    late = await asked(service, f"/batches/{batch}/objections", body, org=unit)
    assert (late.status_code, str(last) in late.json()["detail"]) == (409, True)
