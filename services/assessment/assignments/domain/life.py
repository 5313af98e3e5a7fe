"""What becomes of a batch's assignment: confirmed, refused, opened again, or a rule of it set aside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.assessment.assignments.domain.facts import Breach
from services.assessment.assignments.domain.limits import Limits
from services.assessment.batches.domain import EXAMINED, Assignment, Batch, Override, Refusal, State
from shared.errors import Fault, Kind
from shared.events.assessment import AssignedGroup, AssignmentConfirmed, AssignmentReopened
from shared.events.base import Event

STAFFED = (State.REGISTERING, State.ARRANGED)
CHECKED = (*STAFFED, State.IN_EXAM, State.MARKING)
"""While an assignment can be opened again: until the sheets are sealed."""
RULE = "assessors are assigned from registration until the exam begins, and in it where the check was opened again"
Decided = tuple[Batch, Sequence[Event]]


class AssignmentRefused(Fault):
    """The assignment breaks rules; each of them is named with its place."""

    slug, kind = "assignment-refused", Kind.CONFLICT


class RuleBroken(Fault):
    """A rule of assignment is not met."""

    slug, kind = "rule-broken", Kind.CONFLICT


class NotOverridable(Fault):
    """No authority can set this rule aside."""

    slug, kind = "rule-not-overridable", Kind.CONFLICT


@dataclass(frozen=True, slots=True)
class By:
    """Who acts, and when."""

    actor: str
    at: datetime


def must_be_open(batch: Batch) -> None:
    """Refuse an assignment at another time; from the exam on only where the check was opened again."""
    reopened = batch.assignment.state == "reopened"
    batch.must_be(CHECKED if reopened else STAFFED, RULE)


def refusal_of(breaches: Sequence[Breach]) -> AssignmentRefused:
    """One fault for the request, made of one for each rule."""
    further = [RuleBroken(row.detail, field=row.field or "", rule=row.rule) for row in breaches]
    first = breaches[0]
    others = f", and {len(breaches) - 1} more" if len(breaches) > 1 else ""
    detail = f"not confirmed: {first.detail}{others}; mend what is named, or ask your authority"
    return AssignmentRefused(detail, rule=first.rule, further=further)


def confirmed(batch: Batch, wanted: Assignment, limits: Limits, by: By) -> Decided:
    """All rules hold: these assess, supervise and invigilate; what was refused and set aside before is kept."""
    must_be_open(batch)
    before = batch.assignment
    kept: dict[str, object] = {"overrides": before.overrides, "refusals": before.refusals}
    if batch.state in EXAMINED:  # whoever had the sheets of a group that is another now is judged by that one
        kept["judging"] = before.judging or before.groups != wanted.groups
    stands = {"state": "confirmed", "why": "", "rules_on": limits.on, "confirmed_at": by.at, "by": by.actor}
    assignment = wanted.model_copy(update={**kept, **stands})
    said = AssignmentConfirmed(
        **batch.named(),
        groups=tuple(AssignedGroup(**group.model_dump()) for group in assignment.groups),
        supervisor=assignment.supervisor,
        supervision=assignment.supervision,
        rules_on=limits.on,
    )
    return batch.staffed(assignment)[0], [said]


def refused(batch: Batch, breaches: Sequence[Breach], by: By, kept: int) -> Decided:
    """Rules were not met; the newest refusals are kept with their reasons, and what was confirmed stays."""
    rows = [
        Refusal(rule=row.rule, subject=row.subject, detail=row.detail, actor=by.actor, at=by.at) for row in breaches
    ]
    return _with(batch, refusals=(*batch.assignment.refusals, *rows)[-kept:])


def reopened(batch: Batch, breaches: Sequence[Breach]) -> Decided:
    """Rules do not hold any more: whoever is named must be looked at again before the exam goes on."""
    if batch.assignment.state != "confirmed" or not breaches:
        return batch, []
    why = "; ".join(dict.fromkeys(row.detail for row in breaches))
    cards = set(batch.assignment.cards)
    said = [
        AssignmentReopened(
            **batch.named(), card=row.subject if row.subject in cards else "", rule=row.rule, detail=row.detail
        )
        for row in breaches
    ]
    return _with(batch, state="reopened", why=why)[0], said


def overridden(batch: Batch, override: Override) -> Decided:
    """An authority lets a rule pass for a subject; said anew, it replaces what was said before."""
    must_be_open(batch)
    others = [row for row in batch.assignment.overrides if (row.rule, row.subject) != (override.rule, override.subject)]
    return _with(batch, overrides=(*others, override))


def must_be_overridable(rule: str, overridable: frozenset[str]) -> None:
    """Refuse what no authority can let pass."""
    if rule not in overridable:
        named = ", ".join(sorted(overridable))
        raise NotOverridable(
            f"only these can be set aside: {named}; have somebody else assigned", field="/rule", rule=rule
        )


def _with(batch: Batch, **changes: object) -> Decided:
    return batch.staffed(batch.assignment.model_copy(update=changes))
