"""The checklist of an archive, which is data, and which of its items a batch's archive has."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from enum import StrEnum

from services.assessment.batches.domain import Batch, Notice, PeriodOpen
from services.assessment.batches.domain import State as BatchState
from shared.events.base import Record
from shared.workdays import add_workdays


class Source(StrEnum):
    """Where an item comes from."""

    COMPUTED = "computed"
    """From what is stored of the batch."""
    DOCUMENT = "document"
    """Entered with its hash."""
    REPORT = "report"
    """Written here by the supervisor."""


class Volume(Record):
    """A volume of the archive."""

    volume: int
    zh: str
    en: str
    status: str


class Item(Record):
    """An item of a volume; `status` tells whether a published document names it."""

    item: str
    volume: int
    zh: str
    en: str
    source: Source
    required: bool
    status: str


class Checklist(Record):
    """What an archive holds."""

    volumes: tuple[Volume, ...]
    items: tuple[Item, ...]

    def is_from(self, item: str, source: Source) -> bool:
        """Whether there is such an item from that source."""
        return any(row.item == item and row.source is source for row in self.items)


class Placed(Item):
    """An item with whether the archive of a batch has it."""

    present: bool


def _is_certified(batch: Batch) -> bool:
    return batch.state in (BatchState.CERTIFIED, BatchState.ARCHIVED)


PRESENT: Mapping[str, Callable[[Batch], bool]] = {
    "announcement": lambda batch: batch.begun_on is not None,
    "name_list": lambda batch: batch.begun_on is not None,
    "eligibility": lambda batch: batch.begun_on is not None,
    "plan": lambda batch: bool(batch.plan),
    "assignment": lambda batch: bool(batch.assignment.groups),
    "arrangement": lambda batch: bool(batch.rooms) and batch.tickets > 0,
    "attendance": lambda batch: batch.seal is not None,
    "sheets": lambda batch: batch.seal is not None,
    "results": lambda batch: batch.seal is not None,
    "notice": lambda batch: batch.notice is not None,
    "objections": lambda batch: batch.notice is not None,
    "certificates": _is_certified,
    "filings": _is_certified,
}
"""By what a computed item is there: the step of the batch that leaves nothing of it to come."""


def placed(checklist: Checklist, batch: Batch, documents: Collection[str], *, reported: bool) -> list[Placed]:
    """Every item with whether it is there; `documents` are the items that have one."""

    def is_there(row: Item) -> bool:
        match row.source:
            case Source.COMPUTED:
                return PRESENT[row.item](batch)
            case Source.DOCUMENT:
                return row.item in documents
            case Source.REPORT:
                return reported

    return [Placed(**row.model_dump(), present=is_there(row)) for row in checklist.items]


def must_be_past_objecting(notice: Notice, workdays: int, now: datetime) -> None:
    """Points can be objected to for longer than the notice lasts, and to what is archived they cannot."""
    end = add_workdays(notice.opens_on, workdays)
    if now < end.ends_at:
        rule = "review.apply_wd"
        raise PeriodOpen(f"points can be objected to until {end.last_day}; close the archive then", rule=rule)
