"""Every rule an entry must fulfil to be certified, computed from the stored evidence and never from its state."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from services.assessment.batches.domain import State as BatchState
from services.assessment.eligibility.domain import Met
from services.assessment.entries.domain import Sheet, State, counting_sheets, has_passed, judged
from services.assessment.explanations.domain.known import Case, Check
from services.assessment.explanations.domain.staff import assessors, supervised
from services.assessment.results.domain import still_passes
from shared.events.registry import Conditions

Judge = Callable[[Case], tuple[bool, str]]


def checks_of(case: Case) -> tuple[Check, ...]:
    """Each rule with its evidence."""
    edition = f"standard edition {case.batch.standard}"
    sources = {"eligibility": _eligibility_source(case), "parts": edition, "sheets": edition}
    found = [(rule, judge(case)) for rule, judge in RULES.items()]
    return tuple(
        Check(rule=rule, holds=holds, evidence=evidence, source=sources.get(rule, SOURCES.get(rule, "")))
        for rule, (holds, evidence) in found
    )


def _filed(case: Case) -> tuple[bool, str]:
    batch = case.batch
    before = batch.begun_on is not None and batch.begun_on < batch.exam_on
    return before and bool(batch.plan), f"filed {batch.begun_on} under {batch.plan or 'no plan'}, exam {batch.exam_on}"


def _eligible(case: Case) -> tuple[bool, str]:
    entry, edition = case.entry, case.known.edition
    if entry.reviewed is not None:
        return bool(entry.reviewed.reason), f"{entry.reviewed.rule} set aside by {entry.reviewed.actor}"
    conditions = edition.conditions_of(case.batch.level) if edition else None
    if edition is not None and conditions is None:
        return True, "the level has no conditions"
    if entry.eligibility is None or conditions is None:
        return False, "no decision is stored" if entry.eligibility is None else "its edition is not known"
    return _is_proved(entry.eligibility, conditions), _proofs(entry.eligibility)


def _is_proved(met: Met, conditions: Conditions) -> bool:
    """Whether the edition has that alternative, and each of its predicates its evidence."""
    if not 1 <= met.alternative <= len(conditions.alternatives):
        return False
    asked = {predicate.predicate for predicate in conditions.alternatives[met.alternative - 1].all_of}
    return asked <= {proof.predicate for proof in met.evidence}


def _proofs(met: Met) -> str:
    proofs = ", ".join(f"{row.en} ({row.by})" for row in met.evidence)
    return f"alternative {met.alternative}: {proofs or 'no evidence'}"


def _eligibility_source(case: Case) -> str:
    conditions = case.known.edition.conditions_of(case.batch.level) if case.known.edition else None
    return conditions.source if conditions else f"standard edition {case.batch.standard}"


def _attended(case: Case) -> tuple[bool, str]:
    marks = {part.id: case.entry.noted(part.id) for part in case.sat}
    return not {"absent", "violation"} & set(marks.values()), ", ".join(
        f"{part}: {mark}" for part, mark in marks.items()
    )


def _sheets(case: Case) -> tuple[bool, str]:
    wrong = [text for part in case.sat for text in _sheet_faults(case, part.id)]
    count = sum(len(counting_sheets(case.entry, case.batch, part.id)) for part in case.sat)
    return not wrong, "; ".join(wrong) or f"{count} sheets, each scored by one person and checked by another"


def _sheet_faults(case: Case, part: str) -> Iterator[str]:
    sheets = counting_sheets(case.entry, case.batch, part)
    group = case.batch.assignment.group(part)
    expected = set(group.assessors) if group else {""}
    if {sheet.assessor for sheet in sheets} != expected and (group or len(sheets) != 1):
        yield f"{part}: {len(sheets)} of {len(expected)} sheets"
    for sheet in case.entry.sheets:
        if sheet.part == part:
            yield from _signature_faults(case, sheet)


def _signature_faults(case: Case, sheet: Sheet) -> Iterator[str]:
    name = f"{sheet.part} {sheet.assessor} version {sheet.version}".replace("  ", " ")
    if not (sheet.scorer and sheet.checker) or sheet.scorer == sheet.checker:
        yield f"{name} is not signed by two"
    if sheet.version > 1 and not sheet.reason:
        yield f"{name} has no reason"
    if not sheet.digest or (case.known.sealed_by and case.known.sealed_by(sheet) != sheet.digest):
        yield f"{name} is not as it was sealed"


def _parts(case: Case) -> tuple[bool, str]:
    """The points follow from sheets, attendance and what was carried; each reaches its own mark."""
    batch, entry = case.batch, case.entry
    again = judged(entry.having(state=State.ENROLLED, scores=()), batch)
    reached = {score.part: score for score in again.scores}
    stored = {score.part: (score.points, score.state) for score in entry.scores}
    passed = all(part.id in reached and has_passed(part, reached[part.id]) for part in batch.parts)
    same = stored == {part: (score.points, score.state) for part, score in reached.items()}
    shown = ", ".join(
        f"{part.id} {reached[part.id].points:g} of {part.pass_mark:g}"
        if part.id in reached
        else f"{part.id} without a result"
        for part in batch.parts
    )
    return passed and same, shown if same else f"{shown}; other points are stored"


def _sealed(case: Case) -> tuple[bool, str]:
    seal = case.batch.seal
    return seal is not None, f"seal {seal.digest} of {seal.at:%FT%TZ}" if seal else "the sheets are not sealed"


def _period(case: Case) -> tuple[bool, str]:
    notice, closed = case.batch.notice, case.batch.moments.get(BatchState.CLOSED.value)
    if notice is None or closed is None:
        return False, "the results are not closed"
    days = f"on notice {notice.opens_on} to {notice.closes_on}, closed {closed:%FT%TZ}"
    return closed >= notice.ends_at, days


def _no_objection(case: Case) -> tuple[bool, str]:
    """None was open when its result was said; one that was raised later does not undo that."""
    still = {str(row["_id"]): _came_later(case, row) for row in case.known.objections if row.get("is_open")}
    if case.entry.objection:
        still.setdefault(case.entry.objection, False)
    if holding := [identity for identity, later in still.items() if not later]:
        return False, f"open: {', '.join(holding)}"
    return True, f"none held it back; {len(still)} of {len(case.known.objections)} were raised since it was said"


def _came_later(case: Case, objection: Mapping[str, Any]) -> bool:
    said = [row.said_at for row in case.known.chunks if case.entry.id in row.filings and row.said_at]
    steps = objection.get("steps", ())
    return bool(said and steps) and steps[0]["at"] >= max(said)


def _said(case: Case) -> tuple[bool, str]:
    """It was said to the registry, each filing in one chunk."""
    entry = case.entry
    mine = [row for row in case.known.chunks if entry.id in row.filings]
    filings = sorted(row.filings[entry.id] for row in mine)
    untold = any(not row.filings for row in case.known.chunks)  # a chunk from before it told which filings it says
    once = filings == list(range(1, entry.filings + 1)) if mine else untold
    text = f"said {entry.filings} times, last in chunk {entry.chunk}"
    return entry.filings > 0 and entry.chunk > 0 and once, text


def _still_right(case: Case) -> tuple[bool, str]:
    notes = case.entry.found_wrong
    if not notes:
        return True, "nothing was found wrong"
    return still_passes(case.entry), f"found wrong {notes[-1].at:%FT%TZ}: {notes[-1].reason}"


RULES: Mapping[str, Judge] = {
    "filed": _filed,
    "eligibility": _eligible,
    "assessors": assessors,
    "supervisor": supervised,
    "attendance": _attended,
    "sheets": _sheets,
    "parts": _parts,
    "seal": _sealed,
    "period": _period,
    "objection": _no_objection,
    "said": _said,
    "still-right": _still_right,
}
SOURCES: Mapping[str, str] = {
    "filed": "建办人函〔2019〕491号: a plan is filed with the Center before any appraisal",
    "assessors": "rules exam.assessor_group_min, exam.assessor_group_odd; the registry's cards",
    "supervisor": "a supervisor never assesses in the exam they supervise",
    "attendance": "who is absent or breaks the rules has no result in that part",
    "seal": "sheets are sealed before results open",
    "period": "rule notice.result_wd",
    "objection": "an open objection holds its entry back",
    "said": "every qualified person is filed, once for each filing",
    "still-right": "a final result is corrected, never edited",
}
