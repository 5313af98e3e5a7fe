"""Who may enter an exam: any one alternative of the level's conditions, with all of its predicates."""

from services.assessment.eligibility.domain.conditions import (
    Eligibility,
    Exam,
    Met,
    NotEligible,
    UnknownEdition,
    judged,
    needs_certificates,
)
from services.assessment.eligibility.domain.evidence import NOTHING, Evidence, Holding, UnderWay, born_on, years_between
from services.assessment.eligibility.domain.predicates import Proof, Wording

__all__ = [
    "NOTHING",
    "Eligibility",
    "Evidence",
    "Exam",
    "Holding",
    "Met",
    "NotEligible",
    "Proof",
    "UnderWay",
    "UnknownEdition",
    "Wording",
    "born_on",
    "judged",
    "needs_certificates",
    "years_between",
]
