"""The evaluation form: which points it takes, and what they amount to against the lines of the day."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pydantic import Field

from shared.errors import Fault, Kind
from shared.events.base import Record


class UnknownIndicator(Fault):
    """The form has no such indicator."""

    slug, kind = "indicator-unknown", Kind.CONFLICT


class IndicatorMissing(Fault):
    """Every indicator of the form is scored, with 0 where there is nothing."""

    slug, kind = "indicator-missing", Kind.CONFLICT


class PointsBeyondMaximum(Fault):
    """An indicator is given more points than the form has for it."""

    slug, kind = "points-beyond-maximum", Kind.CONFLICT


class EvidenceMissing(Fault):
    """Points are claimed without evidence."""

    slug, kind = "evidence-missing", Kind.CONFLICT


class UnknownVeto(Fault):
    """There is no such veto item."""

    slug, kind = "veto-unknown", Kind.CONFLICT


class Veto(Record):
    """One veto item: any one fails the evaluation."""

    id: str = Field(examples=["V1"])
    zh: str
    en: str
    revokes: bool = Field(description="proposes to cancel pilot status")


class Lines(NamedTuple):
    """What the rules ask on a day."""

    pass_line: float
    rectify_line: float
    group_min_percent: float
    vetoes: tuple[Veto, ...]


class Tally(Record):
    """What points amount to, with the lines they were held against."""

    score: float = Field(description="points of 100")
    vetoes: tuple[str, ...]
    weak_groups: tuple[str, ...] = Field(description="groups below their minimum share", examples=[("F",)])
    pass_line: float
    rectify_line: float
    group_min_percent: float
    passes: bool = Field(description="no veto, no weak group, and the pass line reached")
    may_rectify: bool = Field(description="failed, but without a veto and from the rectification line on")

    @property
    def shortfall(self) -> str:
        """What keeps it from passing, in words; empty when it passes."""
        reasons = [f"veto {code}" for code in self.vetoes]
        reasons += [f"group {code} is below {self.group_min_percent:g} % of its points" for code in self.weak_groups]
        if self.score < self.pass_line:
            reasons.append(f"{self.score:g} points, {self.pass_line:g} are needed")
        return "; ".join(reasons)


class FormIndicator(Record):
    """One line of the form."""

    id: str
    zh: str
    points: float


class Group(Record):
    """Indicators that belong together; no group may fall below its minimum share."""

    id: str
    zh: str
    points: float
    indicators: tuple[FormIndicator, ...]


class Form(Record):
    """The evaluation form, as its data file says."""

    id: str
    evidence_required: bool
    groups: tuple[Group, ...]

    def check(self, scores: Mapping[str, float]) -> None:
        """Refuse points the form does not have, and a form that is not filled in."""
        most = {row.id: row.points for group in self.groups for row in group.indicators}
        for code in scores:
            if code not in most:
                raise UnknownIndicator(f"{code} is not in the form {self.id}; leave it out", field=f"/scores/{code}")
        for code, points in most.items():
            if code not in scores:
                raise IndicatorMissing(f"{code} has no points; give 0 to {points:g}", field=f"/scores/{code}")
            if scores[code] > points:
                raise PointsBeyondMaximum(f"{code} takes at most {points:g} points", field=f"/scores/{code}")

    def check_evidence(self, scores: Mapping[str, float], evidence: Mapping[str, str]) -> None:
        """Refuse points that are claimed without evidence, where the form asks for it."""
        for code in evidence:
            if code not in scores:
                raise UnknownIndicator(f"{code} is not in the form {self.id}; leave it out", field=f"/evidence/{code}")
        for code, points in scores.items():
            if self.evidence_required and points and code not in evidence:
                raise EvidenceMissing(f"say what the points for {code} rest on", field=f"/evidence/{code}")

    def tally(self, scores: Mapping[str, float], vetoes: Iterable[str], lines: Lines) -> Tally:
        """What checked points amount to."""
        found = tuple(sorted(set(vetoes)))
        score = _hundredths(scores.values()) / 100
        weak = tuple(group.id for group in self.groups if _weak(group, scores, lines.group_min_percent))
        passes = not found and not weak and score >= lines.pass_line
        return Tally(
            score=score,
            vetoes=found,
            weak_groups=weak,
            pass_line=lines.pass_line,
            rectify_line=lines.rectify_line,
            group_min_percent=lines.group_min_percent,
            passes=passes,
            may_rectify=not passes and not found and score >= lines.rectify_line,
        )


def check_vetoes(vetoes: Iterable[str], lines: Lines, field: str) -> None:
    """Refuse a veto item the rules do not have."""
    known = {veto.id for veto in lines.vetoes}
    for place, code in enumerate(vetoes):
        if code not in known:
            named = ", ".join(sorted(known))
            raise UnknownVeto(f"the veto items are {named}", field=f"/{field}/{place}", rule="evaluation.veto")


def _hundredths(points: Iterable[float]) -> int:
    # points have two decimals: whole hundredths add up exactly, binary fractions would miss a line by a hair
    return sum(round(value * 100) for value in points)


def _weak(group: Group, scores: Mapping[str, float], least_percent: float) -> bool:
    reached = _hundredths(scores[row.id] for row in group.indicators)
    return reached * 100 < _hundredths([group.points]) * least_percent
