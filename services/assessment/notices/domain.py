"""What the public reads of a batch: its announcement once it is filed, and masked results while they are on notice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import Field

from services.assessment.batches.domain import Batch, Notice, State
from services.assessment.eligibility.domain.predicates import Wording, wording
from services.assessment.entries.domain import Entry
from services.assessment.mirrors.domain import Site, Standard, Unit
from shared.errors import Fault, Kind, NotFound
from shared.events.base import Record
from shared.workdays import PeriodEnd


class NotOnNotice(Fault):
    """The results of this batch are not on public notice today."""

    slug, kind = "not-on-notice", Kind.CONFLICT

    def __init__(self, detail: str, period: tuple[date, date] | None, score_until: date | None = None) -> None:
        super().__init__(detail, rule="notice.result_wd")
        self.period = period
        """First and last day of a notice that is over; None: it has not begun."""
        self.score_until = score_until
        """Last day on which the own points can still be objected to; None: that is over, too."""


class About(Record):
    """Which exam it is."""

    batch: str = Field(description="id of the batch")
    authority: str = Field(description="code of the line", examples=["33"])
    unit: str = Field(description="id of the unit that examines")
    unit_name: str = Field(examples=["示例单位"])
    occupation: str = Field(description="slug of the occupation catalogue", examples=["rebar_worker"])
    occupation_name: str = Field(examples=["钢筋工"])
    level: str = Field(description="5 junior … 1 senior technician", examples=["5"])
    exam_on: date = Field(description="first day, Asia/Shanghai")
    ends_on: date = Field(description="last day, Asia/Shanghai")


class PartHeld(Record):
    """When and where a part is examined, and what passes it."""

    part: str = Field(description="theory, practical or review", examples=["theory"])
    on: date = Field(description="day, Asia/Shanghai")
    begins: str = Field(description="local time", examples=["09:00"])
    minutes: int = Field(description="shortest length, minutes")
    mode: str = Field(description="slug of the rule `exam.modes`", examples=["evening"])
    site: str = Field(description="name of the site; empty for a part held online")
    address: str
    place: str = Field(description="where exactly; empty: at the site")
    pass_mark: float = Field(description="points needed in this part alone")
    out_of: float


class Announcement(About):
    """An exam, announced."""

    standard: str = Field(description="the edition it is examined by")
    edition: str = Field(examples=["2019年试点版"])
    announced_on: date = Field(description="day it was filed, Asia/Shanghai")
    enter_until: date | None = Field(description="last day to enter; null: entry is not open yet")
    planned: int = Field(description="candidates expected")
    cancelled: bool
    reason: str = Field(description="why it was cancelled; empty when it was not")
    parts: tuple[PartHeld, ...]
    conditions: tuple[tuple[Wording, ...], ...] = Field(
        description="who may enter: any one line, with all conditions in it; empty: everybody"
    )
    source: str = Field(description="the document the conditions come from")


class PublicRow(Record):
    """One candidate who passed."""

    ticket: str = Field(description="number of the admission ticket", examples=["19101233-001-00017"])
    holder: str = Field(description="masked name", examples=["李*"])
    occupation: str
    level: str
    result: str = Field(default="passed")


class Period(Record):
    """The days of a public notice, and until when what can be objected to."""

    opens_on: date = Field(description="first day, Asia/Shanghai")
    closes_on: date = Field(
        description="last day, Asia/Shanghai; objections other than to points are raised until then"
    )
    score_until: date = Field(description="last day for objections to the own points")
    ends_at: datetime
    provisional: bool = Field(description="the holidays of a day counted are not announced yet; a last day may move")
    examined: int
    passed: int
    failed: int


class PublicList(About):
    """Who passed, page by page, with the period in which it can be objected to."""

    period: Period
    rows: tuple[PublicRow, ...]
    next: str | None = Field(default=None, description="`cursor` of the next page; null on the last")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known here of what a batch names."""

    unit: Unit | None
    standard: Standard
    sites: dict[str, Site]


def must_be_announced(batch: Batch) -> date:
    """The day it was filed; a batch that is only planned is nobody else's business."""
    if batch.begun_on is None:
        raise NotFound(f"no batch {batch.id} is announced")
    return batch.begun_on


def must_be_on_notice(batch: Batch, now: datetime, until: PeriodEnd | None) -> Notice:
    """The notice that is running; `until` is the last day for objections to points."""
    must_be_announced(batch)
    if batch.notice is None:
        raise NotOnNotice(
            "its results are not on public notice yet; see its announcement for the days of the exam", None
        )
    if batch.state is State.CANCELLED or now >= batch.notice.ends_at:
        period = batch.notice.opens_on, batch.notice.closes_on
        told = f"its results were on public notice from {period[0]} to {period[1]}; ask the unit"
        still = until.last_day if until and now < until.ends_at else None
        raise NotOnNotice(f"{told}, until {still} also to review your own points" if still else told, period, still)
    return batch.notice


def announced(batch: Batch, known: Known) -> Announcement:
    """The announcement of a filed batch, as it stands today."""
    conditions = known.standard.conditions_of(batch.level)
    lines = conditions.alternatives if conditions else ()
    return Announcement(
        **_about(batch, known),
        standard=batch.standard,
        edition=known.standard.edition,
        announced_on=must_be_announced(batch),
        enter_until=batch.registration_until,
        planned=batch.planned,
        cancelled=batch.state is State.CANCELLED,
        reason=batch.reason,
        parts=tuple(_held(batch, part.id, known) for part in batch.parts),
        conditions=tuple(tuple(wording(one) for one in line.all_of) for line in lines),
        source=conditions.source if conditions else "",
    )


def public_list(
    batch: Batch, known: Known, notice: Notice, until: PeriodEnd, entries: Sequence[Entry], after: str | None
) -> PublicList:
    """A page of those who passed; `until` is the last day for objections to points."""
    period = Period(
        opens_on=notice.opens_on,
        closes_on=notice.closes_on,
        score_until=until.last_day,
        ends_at=notice.ends_at,
        provisional=notice.provisional or until.provisional,
        examined=notice.entries,
        passed=notice.passed,
        failed=notice.failed,
    )
    return PublicList(**_about(batch, known), period=period, rows=tuple(_row(entry) for entry in entries), next=after)


def _about(batch: Batch, known: Known) -> dict[str, object]:
    kept = ("authority", "unit", "occupation", "level", "exam_on", "ends_on")
    names = {
        "batch": batch.id,
        "unit_name": known.unit.name if known.unit else "",
        "occupation_name": known.standard.occupation_name,
    }
    return {**names, **{name: getattr(batch, name) for name in kept}}


def _held(batch: Batch, identity: str, known: Known) -> PartHeld:
    part = next(part for part in batch.parts if part.id == identity)
    sitting = batch.sitting(identity)
    site = known.sites.get(sitting.site)
    return PartHeld(
        part=identity,
        on=sitting.on,
        begins=sitting.begins,
        minutes=part.minutes,
        mode=sitting.mode,
        site=site.name if site else "",
        address=site.address if site else "",
        place=sitting.place,
        pass_mark=part.pass_mark,
        out_of=part.out_of,
    )


def _row(entry: Entry) -> PublicRow:
    return PublicRow(ticket=entry.ticket, holder=entry.holder, occupation=entry.occupation, level=entry.level)
