"""The predicates of conditions: by what a candidate meets one, and how it reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from pydantic import Field

from services.assessment.eligibility.domain.evidence import Evidence, years_between
from shared.events.base import Record
from shared.events.registry import Predicate

Words = tuple[str, str]
"""Chinese and English."""
KINDS: Mapping[str | None, Words] = {
    "technical_school": ("技工学校或经评估的中等职业学校", "a technical or assessed vocational school"),
    "senior_technical_school": (
        "高级技工学校、技师学院或经评估的高等职业学校",
        "a senior technical school, technician college or assessed higher vocational school",
    ),
    "college": ("大专及以上院校", "a college"),
    "junior": ("初级", "junior"),
    "mid": ("中级", "intermediate"),
    "senior": ("高级", "senior"),
}
LEVELS: Mapping[str | None, Words] = {"pre_technician": ("预备技师", "pre-technician")}


class Wording(Record):
    """One condition in words."""

    predicate: str = Field(description="which condition it is", examples=["min_years"])
    zh: str
    en: str


class Proof(Wording):
    """A condition that is met, and by what."""

    by: str = Field(description="claim, certificate (on file here) or id_number", examples=["claim"])
    amount: float | None = Field(default=None, description="years or hours that count")
    number: str = Field(default="", description="number of the certificate that counts")


@dataclass(frozen=True, slots=True)
class Shown:
    """By what a predicate is met."""

    by: str = "claim"
    amount: float | None = None
    number: str = ""


def _min_years(asked: Predicate, known: Evidence) -> Shown | None:
    years = known.worked(asked.kind, asked.scope)
    return Shown(amount=years) if years >= (asked.years or 0) else None


def _holds_certificate(asked: Predicate, known: Evidence) -> Shown | None:
    return next((Shown(by=row.by, number=row.number) for row in known.held(asked.level)), None)


def _years_since(asked: Predicate, known: Evidence) -> Shown | None:
    worked = known.worked(asked.kind, asked.scope)
    for row in known.held(asked.level):
        years = min(worked, years_between(row.since, known.on))  # nobody worked longer since than time has passed
        if years >= (asked.years or 0):
            return Shown(by=row.by, amount=years, number=row.number)
    return None


def _diploma(asked: Predicate, known: Evidence) -> Shown | None:
    fits = (
        row.kind == asked.kind and (row.state == "graduated" or asked.graduating_year) for row in known.claims.diplomas
    )
    return Shown() if any(fits) else None


def _training_hours(asked: Predicate, known: Evidence) -> Shown | None:
    hours = known.claims.training_hours
    enough = hours > 0 if asked.hours is None else hours >= asked.hours
    return Shown(amount=hours) if enough else None


def _apprenticeship_done(_: Predicate, known: Evidence) -> Shown | None:
    return Shown() if known.claims.apprenticeship_done else None


def _title(asked: Predicate, known: Evidence) -> Shown | None:
    held = (years_between(row.since, known.on) for row in known.claims.titles if row.kind == asked.kind)
    return next((Shown(amount=years) for years in held if years >= (asked.years or 0)), None)


def _age_min(asked: Predicate, known: Evidence) -> Shown | None:
    old_enough = known.born is not None and years_between(known.born, known.on) >= (asked.years or 0)
    return Shown(by="id_number") if old_enough else None


CHECKS: Mapping[str, Callable[[Predicate, Evidence], Shown | None]] = {
    "min_years": _min_years,
    "holds_certificate": _holds_certificate,
    "years_since_certificate": _years_since,
    "diploma": _diploma,
    "training_hours": _training_hours,
    "apprenticeship_done": _apprenticeship_done,
    "title": _title,
    "age_min": _age_min,
}


def proof(asked: Predicate, known: Evidence) -> Proof | None:
    """By what a candidate meets a predicate; one that is not known here is met by nothing."""
    check = CHECKS.get(asked.predicate)
    shown = check(asked, known) if check else None
    if shown is None:
        return None
    zh, en = words(asked)
    return Proof(predicate=asked.predicate, zh=zh, en=en, by=shown.by, amount=shown.amount, number=shown.number)


@lru_cache(1000)
def wording(asked: Predicate) -> Wording:
    """A predicate as it reads."""
    zh, en = words(asked)
    return Wording(predicate=asked.predicate, zh=zh, en=en)


@lru_cache(1000)
def words(asked: Predicate) -> Words:
    """A predicate in Chinese and English."""
    years, kind = f"{asked.years or 0:g}", KINDS.get(asked.kind, (f"{asked.kind}", f"{asked.kind}"))
    level = LEVELS.get(asked.level, (f"{asked.level}级", f"level {asked.level}"))
    said: Mapping[str, Words] = {
        "min_years": _years_worked(asked, years),
        "holds_certificate": (
            f"持有本职业或相关职业{level[0]}证书",
            f"a {level[1]} certificate in this or a related occupation",
        ),
        "years_since_certificate": (
            f"取得{level[0]}证书后从事本职业或相关职业工作满{years}年",
            f"{years} years of work since a {level[1]} certificate in this or a related occupation",
        ),
        "diploma": _diploma_words(asked, kind),
        "training_hours": _training_words(asked),
        "apprenticeship_done": ("本职业学徒期满", "a finished apprenticeship in the occupation"),
        "title": (f"取得{kind[0]}职称满{years}年", f"a {kind[1]} professional title held for {years} years"),
        "age_min": (f"年满{years}周岁", f"{years} years of age"),
    }
    return said.get(asked.predicate, (f"满足条件 {asked.predicate}", f"the condition {asked.predicate}"))


def _years_worked(asked: Predicate, years: str) -> Words:
    how = ("连续", "without a break") if asked.kind == "continuous" else ("累计", "altogether")
    where = (
        ("本职业", "this occupation") if asked.scope == "this" else ("本职业或相关职业", "this or related occupations")
    )
    return f"{how[0]}从事{where[0]}工作满{years}年", f"{years} years of work in {where[1]}, {how[1]}"


def _diploma_words(asked: Predicate, kind: Words) -> Words:
    final = ("（含应届毕业生）", ", the final year included") if asked.graduating_year else ("", "")
    return f"{kind[0]}本专业毕业{final[0]}", f"a diploma in the field of {kind[1]}{final[1]}"


def _training_words(asked: Predicate) -> Words:
    if asked.hours is None:
        return "经正规培训达规定标准学时数", "the standard's course of formal training completed"
    return f"经正规培训达{asked.hours:g}标准学时", f"{asked.hours:g} hours of formal training completed"
