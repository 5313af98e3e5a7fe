"""Load, check, save: who is asked for is checked by every rule, and what was confirmed when facts change."""

from services.assessment.assignments.handlers.assigning import Assignments
from services.assessment.assignments.handlers.knowing import Knowledge

__all__ = ["Assignments", "Knowledge"]
