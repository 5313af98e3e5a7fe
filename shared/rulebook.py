"""Trade rules as versioned data: which value of a rule is in force on a day, and which document says so."""

from bisect import bisect_right
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError
from pydantic_core import to_json

from shared.errors import Fault, Kind

T = TypeVar("T")

Status = Literal["official", "comparable", "ours"]


class BrokenRulebook(Fault):
    """The rule file cannot be used as it is; correct the places named and start again."""

    slug, kind = "broken-rulebook", Kind.UNFORESEEN


class UnknownRule(Fault):
    """No rule of this key is in force that day; add it, or an earlier version of it, to the rule file."""

    slug, kind = "unknown-rule", Kind.UNFORESEEN


class WrongRuleKind(Fault):
    """The rule is there with a value of another kind; correct the value in the rule file."""

    slug, kind = "wrong-rule-kind", Kind.UNFORESEEN


class Rule(BaseModel):
    """One version of one rule."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str = Field(pattern=r"^[a-z_]+(\.[a-z_]+)+$", description="thing.rule, e.g. exam.pass_mark")
    value: JsonValue = Field(description="what the rule says, counted in `unit`")
    unit: str = Field(min_length=1, description="what the value counts, or what kind of list or text it is")
    effective: date = Field(description="first day of this version; it ends when the next one begins")
    source: str = Field(min_length=1, description="the document that says so, in words a reader can follow")
    status: Status = Field(
        description="official: the notice or a national document says it; "
        "comparable: another body's or province's official rule says it; ours: a default of this product"
    )


class _RuleFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_number: Literal[1] = Field(alias="schema")
    rules: tuple[Rule, ...]


class _Versions(NamedTuple):
    begins: list[date]
    rules: list[Rule]


class Rulebook:
    """The rules of one file, asked by key and day; raises `UnknownRule` and `WrongRuleKind`."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._versions: dict[str, _Versions] = {}
        for rule in sorted(rules, key=lambda rule: rule.effective):
            begins, versions = self._versions.setdefault(rule.key, _Versions([], []))
            begins.append(rule.effective)
            versions.append(rule)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a rule file; `BrokenRulebook` names the file and every place in it that is wrong."""
        try:
            content = _RuleFile.model_validate_json(path.read_bytes())
        except OSError as cause:
            raise BrokenRulebook(f"{path}: cannot be read ({cause.strerror})") from cause
        except ValidationError as cause:
            faults = _faults(cause, root="the file")
            raise BrokenRulebook("\n".join(f"{path}: {fault}" for fault in faults)) from cause
        _refuse_doubles(path, content.rules)
        return cls(content.rules)

    @property
    def keys(self) -> frozenset[str]:
        """Every key that has a version, in force today or not."""
        return frozenset(self._versions)

    def explain(self, key: str, on: date) -> Rule:
        """Give the version in force that day, with its unit, source and status."""
        versions = self._versions.get(key)
        if versions is None:
            raise UnknownRule(f"no rule {key} in the rule file", rule=key)
        position = bisect_right(versions.begins, on)
        if position == 0:
            raise UnknownRule(f"{key} begins on {versions.begins[0]}, asked for {on}", rule=key)
        return versions.rules[position - 1]

    def value(self, key: str, kind: type[T], *, on: date) -> T:
        """Give the value as `kind`: any type pydantic reads strictly from JSON, `list[str]` or a model."""
        rule = self.explain(key, on)
        form: Any = kind  # mypy does not see that a type can be hashed
        try:
            value: T = _reader(form).validate_json(to_json(rule.value), strict=True)
        except ValidationError as cause:
            faults = "; ".join(_faults(cause, root="value"))
            raise WrongRuleKind(f"{key} of {rule.effective}: {faults}", rule=key) from cause
        return value

    def integer(self, key: str, *, on: date) -> int:
        """Give a whole number: points, days, rows."""
        return self.value(key, int, on=on)

    def number(self, key: str, *, on: date) -> float:
        """Give a number that may have decimals."""
        return self.value(key, float, on=on)

    def boolean(self, key: str, *, on: date) -> bool:
        """Give a yes or no."""
        return self.value(key, bool, on=on)

    def text(self, key: str, *, on: date) -> str:
        """Give a word or sentence."""
        return self.value(key, str, on=on)


@cache
def _reader(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _faults(cause: ValidationError, *, root: str) -> list[str]:
    return [f"{_place(fault['loc']) or root}: {fault['msg']}" for fault in cause.errors(include_url=False)]


def _place(location: tuple[int | str, ...]) -> str:
    """Write ("rules", 3, "unit") as rules[3].unit."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    return "".join(steps).lstrip(".")


def _refuse_doubles(path: Path, rules: tuple[Rule, ...]) -> None:
    seen: dict[tuple[str, date], int] = {}
    for index, rule in enumerate(rules):
        first = seen.setdefault((rule.key, rule.effective), index)
        if first != index:
            place = f"{path}: rules[{index}].effective"
            raise BrokenRulebook(f"{place}: {rule.key} already has this day's version at rules[{first}]")
