"""What time it is for the business: real time, moved by the seconds in a file during local runs."""

import os
import tempfile
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has kept UTC+8 without summer time since 1992, so no system zone database is needed."""

_FARTHEST = timedelta(days=36_525)


class Clock:
    """Tells the time; with a file, its number of seconds is added and a change is seen at once.

    Whoever moves the time and then asks a service must be answered at the new time, so the file is read each
    time: about 10 µs, and in production there is no file.
    A missing or empty file means no offset; what is not a number of seconds leaves the last good one.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._offset = timedelta()

    def now(self) -> datetime:
        """The business time as an aware UTC instant."""
        if self._file is not None:
            self._offset = _offset_in(self._file, self._offset)
        return datetime.now(UTC) + self._offset

    def today(self) -> date:
        """The business day in Asia/Shanghai."""
        return self.now().astimezone(SHANGHAI).date()


class FrozenClock(Clock):
    """A clock that stands still until it is moved, for tests."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        return self._at

    def move(self, by: timedelta) -> None:
        """Move the time forward, or back with a negative `by`."""
        self._at += by


def set_offset(file: Path, seconds: float) -> None:
    """Tell every clock that reads `file` to add `seconds` to real time; no clock sees a half-written file."""
    handle, written = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write(repr(float(seconds)))
        Path(written).replace(file)
    except BaseException:
        Path(written).unlink(missing_ok=True)
        raise


def _offset_in(file: Path, last_good: timedelta) -> timedelta:
    # Read whole instead of compared by age and size: two changes within one tick of the file
    # system's clock look the same from outside.
    try:
        text = file.read_text(encoding="ascii").strip()
        offset = timedelta(seconds=float(text or 0))
    except FileNotFoundError:
        return timedelta()
    except (OSError, ValueError, OverflowError):
        return last_good
    return offset if abs(offset) <= _FARTHEST else last_good
