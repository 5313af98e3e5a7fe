"""The figures by which an assignment is checked: the rules of a day, and what the standard itself asks for instead."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from services.assessment.batches.domain import Batch
from services.assessment.mirrors.domain import Standard
from shared.events.registry import Staffing
from shared.rulebook import Rulebook

ASSESSORS = ("assessor", "senior_assessor")
SUPERVISORS = ("supervisor",)


@dataclass(frozen=True, slots=True)
class Need:
    """How many people a group or room needs; `candidates` is the most to one of them, None where no ratio is given."""

    at_least: int
    odd: bool = False
    candidates: int | None = None

    def least(self, at_a_time: int) -> int:
        """The fewest for so many candidates at a time, odd or not."""
        by_ratio = -(-at_a_time // self.candidates) if self.candidates else 0
        return max(self.at_least, by_ratio)

    def fewest(self, at_a_time: int) -> int:
        """The fewest that also meet the rule of an odd number."""
        least = self.least(at_a_time)
        return least + 1 if self.odd and least % 2 == 0 else least


@dataclass(frozen=True, slots=True)
class Limits:
    """What a batch is checked by; `groups` and `rooms` are the needs of its assessed and its invigilated parts."""

    on: date
    levels: Mapping[str, tuple[str, ...]]
    groups: Mapping[str, Need]
    rooms: Mapping[str, Need]
    rotation: Fraction
    in_a_row: int
    overridable: frozenset[str]


def limits_of(batch: Batch, standard: Standard, rules: Rulebook) -> Limits:
    """The limits of a batch, by the rules of its first day."""
    on, examined = batch.exam_on, {part.id for part in batch.parts}
    named = tuple[str, ...]
    assessed = [part for part in rules.value("exam.assessed_parts", named, on=on) if part in examined]
    invigilated = [part for part in rules.value("exam.invigilated_parts", named, on=on) if part in examined]
    return Limits(
        on=on,
        levels={kind: rules.value(f"{kind}.levels", named, on=on) for kind in ASSESSORS},
        groups={part: _own(standard, part, "assessor") or _group(part, rules, on) for part in assessed},
        rooms={part: _own(standard, part, "invigilator") or _room(rules, on) for part in invigilated},
        rotation=Fraction(rules.text("assessor.rotation_min_fraction", on=on)),
        in_a_row=rules.integer("assessor.max_consecutive_site", on=on),
        overridable=frozenset(rules.value("assignment.overridable", named, on=on)),
    )


def _own(standard: Standard, part: str, role: str) -> Need | None:
    rows = [row for row in standard.staffing if (row.part, row.role) == (part, role)]
    return _strictest(rows) if rows else None


def _strictest(rows: Iterable[Staffing]) -> Need:
    known = list(rows)
    ratios = [row.candidates for row in known if row.candidates]
    return Need(
        at_least=max(row.at_least for row in known),
        odd=any(row.odd for row in known),
        candidates=min(ratios, default=None),
    )


def _group(part: str, rules: Rulebook, on: date) -> Need:
    name = "exam.review_panel" if part == "review" else "exam.assessor_group"
    return Need(rules.integer(f"{name}_min", on=on), odd=rules.boolean(f"{name}_odd", on=on))


def _room(rules: Rulebook, on: date) -> Need:
    fewest = rules.integer("exam.invigilator_min_per_room", on=on)
    return Need(fewest, candidates=rules.integer("exam.invigilator_ratio", on=on))
