"""The rules of assignment: one by one, all at once, and a choice from a pool that meets them."""

from services.assessment.assignments.domain.checking import breaches
from services.assessment.assignments.domain.facts import Breach, Facts, Tie
from services.assessment.assignments.domain.life import (
    CHECKED,
    RULE,
    STAFFED,
    AssignmentRefused,
    By,
    NotOverridable,
    RuleBroken,
    confirmed,
    must_be_open,
    must_be_overridable,
    overridden,
    refusal_of,
    refused,
    reopened,
)
from services.assessment.assignments.domain.limits import Limits, Need, limits_of
from services.assessment.assignments.domain.proposal import SUPERVISION, LeftOut, Proposal, Unmet, proposed
from services.assessment.assignments.domain.recusals import Recusal, must_be_own, must_take_recusals

__all__ = [
    "CHECKED",
    "RULE",
    "STAFFED",
    "SUPERVISION",
    "AssignmentRefused",
    "Breach",
    "By",
    "Facts",
    "LeftOut",
    "Limits",
    "Need",
    "NotOverridable",
    "Proposal",
    "Recusal",
    "RuleBroken",
    "Tie",
    "Unmet",
    "breaches",
    "confirmed",
    "limits_of",
    "must_be_open",
    "must_be_overridable",
    "must_be_own",
    "must_take_recusals",
    "overridden",
    "proposed",
    "refusal_of",
    "refused",
    "reopened",
]
