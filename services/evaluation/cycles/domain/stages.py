"""The stages of a cycle: when each is open, how its window may still move, in which order they come."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

from pydantic import Field

from services.evaluation.cycles.commands import Window
from shared.errors import Fault, Kind
from shared.events.base import Record
from shared.workdays import start_of_day

ONE_DAY = timedelta(days=1)


class StageUnknown(Fault):
    """The cycle has no such stage, or one of its stages has no window."""

    slug, kind = "stage-unknown", Kind.INVALID


class WindowTurned(Fault):
    """A window closes on the day it opens, or later."""

    slug, kind = "window-turned", Kind.INVALID


class StagesOutOfOrder(Fault):
    """Stages open and close in their order, the first opens in the year of the cycle."""

    slug, kind = "stages-out-of-order", Kind.CONFLICT


class WindowBegun(Fault):
    """A window that has begun can only be lengthened, one that is over no more."""

    slug, kind = "window-begun", Kind.CONFLICT


class Stage(Record):
    """A stage as the data file names it."""

    id: str = Field(examples=["acceptance"])
    zh: str
    en: str
    allows: tuple[str, ...] = Field(description="what may be done while it is open", examples=[("self_check",)])


class NoticeStage(Record):
    """A stage as the rule `cycle.stages` dates it."""

    id: str
    opens: date
    closes: date


class Term(Stage):
    """A stage of one cycle: as the data file named it when the cycle was made, with its window."""

    opens: date = Field(description="first day, Asia/Shanghai")
    closes: date = Field(description="last day, Asia/Shanghai")
    opened_at: datetime | None = Field(default=None, description="when its opening was announced, UTC")
    closed_at: datetime | None = Field(default=None, description="when its closing was announced, UTC")

    def is_open(self, on: date) -> bool:
        """Whether that day is one of its window."""
        return self.opens <= on <= self.closes

    def next_at(self) -> datetime | None:
        """The instant from which something of it has to be announced."""
        if self.opened_at is None:
            return start_of_day(self.opens)
        return start_of_day(self.closes + ONE_DAY) if self.closed_at is None else None

    def moved(self, window: Window, today: date) -> "Term":
        """The same stage in another window, as far as it may still move."""
        field = f"/windows/{self.id}"
        if (window.opens, window.closes) == (self.opens, self.closes):
            return self
        if self.closed_at is not None or today > self.closes:
            raise WindowBegun(f"{self.id} was over on {self.closes}; record an extension for who is late", field=field)
        begun = self.opened_at is not None or today >= self.opens
        if begun and (window.opens != self.opens or window.closes < self.closes):
            raise WindowBegun(
                f"{self.id} has begun: keep {self.opens} and close it on {self.closes} or later", field=field
            )
        if not begun and window.opens < today:
            raise WindowBegun(f"{self.id} can open today, {today}, or later", field=field)
        return self.model_copy(update=window.model_dump())


class WindowChange(Record):
    """How a window moved, and why."""

    stage: str
    opened: date = Field(description="first day before")
    closed: date = Field(description="last day before")
    opens: date = Field(description="first day since")
    closes: date = Field(description="last day since")
    reason: str
    changed_by: str
    changed_on: date


def laid_out(windows: Mapping[str, Window], stages: Sequence[Stage], year: int) -> tuple[Term, ...]:
    """The stages of a new cycle, each with its window."""
    must_be_among(windows, stages)
    for stage in stages:
        if stage.id not in windows:
            raise StageUnknown(f"{stage.id} needs a window", field=f"/windows/{stage.id}")
    terms = tuple(Term(**stage.model_dump(), **windows[stage.id].model_dump()) for stage in stages)
    must_be_in_order(terms, year)
    return terms


def must_be_in_order(terms: Sequence[Term], year: int) -> None:
    """Refuse windows that are turned or out of the order of the stages."""
    for term in terms:
        if term.closes < term.opens:
            raise WindowTurned(f"{term.id} opens on {term.opens}", field=f"/windows/{term.id}/closes")
    for first, then in pairwise(terms):
        if then.opens < first.opens or then.closes < first.closes:
            raise StagesOutOfOrder(
                f"{then.id} opens and closes no earlier than {first.id}, {first.opens} to {first.closes}",
                field=f"/windows/{then.id}",
                rule="cycle.stages",
            )
    if terms[0].opens.year != year:
        raise StagesOutOfOrder(
            f"{terms[0].id} opens on {terms[0].opens}, the cycle is of {year}; name its windows", field="/windows"
        )


def must_be_among(windows: Iterable[str], stages: Sequence[Stage]) -> None:
    """Refuse windows of stages that are not there."""
    known = [stage.id for stage in stages]
    for code in windows:
        if code not in known:
            raise StageUnknown(f"the stages are {', '.join(known)}", field=f"/windows/{code}")


def next_moment(terms: Iterable[Term]) -> datetime | None:
    """The instant of the earliest announcement that is due or to come."""
    return min((moment for term in terms if (moment := term.next_at()) is not None), default=None)


def windows_of(terms: Sequence[Term]) -> str:
    """Their windows in words."""
    return ", ".join(f"{term.id} ({term.zh}) {term.opens} to {term.closes}" for term in terms)
