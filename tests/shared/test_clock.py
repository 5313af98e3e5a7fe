"""The business clock."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from shared.clock import Clock, FrozenClock, set_offset

CLOSE = timedelta(seconds=5)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "offset"


def shift(clock: Clock) -> timedelta:
    """How far the clock is from real time, to the nearest ten seconds."""
    return timedelta(seconds=round((clock.now() - datetime.now(UTC)).total_seconds(), -1))


def test_without_a_file_the_time_is_real_and_in_utc() -> None:
    now = Clock().now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < CLOSE


def test_the_seconds_in_the_file_are_added(file: Path) -> None:
    set_offset(file, 86_400)
    assert shift(Clock(file)) == timedelta(days=1)


def test_a_clock_can_go_back(file: Path) -> None:
    set_offset(file, -3600)
    assert shift(Clock(file)) == timedelta(hours=-1)


def test_a_change_is_seen_without_a_new_clock(file: Path) -> None:
    clock = Clock(file)
    assert shift(clock) == timedelta()
    for days in (1, 2, 3):
        set_offset(file, 86_400 * days)
        assert shift(clock) == timedelta(days=days)


def test_the_very_next_look_sees_a_change(file: Path) -> None:
    set_offset(file, 86_400)
    clock = Clock(file)
    assert clock.now() - datetime.now(UTC) > timedelta(hours=23)
    set_offset(file, 0)
    assert clock.now() - datetime.now(UTC) < timedelta(hours=1)


def test_an_emptied_or_removed_file_means_no_offset(file: Path) -> None:
    set_offset(file, 86_400)
    clock = Clock(file)
    assert shift(clock) == timedelta(days=1)
    file.write_text("")
    assert shift(clock) == timedelta()
    set_offset(file, 86_400)
    assert shift(clock) == timedelta(days=1)
    file.unlink()
    assert shift(clock) == timedelta()


@pytest.mark.parametrize("text", ["soon", "nan", "inf", "1e300", "1e11", "１２", "1 2"])
def test_what_is_no_number_of_seconds_leaves_the_last_good_one(file: Path, text: str) -> None:
    set_offset(file, 86_400)
    clock = Clock(file)
    assert shift(clock) == timedelta(days=1)
    file.write_text(text)
    assert shift(clock) == timedelta(days=1)


def test_a_file_that_cannot_be_read_leaves_the_last_good_offset(file: Path) -> None:
    set_offset(file, 86_400)
    clock = Clock(file)
    assert shift(clock) == timedelta(days=1)
    file.unlink()
    file.mkdir()
    assert shift(clock) == timedelta(days=1)


def test_setting_the_offset_leaves_nothing_else_behind(file: Path) -> None:
    set_offset(file, 1)
    set_offset(file, 2)
    assert list(file.parent.iterdir()) == [file]


def test_an_offset_that_cannot_be_put_in_place_leaves_nothing_behind(file: Path) -> None:
    file.mkdir()
    (file / "kept").touch()
    with pytest.raises(OSError, match="offset"):
        set_offset(file, 1)
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 3, 31, 15, 59, 59, tzinfo=UTC), date(2026, 3, 31)),
        (datetime(2026, 3, 31, 16, 0, 0, tzinfo=UTC), date(2026, 4, 1)),
    ],
)
def test_the_day_changes_at_midnight_in_shanghai(instant: datetime, day: date) -> None:
    assert FrozenClock(instant).today() == day


def test_a_frozen_clock_moves_only_when_moved() -> None:
    clock = FrozenClock(datetime(2026, 1, 1, tzinfo=UTC))
    assert clock.now() == clock.now()
    clock.move(timedelta(hours=2))
    assert clock.now() == datetime(2026, 1, 1, 2, tzinfo=UTC)
