"""A programme and its regimes: which one is in force on a day, and how the next one is scheduled."""

from collections.abc import Sequence
from datetime import date

from services.registry.programmes.commands import Regime, ScheduleRegime
from shared.entity import Entity
from shared.errors import Fault, Kind
from shared.events.base import Event
from shared.events.registry import RegimeScheduled, RegimeTerm


class NotToCome(Fault):
    """A regime begins on a day to come, so that nothing begun changes its regime."""

    slug, kind = "regime-effective", Kind.CONFLICT


class SameRegime(Fault):
    """This regime is in force and no other is scheduled."""

    slug, kind = "regime-unchanged", Kind.CONFLICT


class Programme(Entity):
    """What is run, and under which regimes, the earliest first."""

    name: str
    name_en: str
    regimes: tuple[RegimeTerm, ...]

    def regime_on(self, day: date) -> Regime:
        """The regime of what began that day; what began before the first regime is counted to it."""
        begun = [term for term in self.regimes if term.effective <= day] or self.regimes[:1]
        return Regime(begun[-1].regime)

    def scheduled(self, asked: ScheduleRegime, today: date) -> "tuple[Programme, Sequence[Event]]":
        """The next regime; one that was scheduled and has not begun yet is replaced."""
        if asked.effective <= today:
            raise NotToCome(f"{asked.effective} is not after today, {today}; name a later day", field="/effective")
        begun = tuple(term for term in self.regimes if term.effective <= today)
        if begun == self.regimes and asked.regime == begun[-1].regime:
            raise SameRegime(f"{asked.regime} is in force since {begun[-1].effective}", field="/regime")
        term = RegimeTerm(regime=asked.regime, effective=asked.effective, basis=asked.basis)
        return self.having(regimes=(*begun, term)).announced()

    def announced(self) -> "tuple[Programme, Sequence[Event]]":
        """The programme as it stands, told whole."""
        return self, [RegimeScheduled(programme=self.id, regimes=self.regimes)]
