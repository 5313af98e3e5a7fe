"""A change after the seal: a new version with two signatures and a reason beside the one that was sealed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.assessment.batches.domain import Batch
from services.assessment.entries.domain import Entry, Sheet, counting_sheets, judged
from services.assessment.scores.domain.papers import Paper
from services.assessment.scores.domain.sheets import (
    SheetRefused,
    as_kept,
    dimensions_of,
    marks_of,
    must_differ,
    with_digest,
)


@dataclass(frozen=True, slots=True)
class SheetChange:
    """What a score review found right; elements that are not named keep their points and remarks."""

    part: str
    assessor: str
    """Card of who assessed; empty in theory."""
    points: Mapping[str, Any]
    """Points by element."""
    scorer: str
    checker: str
    reason: str
    remarks: Mapping[str, str]


def amended(entry: Entry, batch: Batch, paper: Paper, change: SheetChange, at: datetime) -> Entry:
    """The entry with a new version of one sheet, judged anew; all versions before it stay as they are."""
    _must_be_sealed(batch, paper, change)
    sheet = _standing(entry, batch, change)
    must_differ(change.scorer, change.checker)
    if not change.reason.strip():
        raise SheetRefused("say why the sheet is changed", field="/reason", rule="reason-missing")
    new = _version(sheet, paper, change, at)
    if new.marks == sheet.marks:
        raise SheetRefused("these are the points of the sheet as it stands", field="/points", rule="nothing-changed")
    return judged(entry.having(sheets=(*entry.sheets, with_digest(new))), batch)


def _must_be_sealed(batch: Batch, paper: Paper, change: SheetChange) -> None:
    if batch.seal is None:
        raise SheetRefused("before the seal an assessor corrects their own sheet", rule="not-sealed")
    if (paper.batch, paper.part) != (batch.id, change.part):
        raise SheetRefused("this is the paper of another part", field="/part", rule="part-unknown")


def _standing(entry: Entry, batch: Batch, change: SheetChange) -> Sheet:
    found = [sheet for sheet in counting_sheets(entry, batch, change.part) if sheet.assessor == change.assessor]
    if not found:
        told = "this assessor signed no sheet of this part; the entry's sheets name who did"
        raise SheetRefused(told, field="/assessor", rule="sheet-unknown")
    return found[0]


def _version(sheet: Sheet, paper: Paper, change: SheetChange, at: datetime) -> Sheet:
    points = {mark.element: mark.points for mark in sheet.marks} | dict(change.points)
    remarks = {mark.element: mark.why for mark in sheet.marks if mark.why} | dict(change.remarks)
    marks = marks_of(paper, points, remarks)
    changes = {
        "version": sheet.version + 1,
        "marks": marks,
        "dimensions": dimensions_of(paper, marks),
        "points": sum(mark.points for mark in marks),
        "scorer": change.scorer,
        "checker": change.checker,
        "signed_at": as_kept(at),
        "reason": change.reason,
        "replaces": sheet.digest,
        "amends": True,
        "digest": "",
    }
    return sheet.model_copy(update=changes)
