"""The form, the lines and the points that the tests of evaluations share."""

from datetime import date
from pathlib import Path

import services.evaluation
from services.evaluation.evaluations.domain import Form, Lines, Veto
from shared.rulebook import Rulebook

DATA = Path(services.evaluation.__path__[0]) / "data"
FORM = Form.model_validate_json((DATA / "form.json").read_bytes())
FRIDAY = date(2019, 9, 27)
VETOES = Rulebook.load(DATA / "rules.json").value("evaluation.veto", tuple[Veto, ...], on=FRIDAY)
LINES = Lines(80, 70, 60, VETOES)
FULL = {row.id: row.points for group in FORM.groups for row in group.indicators}

Scores = dict[str, float]


def less(by: float, *codes: str) -> Scores:
    """Full points, less some from each of these indicators."""
    return {code: points - by if code in codes else points for code, points in FULL.items()}
