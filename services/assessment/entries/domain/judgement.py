"""What a candidate reached: each part by itself, from sheets, attendance and what a resit carries over."""

from collections.abc import Sequence

from services.assessment.batches.domain import UNTIL_PUBLICISED, Batch, Tally
from services.assessment.batches.domain import State as BatchState
from services.assessment.entries.domain.entry import Entry, State
from services.assessment.entries.domain.records import Score, Sheet
from shared.errors import Fault, Kind
from shared.events.registry import Part

DECIMALS = 2  # of a mean over several assessors; never rounded up to a mark
JUDGED = (State.ENROLLED, State.PASSED, State.FAILED)
MISSED = {"absent": "absent", "violation": "void"}


class NotOpen(Fault):
    """Results are not open before all sheets of the batch are sealed."""

    slug, kind = "results-not-open", Kind.CONFLICT


def results_open(batch: Batch) -> bool:
    """Whether points and results may be shown: once all sheets are sealed, so that nobody scores by it."""
    return batch.seal is not None or batch.state not in (*UNTIL_PUBLICISED, BatchState.CANCELLED)


def must_be_open(batch: Batch) -> Batch:
    """Refuse to show what is not sealed yet."""
    if not results_open(batch):
        raise NotOpen("results are shown once all sheets are sealed; seal them after the exam")
    return batch


def shown(entry: Entry, batch: Batch) -> Entry:
    """The entry as it may be shown: before the seal without sheets, points and result, so that nobody scores by it."""
    if results_open(batch):
        return entry
    return entry.having(sheets=(), scores=(), state=State.ENROLLED if entry.state in JUDGED else entry.state)


def tally_shown(counts: Tally, batch: Batch) -> Tally:
    """The counts as they may be shown: before the seal whoever was examined counts as enrolled."""
    if results_open(batch):
        return counts
    known = counts.enrolled + counts.passed + counts.failed
    return counts.model_copy(update={"enrolled": known, "passed": 0, "failed": 0})


def judged(entry: Entry, batch: Batch) -> Entry:
    """The entry with its points and whether it passed; without a result while a sheet is missing."""
    if entry.state not in JUDGED:
        return entry
    carried = {score.part: score for score in entry.resit.carried} if entry.resit else {}
    scores = [carried.get(part.id) or _score(entry, batch, part) for part in batch.parts]
    known = tuple(score for score in scores if score is not None)
    if len(known) < len(scores):
        return entry.having(scores=known, state=State.ENROLLED)
    passed = all(has_passed(part, score) for part, score in zip(batch.parts, known, strict=True))
    return entry.having(scores=known, state=State.PASSED if passed else State.FAILED)


def has_passed(part: Part, score: Score) -> bool:
    """Whether a part reached its own mark; parts are never averaged."""
    return score.state in ("scored", "carried") and score.points >= part.pass_mark


def counting_sheets(entry: Entry, batch: Batch, part: str) -> tuple[Sheet, ...]:
    """The newest sheets of a part that count: those of whoever left the group stay on record and do not."""
    group, sheets = batch.assignment.group(part), entry.standing_sheets(part)
    return tuple(sheet for sheet in sheets if group is None or sheet.assessor in group.assessors)


def sheets_wanted(batch: Batch, part: str) -> int:
    """How many sheets a part has: one of each assessor, or one where nobody assesses alone."""
    group = batch.assignment.group(part)
    return len(group.assessors) if group else 1


def _score(entry: Entry, batch: Batch, part: Part) -> Score | None:
    if missed := MISSED.get(entry.noted(part.id)):
        return Score(part=part.id, points=0, state=missed)
    sheets = counting_sheets(entry, batch, part.id)
    if any(sheet.accident for sheet in sheets):  # whatever the sheets say that are still to come
        return Score(part=part.id, points=0, state="void")
    if len(sheets) < sheets_wanted(batch, part.id):
        return None
    dimensions = {row.id: _mean([sheet.dimensions.get(row.id, 0) for sheet in sheets]) for row in part.dimensions}
    return Score(part=part.id, points=_points(sheets), dimensions=dimensions)


def _points(sheets: Sequence[Sheet]) -> float:
    return _mean([sheet.points for sheet in sheets])


def _mean(values: Sequence[float]) -> float:
    """Cut off, not rounded: 59.999 is not 60."""
    steps = 10.0**DECIMALS
    return int(sum(values) / len(values) * steps + 1e-9) / steps
