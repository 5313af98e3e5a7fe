"""Where a reader is in the feed: a position, and marks of the scope and the filter it was reached under."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from services.notification.feed.domain.filters import Filter
from shared.errors import Fault, Kind

PATTERN = r"^[0-9]{1,18}(\.[0-9a-f]{8}\.[0-9a-f]{8})?$"
"""A position, which anybody may begin after, or a cursor, which belongs to whom and what it was given out for."""


class OtherScope(Fault):
    """This cursor was given out to somebody who is told of other events."""

    slug, kind = "cursor-of-another-scope", Kind.INVALID


class OtherFilter(Fault):
    """This cursor was given out for another filter: what the old one left out would be missed."""

    slug, kind = "cursor-of-another-filter", Kind.INVALID


@dataclass(frozen=True)
class Cursors:
    """Writes and reads the cursors of one reading: who reads, bounded by line and unit, and what is wanted."""

    line: str | None
    unit: str | None
    only: Filter

    def at(self, position: int) -> str:
        """The cursor of everything up to a position."""
        return f"{position}{self._marks}"

    def position(self, text: str, field: str) -> int:
        """The position to read on from, of a cursor or of a bare position.

        Raises:
            OtherScope, OtherFilter: the cursor of another reading.
        """
        position, *marks = text.split(".")
        scope, only = marks or self._parts
        if scope != self._parts[0]:
            raise OtherScope(f"begin with a position of your own choice, e.g. {position}", field=field)
        if only != self._parts[1]:
            raise OtherFilter(f"ask with the filter it was given out for, or begin after {position}", field=field)
        return int(position)

    @cached_property
    def _marks(self) -> str:
        return "".join(f".{part}" for part in self._parts)

    @cached_property
    def _parts(self) -> tuple[str, str]:
        return _mark(f"{self.line}/{self.unit}"), _mark(self.only.model_dump_json())


def _mark(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:8]
