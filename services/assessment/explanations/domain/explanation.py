"""The explanation of one entry: everything that led to its result, and the rules it was held against."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime

from pydantic import Field, computed_field

from services.assessment.batches.domain import Batch, Notice, Override, Seal
from services.assessment.batches.domain import State as BatchState
from services.assessment.eligibility.domain import Met
from services.assessment.entries.domain import (
    Attendance,
    Certificate,
    Entry,
    FoundWrong,
    Rejection,
    Resit,
    Reviewed,
    Sheet,
    State,
)
from services.assessment.explanations.domain.checks import checks_of
from services.assessment.explanations.domain.known import Case, Check, Known
from services.assessment.explanations.domain.staff import card_faults, supervisor_faults
from services.assessment.mirrors.domain import Card
from shared.events.base import Record
from shared.events.registry import Part

NOTHING = Known()


class EditionShown(Record):
    """By which edition the exam was held."""

    standard: str
    occupation_name: str = ""
    edition: str = ""
    effective: date | None = None
    conditions_from: str = Field(default="", description="the document that the conditions of the level come from")


class EligibilityShown(Record):
    """By what the candidate could enter."""

    met: Met | None = Field(description="the alternative and its evidence; null: an open level, or a reviewer decided")
    override: Reviewed | None = Field(description="the reviewer's decision, where the conditions refused")
    resit: Resit | None = Field(description="of which failed entry it sat the failed parts again")


class FiledShown(Record):
    """Under which filed plan the batch was held."""

    plan: str
    plan_edition: int
    filed_on: date | None
    exam_on: date
    ends_on: date


class CardShown(Record):
    """A card as it stood on the day."""

    card: str
    number: str = ""
    holder: str = Field(default="", description="masked name")
    valid_from: date | None = None
    valid_until: date | None = None
    head: bool = False
    faults: tuple[str, ...] = Field(default=(), description="why it did not hold that day")


class PartShown(Record):
    """One part with who assessed it, every version of every sheet, its points and its mark."""

    part: str
    on: date
    site: str
    assessors: tuple[CardShown, ...]
    sheets: tuple[Sheet, ...]
    points: float | None
    state: str
    pass_mark: float
    mark_from: str = Field(description="whose pass mark it is")
    carried_from: str = Field(default="", description="entry of an earlier exam that passed this part")


class ObjectionShown(Record):
    """An objection to the result."""

    objection: str
    state: str
    is_open: bool


class Explanation(Record):
    """Why an entry passed; `holds` is true when every check does."""

    entry: str
    batch: str
    unit: str
    state: State
    holder: str = Field(description="masked name")
    edition: EditionShown
    filed: FiledShown
    eligibility: EligibilityShown
    parts: tuple[PartShown, ...]
    supervisor: CardShown | None
    overrides: tuple[Override, ...] = Field(description="rules of assignment that were set aside, and why")
    attendance: tuple[Attendance, ...]
    seal: Seal | None
    notice: Notice | None
    closed_at: datetime | None
    objections: tuple[ObjectionShown, ...]
    filings: int
    chunks: tuple[int, ...] = Field(description="numbers of the chunks in which its result was said")
    rejections: tuple[Rejection, ...]
    found_wrong: tuple[FoundWrong, ...]
    number: str
    certificate: Certificate | None
    checks: tuple[Check, ...]

    @computed_field(description="whether every check holds")  # type: ignore[prop-decorator]
    @property
    def holds(self) -> bool:
        """Whether every check holds."""
        return all(check.holds for check in self.checks)


def explain(entry: Entry, batch: Batch, known: Known = NOTHING) -> Explanation:
    """Everything that led to the result of an entry, and each rule held against what is stored."""
    case = Case(entry, batch, known)
    kept = ("unit", "state", "holder", "attendance", "filings", "rejections", "found_wrong", "number", "certificate")
    return Explanation(
        entry=entry.id,
        batch=batch.id,
        edition=_edition(case),
        filed=FiledShown(filed_on=batch.begun_on, **_of(batch, "plan", "plan_edition", "exam_on", "ends_on")),
        eligibility=EligibilityShown(met=entry.eligibility, override=entry.reviewed, resit=entry.resit),
        parts=tuple(_part(case, part) for part in batch.parts),
        supervisor=_supervisor(case),
        overrides=batch.assignment.overrides,
        closed_at=batch.moments.get(BatchState.CLOSED.value),
        objections=tuple(_objections(known)),
        chunks=tuple(sorted(row.chunk for row in known.chunks if entry.id in row.filings)),
        checks=checks_of(case),
        **_of(batch, "seal", "notice"),
        **_of(entry, *kept),
    )


def _of(found: Entry | Batch, *names: str) -> Mapping[str, object]:
    return {name: getattr(found, name) for name in names}


def _edition(case: Case) -> EditionShown:
    edition = case.known.edition
    if edition is None:
        return EditionShown(standard=case.batch.standard)
    conditions = edition.conditions_of(case.batch.level)
    return EditionShown(
        standard=edition.id,
        occupation_name=edition.occupation_name,
        edition=edition.edition,
        effective=edition.effective,
        conditions_from=conditions.source if conditions else "",
    )


def _part(case: Case, part: Part) -> PartShown:
    sitting, group = case.batch.sitting(part.id), case.batch.assignment.group(part.id)
    score = next((row for row in case.entry.scores if row.part == part.id), None)
    cards = case.known.cards
    shown = [
        _card(card, cards, head=card == group.head, faults=tuple(card_faults(case, card, part.id)))
        for card in group.assessors
    ] if group else []  # fmt: skip
    return PartShown(
        part=part.id,
        on=sitting.on,
        site=sitting.site,
        assessors=tuple(shown),
        sheets=tuple(sheet for sheet in case.entry.sheets if sheet.part == part.id),
        points=score.points if score else None,
        state=score.state if score else "",
        pass_mark=part.pass_mark,
        mark_from=f"standard edition {case.batch.standard}",
        carried_from=score.carried_from if score else "",
    )


def _supervisor(case: Case) -> CardShown | None:
    card = case.batch.supervisor
    return _card(card, case.known.cards, faults=tuple(supervisor_faults(case))) if card else None


def _card(card: str, cards: Mapping[str, Card], *, head: bool = False, faults: tuple[str, ...] = ()) -> CardShown:
    known = cards.get(card)
    about = known.model_dump(include={"number", "holder", "valid_from", "valid_until"}) if known else {}
    return CardShown(card=card, head=head, faults=faults, **about)


def _objections(known: Known) -> Iterator[ObjectionShown]:
    for row in known.objections:
        yield ObjectionShown(
            objection=str(row["_id"]), state=str(row.get("state", "")), is_open=bool(row.get("is_open"))
        )
