"""A score sheet as it is signed: every element within its points, one assessor alone, two different signatures."""

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from services.assessment.batches.domain import Batch
from services.assessment.entries.domain import JUDGED, Entry, Mark, Sheet, judged
from services.assessment.scores.commands import LONGEST_REMARK, SheetRow
from services.assessment.scores.domain.papers import Element, Paper
from shared.errors import Fault, Kind
from shared.privacy import scrub

THEORY = "theory"
"""The one part that nobody assesses alone: it is marked by the marking office, with one common sheet."""
MOST_MARKS = 20_000
"""Of one entry in all versions of its sheets, each with a remark at worst: a document holds no more."""
UNSEEN = ("Cc", "Cf", "Mn")
"""Control and formatting characters and marks without width, such as the joiners between letters."""
MISSED = {"absent": "absent", "violation": "void"}


class SheetRefused(Fault):
    """A score sheet cannot be taken as it is; `rule` says why."""

    slug, kind = "sheet-refused", Kind.INVALID


@dataclass(frozen=True, slots=True)
class Signed:
    """What a row says of one sheet, before it is known whose it is and what stands already."""

    part: str
    assessor: str
    work_piece: str
    marks: tuple[Mark, ...]
    dimensions: Mapping[str, float]
    accident: str
    scorer: str
    checker: str
    began_at: datetime | None
    ended_at: datetime | None
    reason: str
    signed_at: datetime

    @property
    def key(self) -> tuple[str, str, str]:
        """Which sheet it is a version of."""
        return self.work_piece, self.part, self.assessor


def signed(batch: Batch, paper: Paper, row: SheetRow, at: datetime, known: Mapping[str, str] | None = None) -> Signed:
    """A row whose points, signatures and assessor are right; `at` is when it was signed here, `known` who has a card.

    The latter by whatever is written on the cards, as `spelled`.
    """
    assessor = _assessor(batch, row)
    must_differ(row.scorer, row.checker, known or {})
    marks = marks_of(paper, row.points, row.remarks)
    return Signed(
        part=row.part,
        assessor=assessor,
        work_piece=row.work_piece,
        marks=marks,
        dimensions=dimensions_of(paper, marks),
        accident=row.accident,
        scorer=row.scorer,
        checker=row.checker,
        began_at=row.began_at and as_kept(row.began_at),
        ended_at=row.ended_at and as_kept(row.ended_at),
        reason=row.correction,
        signed_at=as_kept(at),
    )


def scored(entry: Entry, batch: Batch, row: Signed) -> Entry:
    """The entry with a sheet more; the same entry when the sheet stands already as it is."""
    _must_sit(entry, row)
    standing = next((sheet for sheet in entry.standing_sheets(row.part) if sheet.assessor == row.assessor), None)
    if standing is None:
        return judged(entry.having(sheets=(*entry.sheets, _sheet(row, None))), batch)
    if _same(standing, row):
        return entry
    _must_have_room(entry, row)
    if not row.reason:
        told = "this sheet is signed already with other points; send a correction that says why"
        raise SheetRefused(told, field="/correction", rule="already-signed")
    return judged(entry.having(sheets=(*entry.sheets, _sheet(row, standing))), batch)


def sealed_by(sheet: Sheet) -> str:
    """SHA-256 of everything in a sheet but its digest, as canonical JSON: names in order, times in UTC."""
    content = sheet.model_dump(mode="json", exclude={"digest"})
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def as_kept(moment: datetime) -> datetime:
    """An instant as the database gives it back, else a digest would not be the same afterwards: UTC, milliseconds."""
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1000 * 1000)


def must_differ(scorer: str, checker: str, known: Mapping[str, str] | None = None) -> None:
    """Refuse a sheet that one person signed twice, however they spell themselves and by whichever of their cards."""
    one, other = ((known or {}).get(name, name) for name in (spelled(scorer), spelled(checker)))
    if one == other:
        raise SheetRefused("scorer and checker are two persons", field="/checker", rule="same-signature")


