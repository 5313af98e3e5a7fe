"""What is known of a candidate on the day of the exam: claims, certificates that hold, age."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from services.assessment.eligibility.domain.claims import Claims
from shared.privacy import scrub

NOTHING = Claims()
MONTHS = 12
BORN = slice(6, 14)  # of a resident ID number, GB 11643-1999


@dataclass(frozen=True, slots=True)
class Holding:
    """A certificate that holds; both regimes count alike."""

    level: str
    occupation: str
    since: date
    number: str
    by: str
    exam_on: date


class UnderWay(NamedTuple):
    """A level that somebody is being examined in and has no certificate of yet."""

    level: str
    exam_on: date
    batch: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a candidate on the day of the exam; `related` are the standard's related occupations."""

    occupation: str
    related: tuple[str, ...]
    on: date
    claims: Claims
    holdings: Sequence[Holding]
    born: date | None

    def worked(self, kind: str | None, scope: str | None) -> float:
        """Years that count: without a break the longest claim, otherwise the highest of each occupation summed up."""
        best: dict[str, float] = {}
        for claim in self.claims.years:
            occupation = claim.occupation or self.occupation
            if self._counts(occupation, scope) and (kind != "continuous" or claim.kind == kind):
                best[occupation] = max(best.get(occupation, 0), claim.years)
        return max(best.values(), default=0) if kind == "continuous" else sum(best.values())

    def certificates(self) -> Sequence[Holding]:
        """Those on file here and those claimed, which count alike."""
        claimed = (
            Holding(
                row.level, row.occupation or self.occupation, row.issued_on, scrub(row.number), "claim", row.issued_on
            )
            for row in self.claims.certificates
        )
        return (*self.holdings, *claimed)

    def held(self, level: str | None) -> Sequence[Holding]:
        """Certificates of a level in this or a related occupation, issued by the day of the exam; the oldest first."""
        found = [
            row
            for row in self.certificates()
            if row.level == level and row.since <= self.on and self._counts(row.occupation, "related")
        ]
        return sorted(found, key=lambda row: row.since)

    def reached(self) -> set[str]:
        """The levels of this occupation that somebody holds a certificate of, as numbers."""
        levels = {row.level for row in self.holdings if row.occupation == self.occupation and row.since <= self.on}
        for row in self.claims.certificates:
            if (row.occupation or self.occupation) == self.occupation and row.issued_on <= self.on:
                levels.add(row.level)
        return {level for level in levels if level.isdecimal()}

    def _counts(self, occupation: str, scope: str | None) -> bool:
        return occupation == self.occupation or (scope != "this" and occupation in self.related)


def years_between(since: date, until: date) -> float:
    """Whole months from one day to another, in years; negative when the second comes first."""
    months = (until.year - since.year) * MONTHS + until.month - since.month - (until.day < since.day)
    return months / MONTHS


def born_on(id_number: str) -> date:
    """The birth date in a checked resident ID number."""
    digits = id_number[BORN]
    return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
