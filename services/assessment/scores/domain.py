"""Marking: every dimension within its points, every part within its range, and each part passed by itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.assessment.entries.domain import Score
from shared.errors import Fault, Kind
from shared.events.registry import Dimension, Part

Scores = tuple[Score, ...]


class Unmarked(Fault):
    """A row's scores do not fit the standard edition of the batch; `rule` says how."""

    slug, kind = "score-refused", Kind.INVALID


class TwiceScored(Fault):
    """The entry stands on an earlier row of the same request."""

    slug, kind = "duplicate", Kind.INVALID


class UnknownEntry(Fault):
    """The batch has no such entry."""

    slug, kind = "unknown-entry", Kind.INVALID


def marked(parts: Sequence[Part], given: Mapping[str, Any], step: float) -> Scores:
    """The scores of one entry by the parts of its batch's edition; scores are multiples of `step`."""
    expected = [part.id for part in parts]
    if beyond := sorted(given.keys() - set(expected)):
        raise Unmarked("this level has no such part; leave it out", field=f"/{beyond[0]}", rule="part-unknown")
    return tuple(_score(part, given, step) for part in parts)


def has_passed(parts: Sequence[Part], scores: Scores) -> bool:
    """Whether every part reaches its own mark; parts are never averaged."""
    reached = {score.part: score.points for score in scores}
    return all(reached[part.id] >= part.pass_mark for part in parts)


def _score(part: Part, given: Mapping[str, Any], step: float) -> Score:
    field = f"/{part.id}"
    if part.id not in given:
        raise Unmarked("this part is examined at this level; send its score", field=field, rule="part-missing")
    if not part.dimensions:
        return Score(part=part.id, points=_points(given[part.id], part.out_of, step, field))
    sheet = _sheet(part.dimensions, given[part.id], step, field)
    return Score(part=part.id, points=sum(sheet.values()), dimensions=sheet)


def _sheet(dimensions: Sequence[Dimension], given: Any, step: float, field: str) -> dict[str, float]:
    if not isinstance(given, Mapping):
        raise Unmarked("this part is scored by dimension; send an object", field=field, rule="no-score-sheet")
    known = [dimension.id for dimension in dimensions]
    if given.keys() - set(known):  # not named back: it is the sender's text
        raise Unmarked(f"the dimensions are: {', '.join(known)}", field=field, rule="dimension-unknown")
    return {row.id: _dimension(row, given, step, f"{field}/{row.id}") for row in dimensions}


def _dimension(row: Dimension, given: Mapping[str, Any], step: float, field: str) -> float:
    if row.id not in given:
        raise Unmarked(f"score this dimension, 0 to {row.points:g} points", field=field, rule="dimension-missing")
    return _points(given[row.id], row.points, step, field)


def _points(value: Any, most: float, step: float, field: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # noqa: PLR0124 - NaN
        raise Unmarked(f"send a number, 0 to {most:g}", field=field, rule="not-a-number")
    if value < 0:
        raise Unmarked(f"send 0 to {most:g} points", field=field, rule="below-zero")
    if value > most:
        raise Unmarked(f"send 0 to {most:g} points", field=field, rule="above-points")
    if value % step:
        raise Unmarked(f"scores are multiples of {step:g}", field=field, rule="not-a-step")
    return float(value)
