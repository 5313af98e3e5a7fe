"""Sheets, entries and objections for the tests of objections: three assessors gave 58 where 61 was earned."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from services.assessment.batches.domain import Batch, Notice, Tally
from services.assessment.batches.domain import State as BatchState
from services.assessment.entries.domain import Entry, Mark, Sheet, judged
from services.assessment.objections.commands import Kind, RaisedBy, ReviewScore
from services.assessment.objections.domain import Limits, Objection, raised
from services.assessment.scores.domain import Paper, plain_paper
from tests.assessment.examples import CARDS, DIMENSIONS, NOW, PERIOD, SEAL, entry, in_exam

OPENED = date(2019, 10, 14)
RAISED_AT = datetime(2019, 10, 15, 2, tzinfo=UTC)
LIMITS = Limits(apply=10, accept=3, decide=10)
FIFTY_EIGHT = {"operating_rules": 15, "safe_production": 12, "problem_solving": 8, "task_completion": 16, "conduct": 7}
"""58 points; 3 were left out of problem_solving."""
SIXTY_ONE = {"problem_solving": 11}


def sheet(part: str, points: Mapping[str, float], most: Mapping[str, float], assessor: str = "") -> Sheet:
    """A sheet as it was sealed."""
    marks = tuple(Mark(element=name, points=given, deducted=most[name] - given) for name, given in points.items())
    return Sheet(
        part=part,
        assessor=assessor,
        work_piece="P-0001",
        marks=marks,
        dimensions=dict(points) if assessor else {},
        points=sum(points.values()),
        scorer=assessor or "评分人甲",
        checker="核分人乙",
        signed_at=NOW,
        digest="0" * 64,
    )


def sheets(practical: Mapping[str, float] = FIFTY_EIGHT, theory: float = 78.5) -> tuple[Sheet, ...]:
    """The common sheet of theory, and one of each assessor."""
    theirs = (sheet("practical", practical, DIMENSIONS, card) for card in CARDS)
    return (sheet("theory", {"points": theory}, {"points": 100}), *theirs)


def on_notice(**changes: Any) -> Batch:
    """A batch whose results are on public notice from Monday 14 October 2019."""
    of = in_exam(state=BatchState.SCORED, seal=SEAL)
    return of.publicised(Tally(passed=3, failed=1), NOW, OPENED, PERIOD)[0].having(**changes)


def papers() -> dict[str, Paper]:
    """The plain papers of that batch."""
    of = on_notice()
    return {part.id: plain_paper(of, part, 0.5) for part in of.parts}


def notice_of(batch: Batch) -> Notice:
    assert batch.notice is not None
    return batch.notice


def examined(practical: Mapping[str, float] = FIFTY_EIGHT, number: int = 1, **changes: Any) -> Entry:
    """An entry with its sheets, judged."""
    return judged(entry(number).having(sheets=sheets(practical), ticket=f"T-{number}"), on_notice()).having(**changes)


def objection(kind: Kind = Kind.SCORE, about: Entry | None = None, now: datetime = RAISED_AT) -> Objection:
    """A candidate's objection, just raised."""
    by = (RaisedBy.CANDIDATE, "system")
    return raised("objection-1", about or examined(), on_notice(), kind, "漏计三分。", by, LIMITS, now)[0]


def review(**changes: Any) -> ReviewScore:
    """A review by which all three sheets have 61 points."""
    given: dict[str, Any] = {
        "ground": "omission",
        "scorer": "复核人丙",
        "checker": "复核人丁",
        "changes": [{"part": "practical", "assessor": card, "points": SIXTY_ONE} for card in CARDS],
        "reason": "第三项漏计 3 分，已补记。",
    }
    return ReviewScore.model_validate({**given, **changes})
