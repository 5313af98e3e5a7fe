"""What is watched for in sealed sheets, one entry after the other; memory grows with assessors, not with candidates."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import combinations
from statistics import median
from typing import Protocol

from services.assessment.entries.domain import Place, Sheet
from services.assessment.signals.domain.signal import Finding, Found
from shared.events.registry import Part
from shared.workdays import local_day

MOST_EXAMPLES = 10
NIGHT = timedelta(days=1)  # the last turns of an evening begin after midnight
MOST_KINDS = 20_000  # different sheets of one assessor; beyond that the rarest are forgotten and none is invented


@dataclass(frozen=True, slots=True)
class Bounds:
    """From where on something is a finding; the rules `signals.*`."""

    spread: float
    candidates: int
    same_sheets: int
    twin_fraction: float
    shortest_fraction: float


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of one candidate with the sheets on it."""

    entry: str
    part: Part
    sheets: Sequence[Sheet]
    place: Place | None
    on: date


class Watch(Protocol):
    """Looks at one piece after the other and tells in the end what it found."""

    def look(self, piece: Piece) -> None: ...

    def found(self) -> Iterator[Finding]: ...


def watches(bounds: Bounds) -> tuple[Watch, ...]:
    """Everything that is watched for."""
    return Spread(bounds), SameSheets(bounds), TwinSheets(bounds), Timing(bounds), TwoPlaces()


@dataclass
class Spread:
    """How far each assessor is from the group's median on the same candidates, on average.

    By the median, so that one far away is found and those beside them are not.
    """

    bounds: Bounds
    apart: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(lambda: [0, 0.0]))

    def look(self, piece: Piece) -> None:
        if len(piece.sheets) < 2:  # noqa: PLR2004 - nobody to be compared with
            return
        middle = median(sheet.points for sheet in piece.sheets)
        for sheet in piece.sheets:
            mine = self.apart[piece.part.id, sheet.assessor]
            mine[0] += 1
            mine[1] += sheet.points - middle

    def found(self) -> Iterator[Finding]:
        for (part, card), (many, apart) in self.apart.items():
            if many >= self.bounds.candidates and abs(apart / many) > self.bounds.spread:
                about = {"candidates": int(many), "measured": round(apart / many, 2), "bound": self.bounds.spread}
                yield Finding(kind=Found.SPREAD, part=part, cards=(card,), **about)


