"""The conditions of an exam, weighed: which alternative somebody meets, or what each of them lacks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pydantic import Field

from services.assessment.eligibility.domain.claims import Claims
from services.assessment.eligibility.domain.evidence import NOTHING, Evidence, Holding, UnderWay, years_between
from services.assessment.eligibility.domain.predicates import Proof, Wording, proof, wording
from shared.errors import Fault, Kind
from shared.events.base import Record
from shared.events.registry import Alternative, Conditions

BY_CERTIFICATE = frozenset({"holds_certificate", "years_since_certificate"})
BY_CONDITIONS, BY_PACE, BY_STEP = "eligibility", "level.max_levels_per_year", "level.skip_allowed"


class NotEligible(Fault):
    """The candidate may not enter this exam; the rule says why."""

    slug, kind = "not-eligible", Kind.CONFLICT


class UnknownEdition(Fault):
    """The standard edition of the batch is not known here, so nobody can be judged by it."""

    slug, kind = "unknown-edition", Kind.CONFLICT


class Shortfall(Record):
    """What is missing for one alternative."""

    alternative: int = Field(description="place of the alternative, 1 is the first; 0: missing for every one")
    missing: tuple[Wording, ...]


class Met(Record):
    """The alternative by which somebody may enter, and the evidence for it."""

    alternative: int = Field(description="place of the alternative, 1 is the first")
    evidence: tuple[Proof, ...]


class Eligibility(Record):
    """Whether somebody may enter, and why; names nobody."""

    eligible: bool
    rule: str = Field(default="", description="the rule that refuses; empty when eligible", examples=["eligibility"])
    met: Met | None = Field(default=None, description="null when refused, and where the level has no conditions")
    missing: tuple[Shortfall, ...] = Field(default=(), description="for each alternative what is missing")
    source: str = Field(default="", description="the document that the conditions or the rule come from")

    def must_hold(self) -> None:
        """Refuse who is not eligible, with what is missing."""
        if fault := self.refusal():
            raise fault

    def refusal(self) -> NotEligible | None:
        """Why somebody is not eligible, with what is missing."""
        if self.eligible:
            return None
        ways = (f"({row.alternative}) {_together(row.missing)}" for row in self.missing)
        detail = f"not eligible: no condition is met; each lacks: {'; '.join(ways)} (source: {self.source})"
        return NotEligible(detail, field="/claims", rule=self.rule)


def _together(missing: Sequence[Wording]) -> str:
    return " + ".join(f"{row.zh} / {row.en}" for row in missing)


@dataclass(frozen=True, slots=True)
class Exam:
    """What decides who may enter one exam: the conditions of its edition, and how fast levels may be climbed."""

    occupation: str
    level: str
    exam_on: date
    related: tuple[str, ...]
    conditions: Conditions | None
    levels_a_year: int
    pace_source: str
    skips_allowed: bool = False
    skip_source: str = ""

    @property
    def needs_birth(self) -> bool:
        """Whether a birth date can decide."""
        rows = self.conditions.alternatives if self.conditions else ()
        return any(one.predicate == "age_min" for row in rows for one in row.all_of)

    @property
    def needs_certificates(self) -> bool:
        """Whether certificates on file can decide."""
        return needs_certificates(self.conditions)

    def judge(
        self,
        claims: Claims | None,
        holdings: Sequence[Holding],
        born: date | None,
        under_way: Sequence[UnderWay] = (),
    ) -> Eligibility:
        """Whether somebody may enter, by claims and certificates that hold; what is `under_way` may become one."""
        known = Evidence(self.occupation, self.related, self.exam_on, claims or NOTHING, holdings, born)
        if self._meets(under_way) or (self.needs_certificates and self._too_soon(known)):
            return Eligibility(eligible=False, rule=BY_PACE, missing=(PACE,), source=self.pace_source)
        found = judged(self.conditions, known, level="" if self.skips_allowed else self.level)
        if found.rule != BY_STEP:
            return found
        return found.model_copy(update={"source": self.skip_source or found.source})

    def _meets(self, under_way: Sequence[UnderWay]) -> bool:
        """Whether another level of the occupation is being examined within a year of this exam, before or after.

        One on the very day is refused by that: nobody is examined twice on it.
        """
        others = {row for row in under_way if row.level != self.level and row.exam_on != self.exam_on}
        pairs = (sorted((row.exam_on, self.exam_on)) for row in others)
        return sum(years_between(first, last) < 1 for first, last in pairs) >= self.levels_a_year

    def _too_soon(self, known: Evidence) -> bool:
        reached = {
            row.level
            for row in known.certificates()
            if row.occupation == self.occupation
            and row.level.isdecimal()
            and row.level != self.level
            and 0 <= years_between(row.exam_on, self.exam_on) < 1
        }
        return len(reached) >= self.levels_a_year


PACE = Shortfall(
    alternative=0,
    missing=(
        Wording(
            predicate=BY_PACE,
            zh="考核日前后一年内未考取、未报考本职业其他等级",
            en="no other level of the occupation reached, or being examined, within a year of the exam",
        ),
    ),
)


def needs_certificates(conditions: Conditions | None) -> bool:
    """Whether some predicate asks for a certificate."""
    rows = conditions.alternatives if conditions else ()
    return any(one.predicate in BY_CERTIFICATE for row in rows for one in row.all_of)


def judged(conditions: Conditions | None, known: Evidence, level: str = "") -> Eligibility:
    """Whether the conditions let somebody enter; a level without any is open.

    With the `level` of the exam nobody skips one: the certificate that counts is then of the next lower level,
    and only the standard's ways without any certificate lead past it.
    """
    if conditions is None or not conditions.alternatives:
        return Eligibility(eligible=True)
    missing, skipped = [], False
    for place, alternative in enumerate(conditions.alternatives, start=1):
        evidence, lacking = _weighed(alternative, known)
        if not lacking and _in_step(alternative, level):
            met = Met(alternative=place, evidence=evidence)
            return Eligibility(eligible=True, met=met, source=conditions.source)
        skipped = skipped or not lacking
        missing.append(Shortfall(alternative=place, missing=lacking or (_step(level),)))
    rule, all_missing = BY_CONDITIONS, tuple(missing)
    if skipped or _skips(level, known):
        rule, all_missing = BY_STEP, (Shortfall(alternative=0, missing=(_step(level),)), *missing)
    return Eligibility(eligible=False, rule=rule, missing=all_missing, source=conditions.source)


def _next_lower(level: str) -> int:
    return int(level) + 1 if level.isdecimal() else 0


def _skips(level: str, known: Evidence) -> bool:
    """Whether the highest certificate of the occupation below this level lies more than one level below it."""
    held = [int(reached) for reached in known.reached() if level.isdecimal() and int(reached) > int(level)]
    return bool(held) and min(held) > _next_lower(level)


def _in_step(alternative: Alternative, level: str) -> bool:
    """Whether an alternative asks for no certificate, or for one that is not below the next lower level."""
    asked = [one.level or "" for one in alternative.all_of if one.predicate in BY_CERTIFICATE]
    lower = [named.isdecimal() and int(named) > _next_lower(level) > 0 for named in asked]
    return not asked or not all(lower)


def _step(level: str) -> Wording:
    lower = _next_lower(level)
    return Wording(
        predicate=BY_STEP,
        zh=f"不得越级申报，须先取得{lower}级证书",
        en=f"no level may be skipped: a level {lower} certificate comes first",
    )


def _weighed(alternative: Alternative, known: Evidence) -> tuple[tuple[Proof, ...], tuple[Wording, ...]]:
    proofs = [(asked, proof(asked, known)) for asked in alternative.all_of]
    evidence = tuple(shown for _, shown in proofs if shown is not None)
    return evidence, tuple(wording(asked) for asked, shown in proofs if shown is None)
