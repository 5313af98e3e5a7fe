"""Which events somebody wants, and which filters can match nothing."""

import re
from collections.abc import Container

from pydantic import BaseModel, ConfigDict

from services.notification.feed.domain.event import FeedEvent
from shared.errors import Fault, Kind
from shared.events.catalogue import EVENTS
from shared.levels import Level

EVERY_LINE = "national"
LINE = re.compile(r"\d{2}|C\d{2}|" + EVERY_LINE)
"""A province or XPCC, a central enterprise, or what concerns every line."""


class UnknownEventType(Fault):
    """No event has this type; the catalogue of events lists them all."""

    slug, kind = "unknown-event-type", Kind.INVALID


class MatchesNothing(Fault):
    """No event can ever meet this filter; mend the value named, or leave the field out."""

    slug, kind = "filter-matches-nothing", Kind.INVALID


class Filter(BaseModel):
    """Which events somebody wants: of each field one of the values named, a field that names none takes all."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    types: tuple[str, ...] = ()
    authorities: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    occupations: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    correlations: tuple[str, ...] = ()

    def wants(self, event: FeedEvent) -> bool:
        """Whether the event is one of those."""
        exact = (
            (self.authorities, event.authority),
            (self.units, event.unit),
            (self.occupations, event.occupation),
            (self.levels, event.level),
            (self.subjects, event.subject),
            (self.correlations, event.correlation),
        )
        if any(values and value not in values for values, value in exact):
            return False
        return not self.types or any(matches(pattern, event.type) for pattern in self.types)


def matches(pattern: str, event_type: str) -> bool:
    """Whether an exact type or a pattern `registry.*` names this type."""
    return event_type.startswith(pattern[:-1]) if pattern.endswith(".*") else event_type == pattern


def check_pattern(pattern: str, field: str) -> None:
    """Refuse what names no event of the catalogue."""
    if not any(matches(pattern, event_type) for event_type in EVENTS):
        raise UnknownEventType(
            f"{pattern!r} names no event; send an exact type, or the beginning of one: registry.*", field=field
        )


def check_filter(only: Filter, line: str | None, unit: str | None, at: str) -> None:
    """Refuse a filter that can match nothing; `line` and `unit` bound what the asker is told.

    `at` is where its fields stand, `/query` or empty for a body.

    Raises:
        UnknownEventType: a type or pattern that names no event.
        MatchesNothing: a line or unit outside the scope, or what is no line or level.
    """
    for place, pattern in enumerate(only.types):
        check_pattern(pattern, _pointer(at, "type", "types", place))
    told = {line} if unit is not None else {line, EVERY_LINE}
    for place, wanted in enumerate(only.authorities):
        _check_line(wanted, None if line is None else told, _pointer(at, "authority", "authorities", place))
    for place, wanted in enumerate(only.units):
        if unit not in (None, wanted):
            raise MatchesNothing(f"you are told of {unit} only", field=_pointer(at, "unit", "units", place))
    for place, level in enumerate(only.levels):
        if level not in set(Level):
            raise MatchesNothing(f"levels are {', '.join(Level)}", field=_pointer(at, "level", "levels", place))


def _pointer(at: str, asked: str, field: str, place: int) -> str:
    return f"{at}/{asked}" if at else f"/{field}/{place}"


def _check_line(line: str, told: Container[str | None] | None, field: str) -> None:
    if not LINE.fullmatch(line):
        raise MatchesNothing(f"a line is two digits, C and two digits, or {EVERY_LINE}", field=field)
    if told is not None and line not in told:
        raise MatchesNothing("you are not told of this line; name your own, or leave it out", field=field)