@dataclass
class SameSheets:
    """How often each assessor gave the same points, element by element."""

    bounds: Bounds
    kinds: dict[tuple[str, str], Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    many: Counter[tuple[str, str]] = field(default_factory=Counter)

    def look(self, piece: Piece) -> None:
        for sheet in piece.sheets:
            if sheet.assessor:  # two papers of theory may well have the same points
                key = piece.part.id, sheet.assessor
                self.many[key] += 1
                self.kinds[key][hash(points_of(sheet))] += 1
                if len(self.kinds[key]) > MOST_KINDS:
                    self.kinds[key] = Counter(dict(self.kinds[key].most_common(MOST_KINDS // 2)))

    def found(self) -> Iterator[Finding]:
        for (part, card), kinds in self.kinds.items():
            [(_, most)] = kinds.most_common(1)
            if most >= self.bounds.same_sheets:
                about = {"candidates": self.many[part, card], "measured": most, "bound": self.bounds.same_sheets}
                yield Finding(kind=Found.SAME_SHEETS, part=part, cards=(card,), **about)


@dataclass
class TwinSheets:
    """On how many candidates two assessors agree to the last element."""

    bounds: Bounds
    pairs: dict[tuple[str, str, str], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))

    def look(self, piece: Piece) -> None:
        for one, other in combinations(sorted(piece.sheets, key=lambda sheet: sheet.assessor), 2):
            mine = self.pairs[piece.part.id, one.assessor, other.assessor]
            mine[0] += 1
            mine[1] += points_of(one) == points_of(other)

    def found(self) -> Iterator[Finding]:
        for (part, *cards), (many, same) in self.pairs.items():
            if many >= self.bounds.candidates and same / many >= self.bounds.twin_fraction:
                about = {"candidates": many, "measured": round(same / many, 4), "bound": self.bounds.twin_fraction}
                yield Finding(kind=Found.TWIN_SHEETS, part=part, cards=tuple(cards), **about)


@dataclass
class Timing:
    """Sheets whose times cannot be right: far too short, on another day, or signed before the candidate began."""

    bounds: Bounds
    many: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: dict[tuple[Found, str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    counts: Counter[tuple[Found, str, str]] = field(default_factory=Counter)

    def look(self, piece: Piece) -> None:
        for sheet in piece.sheets:
            self.many[piece.part.id, sheet.assessor] += 1
            if _is_short(sheet, piece.part, self.bounds.shortest_fraction):
                self._note(Found.TOO_SHORT, piece, sheet)
            if sheet.began_at and sheet.signed_at < sheet.began_at:
                self._note(Found.SIGNED_EARLY, piece, sheet)
            if sheet.began_at and not piece.on <= local_day(sheet.began_at) <= piece.on + NIGHT:
                self._note(Found.OTHER_DAY, piece, sheet)

    def _note(self, kind: Found, piece: Piece, sheet: Sheet) -> None:
        key = kind, piece.part.id, sheet.assessor
        self.counts[key] += 1
        if len(self.wrong[key]) < MOST_EXAMPLES:
            self.wrong[key].append(piece.entry)

    def found(self) -> Iterator[Finding]:
        for (kind, part, card), examples in self.wrong.items():
            about = {"candidates": self.many[part, card], "measured": self.counts[kind, part, card], "bound": 1}
            cards = (card,) if card else ()
            yield Finding(kind=kind, part=part, cards=cards, **about, examples=tuple(examples))


@dataclass
class Sitting:
    """What one assessor did in one turn of one room: from the first beginning to the last end."""

    began: datetime
    ended: datetime
    entry: str
    candidates: int = 1


@dataclass
class TwoPlaces:
    """Turns of rooms in which an assessor was, and which of them overlap; stations of one turn do, by their nature."""

    sittings: dict[str, dict[tuple[str, str, int], Sitting]] = field(default_factory=lambda: defaultdict(dict))

    def look(self, piece: Piece) -> None:
        for sheet in piece.sheets:
            if piece.place and sheet.assessor and sheet.began_at and sheet.ended_at:
                where = piece.part.id, piece.place.room, piece.place.turn
                self._join(sheet.assessor, where, Sitting(sheet.began_at, sheet.ended_at, piece.entry))

    def _join(self, card: str, where: tuple[str, str, int], new: Sitting) -> None:
        known = self.sittings[card].setdefault(where, new)
        if known is not new:
            known.began, known.ended = min(known.began, new.began), max(known.ended, new.ended)
            known.candidates += 1

    def found(self) -> Iterator[Finding]:
        for card, sittings in self.sittings.items():
            part = min(sittings)[0]
            if double := _overlapping(list(sittings.values())):
                many = sum(sitting.candidates for sitting in sittings.values())
                about = {"candidates": many, "measured": len(double), "bound": 1}
                examples = tuple(sitting.entry for sitting in double[:MOST_EXAMPLES])
                yield Finding(kind=Found.TWO_PLACES, part=part, cards=(card,), **about, examples=examples)


def points_of(sheet: Sheet) -> tuple[float, ...]:
    """The points of all elements, in the order of the paper."""
    return tuple(mark.points for mark in sheet.marks)


def _is_short(sheet: Sheet, part: Part, fraction: float) -> bool:
    if sheet.accident or not (sheet.began_at and sheet.ended_at):  # whoever has an accident stops
        return False
    return (sheet.ended_at - sheet.began_at).total_seconds() < part.minutes * 60 * fraction


def _overlapping(sittings: Sequence[Sitting]) -> list[Sitting]:
    """Those that begin before one that began earlier has ended."""
    double, until = [], None
    for sitting in sorted(sittings, key=lambda row: (row.began, row.ended)):
        if until is not None and sitting.began < until:
            double.append(sitting)
        until = max(until, sitting.ended) if until else sitting.ended
    return double
