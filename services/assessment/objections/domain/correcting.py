"""A score review carried out: a new version of each sheet that was wrong, with its points and two signatures."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from services.assessment.batches.domain import Batch
from services.assessment.entries.domain import Entry, Mark, Sheet, judged
from services.assessment.objections.commands import SheetChange
from services.assessment.objections.domain.records import NotOnSheet, Review
from shared.events.registry import Part


def corrected(entry: Entry, batch: Batch, review: Review, reason: str, at: datetime) -> Entry:
    """The entry with a new version of each sheet that the review changes; the versions before stay as they are."""
    parts = {part.id: part for part in batch.parts}
    sheets = list(entry.sheets)
    for place, change in enumerate(review.changes):
        field = f"/changes/{place}"
        if change.part not in parts:
            raise NotOnSheet(f"the parts are: {', '.join(parts)}", field=f"{field}/part")
        standing = next((row for row in entry.standing_sheets(change.part) if row.assessor == change.assessor), None)
        if standing is None:
            raise NotOnSheet("there is no such sheet; name its part and its assessor's card", field=f"{field}/assessor")
        sheets.append(_version(standing, parts[change.part], change, review, reason, at, field))
    return judged(entry.having(sheets=tuple(sheets)), batch)


def _version(
    sheet: Sheet, part: Part, change: SheetChange, review: Review, reason: str, at: datetime, field: str
) -> Sheet:
    known = {mark.element for mark in sheet.marks}
    if change.points.keys() - known:
        raise NotOnSheet(f"the elements are: {', '.join(sorted(known))}", field=f"{field}/points")
    marks = tuple(_mark(mark, part, change.points, field) for mark in sheet.marks)
    if marks == sheet.marks:
        raise NotOnSheet("these are the points as they stand", field=f"{field}/points", rule="nothing-changed")
    dimensions = {row.id: 0.0 for row in part.dimensions}
    for mark in marks:
        if mark.element in dimensions:
            dimensions[mark.element] += mark.points
    made = sheet.model_copy(
        update={
            "version": sheet.version + 1,
            "marks": marks,
            "dimensions": dimensions,
            "points": sum(mark.points for mark in marks),
            "scorer": review.scorer,
            "checker": review.checker,
            "signed_at": at,
            "reason": reason,
            "digest": "",
        }
    )
    return made.model_copy(update={"digest": sha256(made.model_dump_json(exclude={"digest"}).encode()).hexdigest()})


def _mark(mark: Mark, part: Part, points: Mapping[str, float], field: str) -> Mark:
    if mark.element not in points:
        return mark
    most = {row.id: row.points for row in part.dimensions}.get(mark.element, part.out_of)
    now = points[mark.element]
    if now > most:
        raise NotOnSheet(f"send 0 to {most:g} points", field=f"{field}/points/{mark.element}")
    return mark.model_copy(update={"points": now, "deducted": most - now})
