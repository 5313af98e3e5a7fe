"""Papers, score sheets and the seal over them; who passed follows from the sheets (`entries/domain/judgement.py`)."""

from services.assessment.scores.domain.amending import SheetChange, amended
from services.assessment.scores.domain.papers import (
    Element,
    Paper,
    Task,
    WrongPaper,
    paper_asked,
    part_of,
    plain_paper,
    scored_by,
)
from services.assessment.scores.domain.sealing import Folded, Mismatch, mismatches, sealed_sheets
from services.assessment.scores.domain.sheets import SheetRefused, Signed, marks_of, scored, sealed_by, signed, spelled

__all__ = [
    "Element",
    "Folded",
    "Mismatch",
    "Paper",
    "SheetChange",
    "SheetRefused",
    "Signed",
    "Task",
    "WrongPaper",
    "amended",
    "marks_of",
    "mismatches",
    "paper_asked",
    "part_of",
    "plain_paper",
    "scored",
    "scored_by",
    "sealed_by",
    "sealed_sheets",
    "signed",
    "spelled",
]
