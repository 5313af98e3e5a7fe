"""The life of a cycle: windows move, stages are announced, and what is out of time is refused, unless extended."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from pydantic import Field

from services.evaluation.cycles.commands import Window
from services.evaluation.cycles.domain.stages import (
    ONE_DAY,
    Term,
    WindowChange,
    must_be_among,
    must_be_in_order,
    next_moment,
    windows_of,
)
from shared.entity import Entity
from shared.errors import Fault, Kind
from shared.events.base import Event
from shared.events.evaluation import StageClosed, StageOpened
from shared.workdays import local_day


class CycleUnknown(Fault):
    """The cycle is not on file."""

    slug, kind = "cycle-unknown", Kind.CONFLICT


class OutsideTheWindow(Fault):
    """No stage of the cycle allows this today."""

    slug, kind = "outside-the-window", Kind.CONFLICT


class ExtensionRefused(Fault):
    """An extension lets something happen late that the cycle has, within the days the rules give for it."""

    slug, kind = "extension-refused", Kind.CONFLICT


class Cycle(Entity):
    """One cycle of the programme; several may run side by side."""

    name_zh: str
    name_en: str
    year: int
    basis: str = Field(description="the document the cycle rests on")
    stages: tuple[Term, ...]
    changes: tuple[WindowChange, ...] = ()
    made_by: str
    made_on: date
    next_at: datetime | None = Field(default=None, description="when the next stage opens or closes, UTC")

    def moved(
        self, windows: Mapping[str, Window], reason: str, by: str, now: datetime
    ) -> "tuple[Cycle, Sequence[Event]]":
        """The same cycle with some windows moved, and how they moved."""
        today = local_day(now)
        must_be_among(windows, self.stages)
        stages = tuple(term.moved(windows[term.id], today) if term.id in windows else term for term in self.stages)
        must_be_in_order(stages, self.year)
        changes = tuple(
            WindowChange(
                stage=old.id,
                opened=old.opens,
                closed=old.closes,
                opens=new.opens,
                closes=new.closes,
                reason=reason,
                changed_by=by,
                changed_on=today,
            )
            for old, new in zip(self.stages, stages, strict=True)
            if old != new
        )
        return (self._with(stages).having(changes=(*self.changes, *changes)), []) if changes else (self, [])

    def announced(self, now: datetime) -> "tuple[Cycle, Sequence[Event]]":
        """What opened or closed by now and was not announced yet, in the order it happened."""
        found, told = self, list[Event]()
        while found.next_at is not None and found.next_at <= now:
            found, event = found._told_next(now)
            told.append(event)
        return found, told

    def _told_next(self, now: datetime) -> "tuple[Cycle, Event]":
        place = min(place for place, term in enumerate(self.stages) if term.next_at() == self.next_at)
        term = self.stages[place]
        kind, stamp = (StageOpened, "opened_at") if term.opened_at is None else (StageClosed, "closed_at")
        told = term.model_copy(update={stamp: now})
        event = kind(
            cycle=self.id, stage=term.id, name=term.zh, allows=term.allows, opens=term.opens, closes=term.closes
        )
        return self._with((*self.stages[:place], told, *self.stages[place + 1 :])), event

    def _with(self, stages: tuple[Term, ...]) -> "Cycle":
        return self.having(stages=stages, next_at=next_moment(stages))

    def must_allow(self, act: str, on: date, extended_until: date | None = None) -> None:
        """Refuse what no stage allows that day, unless it is late and the organisation has an extension."""
        terms = [term for term in self.stages if act in term.allows]
        if any(term.is_open(on) for term in terms):
            return
        late = any(term.closes < on for term in terms)
        if late and extended_until is not None and on <= extended_until:
            return
        raise OutsideTheWindow(_refusal(self.id, act, on, terms, extended_until), rule=_rule(terms, act))

    def must_extend(self, act: str, until: date, today: date, most_days: int) -> None:
        """Refuse an extension that allows nothing, or lasts beyond what the rules give."""
        terms = [term for term in self.stages if act in term.allows]
        if not terms:
            known = ", ".join(sorted({each for term in self.stages for each in term.allows}))
            raise ExtensionRefused(f"the cycle {self.id} allows {known}", field="/act", rule=_rule(terms, act))
        closes = max((term.closes for term in terms if term.closes < until), default=None)
        if until < today or closes is None or any(term.is_open(until) for term in terms):
            raise ExtensionRefused(
                f"{windows_of(terms)}: give a day after the window, not before today, {today}", field="/until"
            )
        if until > (last := closes + most_days * ONE_DAY):
            raise ExtensionRefused(
                f"the window closes on {closes}, an extension lasts to {last} at most",
                field="/until",
                rule="cycle.extension_max_days",
            )


class Extension(Entity):
    """One organisation may do one thing late; `authority` is its line. It is granted once and never taken back."""

    cycle: str
    organisation: str
    unit: str | None = Field(description="the organisation, when it is a unit")
    act: str
    until: date = Field(description="last day, Asia/Shanghai")
    reason: str
    granted_by: str
    granted_on: date


def _rule(terms: Sequence[Term], act: str) -> str:
    return f"stages.{terms[0].id}.allows.{act}" if terms else "stages.allows"


def _refusal(cycle: str, act: str, on: date, terms: Sequence[Term], extended_until: date | None) -> str:
    if not terms:
        return f"no stage of the cycle {cycle} allows {act}"
    said = f"the cycle {cycle} allows {act} in its stage {windows_of(terms)}; today is {on}"
    if not any(term.closes < on for term in terms):
        return f"{said}: wait until it opens"
    ended = f", the last one ended on {extended_until}" if extended_until else ""
    return f"{said}: the Center can record an extension{ended}"
