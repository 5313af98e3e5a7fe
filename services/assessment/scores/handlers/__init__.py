"""Load, decide, save: papers, sheets, the seal."""

from services.assessment.scores.handlers.judging import Judging
from services.assessment.scores.handlers.papers import ScorePapers
from services.assessment.scores.handlers.scoring import Scoring
from services.assessment.scores.handlers.sealing import Checked, Sealing

__all__ = ["Checked", "Judging", "ScorePapers", "Scoring", "Sealing"]
