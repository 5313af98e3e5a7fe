"""Why did this person pass? What is stored of it, and each rule with whether that evidence bears it out."""

from services.assessment.explanations.domain.checks import checks_of
from services.assessment.explanations.domain.explanation import Explanation, explain
from services.assessment.explanations.domain.known import Check, Known, Limits

__all__ = ["Check", "Explanation", "Known", "Limits", "checks_of", "explain"]
