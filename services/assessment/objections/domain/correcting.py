"""A score review carried out: each sheet that was wrong is amended, with the two signatures of the review."""

from collections.abc import Mapping
from datetime import datetime

from services.assessment.batches.domain import Batch
from services.assessment.entries.domain import Entry
from services.assessment.objections.domain.records import NotOnSheet, Review
from services.assessment.scores.domain import Paper, SheetChange, SheetRefused, amended

Papers = Mapping[str, Paper]
"""What each part of a batch is scored by."""


def corrected(entry: Entry, batch: Batch, papers: Papers, review: Review, reason: str, at: datetime) -> Entry:
    """The entry with a new version of each sheet that the review changes; the versions before stay as they are."""
    for place, asked in enumerate(review.changes):
        field = f"/changes/{place}"
        if asked.part not in papers:
            raise NotOnSheet(f"the parts are: {', '.join(papers)}", field=f"{field}/part")
        change = SheetChange(
            part=asked.part,
            assessor=asked.assessor,
            points=asked.points,
            scorer=review.scorer,
            checker=review.checker,
            reason=reason,
            remarks={},
        )
        try:
            entry = amended(entry, batch, papers[asked.part], change, at)
        except SheetRefused as fault:
            raise NotOnSheet(fault.detail, field=f"{field}{fault.field or ''}", rule=fault.rule) from fault
    return entry