def spelled(name: str) -> str:
    """A signature as it is compared: whatever cannot be seen and how wide or large it is written tells no two apart."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(sign for sign in folded if not sign.isspace() and unicodedata.category(sign) not in UNSEEN)


def _assessor(batch: Batch, row: SheetRow) -> str:
    """The card of who assessed alone; empty in theory."""
    group = batch.assignment.group(row.part)
    if group is None and row.part == THEORY:
        return ""
    if group is None or row.scorer not in group.assessors:
        told = "the scorer is none of the assessors assigned to this part; name their card"
        raise SheetRefused(told, field="/scorer", rule="not-assigned")
    if batch.assignment.state == "reopened":
        told = "who assesses is to be looked at again; sheets are taken once the batch is assigned anew"
        raise SheetRefused(told, field="/scorer", rule="assignment")
    return row.scorer


def _must_sit(entry: Entry, row: Signed) -> None:
    if entry.state not in JUDGED:
        raise SheetRefused(f"this candidate is {entry.state}; leave the sheet out", rule="entry-state")
    if missed := MISSED.get(entry.noted(row.part)):
        told = f"this candidate is noted as {missed} at this part; mend the note or leave the sheet out"
        raise SheetRefused(told, field="/work_piece", rule=missed)
    if entry.resit and any(score.part == row.part for score in entry.resit.carried):
        told = "this candidate carries the part over from an earlier exam; leave the sheet out"
        raise SheetRefused(told, field="/part", rule="carried")


def _must_have_room(entry: Entry, row: Signed) -> None:
    kept = sum(len(sheet.marks) for sheet in entry.sheets)
    if kept + len(row.marks) > MOST_MARKS:
        told = "this candidate's sheets were corrected as often as is kept; the newest versions count"
        raise SheetRefused(told, field="/correction", rule="too-many-versions")


def _same(standing: Sheet, row: Signed) -> bool:
    said = (row.marks, row.accident, row.scorer, row.checker, row.began_at, row.ended_at)
    stands = (standing.marks, standing.accident, standing.scorer, standing.checker, standing.began_at)
    return (*stands, standing.ended_at) == said


def _sheet(row: Signed, before: Sheet | None) -> Sheet:
    made = Sheet(
        part=row.part,
        assessor=row.assessor,
        work_piece=row.work_piece,
        version=before.version + 1 if before else 1,
        marks=row.marks,
        dimensions=row.dimensions,
        points=sum(mark.points for mark in row.marks),
        accident=row.accident,
        scorer=row.scorer,
        checker=row.checker,
        began_at=row.began_at,
        ended_at=row.ended_at,
        signed_at=row.signed_at,
        reason=row.reason if before else "",
        replaces=before.digest if before else "",
    )
    return with_digest(made)


def with_digest(sheet: Sheet) -> Sheet:
    """The sheet with its digest."""
    return sheet.model_copy(update={"digest": sealed_by(sheet)})


def marks_of(paper: Paper, points: Any, remarks: Any) -> tuple[Mark, ...]:
    """The points of every element of the paper, and what was deducted for."""
    elements = paper.elements
    given = points if isinstance(points, Mapping) else _for_the_only(elements, points)
    texts = remarks_of(remarks)
    known = [element.id for element in elements]
    for field, names in (("/points", given.keys()), ("/remarks", texts.keys())):
        if names - set(known):  # not named back: it is the sender's text
            raise SheetRefused(f"the elements are: {', '.join(known)}", field=field, rule="element-unknown")
    return tuple(_mark(element, given, texts, paper.step) for element in elements)


def remarks_of(remarks: Any) -> dict[str, str]:
    """What was deducted for, by element, with every ID number in it masked."""
    sent = {} if remarks is None else remarks
    if not isinstance(sent, Mapping) or not all(isinstance(text, str) for text in sent.values()):
        raise SheetRefused("send an object with a text by element", field="/remarks", rule="not-text")
    if any(len(text) > LONGEST_REMARK for text in sent.values()):
        raise SheetRefused(f"a remark has {LONGEST_REMARK} characters at most", field="/remarks", rule="too-long")
    return {element: scrub(text) for element, text in sent.items()}


def dimensions_of(paper: Paper, marks: tuple[Mark, ...]) -> dict[str, float]:
    """The points of each dimension, conduct among them."""
    sums: dict[str, float] = {}
    for element, mark in zip(paper.elements, marks, strict=True):
        if element.dimension:
            sums[element.dimension] = sums.get(element.dimension, 0) + mark.points
    return sums


def _for_the_only(elements: tuple[Element, ...], points: Any) -> Mapping[str, Any]:
    if len(elements) > 1:
        raise SheetRefused("this part is scored by element; send an object", field="/points", rule="no-score-sheet")
    return {elements[0].id: points}


def _mark(element: Element, given: Mapping[str, Any], remarks: Mapping[str, str], step: float) -> Mark:
    field = f"/points/{element.id}"
    if element.id not in given:
        told = f"score this element, 0 to {element.points:g} points"
        raise SheetRefused(told, field=field, rule="element-missing")
    points = _points(given[element.id], element.points, step, field)
    deducted = element.points - points
    return Mark(element=element.id, points=points, deducted=deducted, why=remarks.get(element.id, ""))


def _points(value: Any, most: float, step: float, field: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # noqa: PLR0124 - NaN
        raise SheetRefused(f"send a number, 0 to {most:g}", field=field, rule="not-a-number")
    if value < 0:
        raise SheetRefused(f"send 0 to {most:g} points", field=field, rule="below-zero")
    if value > most:
        raise SheetRefused(f"send 0 to {most:g} points", field=field, rule="above-points")
    if value % step:
        raise SheetRefused(f"points are multiples of {step:g}", field=field, rule="not-a-step")
    return float(value)
