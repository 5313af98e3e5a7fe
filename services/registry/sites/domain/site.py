"""The life of a site: registered, confirmed, changed, suspended, removed; what fits it and what it has."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import TypeVar

from services.registry.organisations.domain import By, Happened
from services.registry.sites.commands import (
    ConditionMet,
    RegisterSite,
    ReinstateSite,
    RemoveSite,
    SuspendSite,
)
from services.registry.sites.domain.ledger import Equipment, WrongLedger
from shared.entity import Entity
from shared.errors import Fault, Kind, NotFound
from shared.events.base import Event
from shared.events.registry import SiteChanged, SiteRegistered, SiteRemoved, SiteScope, SiteState

Decided = tuple["Site", Sequence[Event]]
S = TypeVar("S", bound=SiteState)
PERCENT = 100


class State(StrEnum):
    """Where a site stands."""

    REGISTERED = "registered"
    CONFIRMED = "confirmed"
    SUSPENDED = "suspended"
    REMOVED = "removed"


class NotFit(Fault):
    """The site does not have what a site must have; it cannot be confirmed."""

    slug, kind = "site-not-fit", Kind.CONFLICT


class WrongSiteState(Fault):
    """The site is not in a state that allows this."""

    slug, kind = "site-state", Kind.CONFLICT


class Site(Entity):
    """One site of one unit."""

    unit: str
    name: str
    address: str
    region_code: str
    scopes: tuple[SiteScope, ...]
    conditions: tuple[ConditionMet, ...]
    state: State = State.REGISTERED
    confirmed_on: date | None = None
    suspended_on: date | None = None
    removed_on: date | None = None
    reason: str = ""
    ledger: tuple[Equipment, ...] = ()
    history: tuple[Happened, ...] = ()

    # -- what it has -----------------------------------------------------------------------------------

    def in_use(self) -> tuple[Equipment, ...]:
        """The lines of the ledger that count."""
        return tuple(line for line in self.ledger if line.retired_on is None)

    def fit_percent(self) -> float | None:
        """How much of the equipment is fit for use; None without equipment."""
        count = sum(line.count for line in self.in_use())
        return PERCENT * sum(line.fit for line in self.in_use()) / count if count else None

    def lacks(self, least_percent: float) -> str:
        """What it lacks to be confirmed, in words; empty when nothing."""
        missing = [answer.condition for answer in self.conditions if not answer.met]
        if missing:
            return f"conditions not met: {', '.join(missing)}"
        percent = self.fit_percent()
        if percent is None:
            return "its equipment ledger is empty"
        return "" if percent >= least_percent else f"{percent:.1f} % of its equipment is fit, not {least_percent:g} %"

    def serves(self, occupation: str, level: str, on: date) -> bool:
        """Whether an exam of that occupation and level can be held there that day."""
        stands = self.confirmed_on is not None and self.confirmed_on <= on
        barred = any(day is not None and day <= on for day in (self.suspended_on, self.removed_on))
        fits = any(scope.occupation == occupation and level in scope.levels for scope in self.scopes)
        return stands and not barred and fits

    # -- what becomes of it ----------------------------------------------------------------------------

    def changed(self, asked: RegisterSite, by: By) -> Decided:
        """Everything about it anew; a confirmed site is to be confirmed again."""
        self._must_not_be(State.REMOVED, State.SUSPENDED)
        content = {name: getattr(asked, name) for name in RegisterSite.model_fields}
        if all(getattr(self, name) == value for name, value in content.items()):
            return self, []
        new = self.having(**content, state=State.REGISTERED, confirmed_on=None).noted(by, "changed", "")
        return new, [new.saying(SiteChanged, by.today)]

    def confirmed(self, least_percent: float, by: By) -> Decided:
        """Its authority or the Center has seen that it has what a site must have."""
        self._must_not_be(State.REMOVED, State.SUSPENDED, State.CONFIRMED)
        if lack := self.lacks(least_percent):
            raise NotFit(f"{lack}; the unit mends it", rule="site.equipment_fit_percent" if "%" in lack else None)
        new = self.having(state=State.CONFIRMED, confirmed_on=by.today).noted(by, "confirmed", "")
        return new, [new.saying(SiteChanged, by.today)]

    def suspended(self, asked: SuspendSite, by: By) -> Decided:
        """No exams from that day on."""
        self._must_be(State.CONFIRMED, "only a confirmed site can be suspended")
        new = self.having(state=State.SUSPENDED, suspended_on=asked.on, reason=asked.reason)
        new = new.noted(by, "suspended", asked.reason)
        return new, [new.saying(SiteChanged, asked.on)]

    def reinstated(self, asked: ReinstateSite, by: By) -> Decided:
        """Exams again from today."""
        self._must_be(State.SUSPENDED, "only a suspended site can be reinstated")
        new = self.having(state=State.CONFIRMED, suspended_on=None, reason=asked.reason)
        new = new.noted(by, "reinstated", asked.reason)
        return new, [new.saying(SiteChanged, by.today)]

    def removed(self, asked: RemoveSite, by: By) -> Decided:
        """No site from that day on; the first day named counts, so that a closing heard later moves nothing back."""
        if self.removed_on is not None and self.removed_on <= asked.on:
            return self, []
        new = self.having(state=State.REMOVED, removed_on=asked.on, reason=asked.reason)
        new = new.noted(by, "removed", asked.reason)
        return new, [new.saying(SiteRemoved, asked.on)]

    # -- its ledger ------------------------------------------------------------------------------------

    def ledger_replaced(self, lines: Sequence[Equipment], most: int, by: By) -> Decided:
        """The whole ledger anew."""
        told = f"{len(self.in_use())} lines by {len(lines)}"
        return self._kept(tuple(lines), most, by, "ledger replaced", told)

    def line_added(self, line: Equipment, most: int, by: By) -> Decided:
        """One line more."""
        return self._kept((*self.ledger, line), most, by, "ledger line added", line.id)

    def line_changed(self, line: Equipment, most: int, by: By) -> Decided:
        """One line otherwise."""
        self._line(line.id)
        ledger = tuple(line if old.id == line.id else old for old in self.ledger)
        return self._kept(ledger, most, by, "ledger line changed", line.id)

    def line_retired(self, line: str, reason: str, most: int, by: By) -> Decided:
        """One line that counts no more."""
        gone = self._line(line).model_copy(update={"retired_on": by.today})
        ledger = tuple(gone if old.id == line else old for old in self.ledger)
        return self._kept(ledger, most, by, "ledger line retired", f"{line}: {reason}")

    def keepers_shown(self, reason: str, by: By) -> Decided:
        """Who keeps the equipment was shown in clear; nobody else is told."""
        return self.noted(by, "keepers shown", reason), []

    def _kept(self, ledger: tuple[Equipment, ...], most: int, by: By, what: str, told: str) -> Decided:
        self._must_not_be(State.REMOVED)
        if len(ledger) > most:
            raise WrongLedger(f"a ledger has at most {most} lines; put like equipment on one", rule="site.ledger_lines")
        new = self.having(ledger=ledger).noted(by, what, told)
        return new, [new.saying(SiteChanged, by.today)]

    def _line(self, identity: str) -> Equipment:
        for line in self.in_use():
            if line.id == identity:
                return line
        raise NotFound(f"the ledger has no line {identity} in use")

    # -- the rest --------------------------------------------------------------------------------------

    def saying(self, kind: type[S], on: date) -> S:
        """The event that tells the whole site."""
        return kind(
            site=self.id,
            unit=self.unit,
            name=self.name,
            address=self.address,
            region_code=self.region_code,
            state=self.state,
            scopes=self.scopes,
            conditions_met=tuple(answer.condition for answer in self.conditions if answer.met),
            equipment=sum(line.count for line in self.in_use()),
            equipment_fit=sum(line.fit for line in self.in_use()),
            confirmed_on=self.confirmed_on,
            suspended_on=self.suspended_on,
            removed_on=self.removed_on,
            on=on,
            reason=self.reason,
        )

    def _must_be(self, state: State, rule: str) -> None:
        if self.state is not state:
            raise WrongSiteState(f"{rule}; this one is {self.state}")

    def _must_not_be(self, *states: State) -> None:
        if self.state in states:
            raise WrongSiteState(f"this site is {self.state}; that allows no such change")

    def noted(self, by: By, what: str, reason: str) -> "Site":
        """The same site with one more line of history."""
        return self.having(history=(*self.history, Happened(at=by.at, actor=by.actor, what=what, reason=reason)))


def registered(identity: str, unit: str, authority: str, asked: RegisterSite, by: By) -> Decided:
    """A new site, to be confirmed."""
    content = {name: getattr(asked, name) for name in RegisterSite.model_fields}
    site = Site(id=identity, unit=unit, authority=authority, **content).noted(by, "registered", "")
    return site, [site.saying(SiteRegistered, by.today)]
