"""The rules of evaluation: what points amount to by the form, and the life of a unit's evaluation."""

from services.evaluation.evaluations.domain.evaluation import (
    Decision,
    Evaluation,
    PublicNotice,
    Revocation,
    SelfCheck,
    State,
    new_evaluation,
)
from services.evaluation.evaluations.domain.form import Form, Lines, Tally, Veto

__all__ = [
    "Decision",
    "Evaluation",
    "Form",
    "Lines",
    "PublicNotice",
    "Revocation",
    "SelfCheck",
    "State",
    "Tally",
    "Veto",
    "new_evaluation",
]
