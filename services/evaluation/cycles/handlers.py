"""Making cycles, moving their windows, granting extensions, announcing stages, and refusing what is out of time."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from services.evaluation.cycles.commands import ChangeWindows, GrantExtension, MakeCycle, Window
from services.evaluation.cycles.domain import Cycle, CycleUnknown, Extension, NoticeStage, Stage, laid_out, next_moment
from services.evaluation.cycles.storage import due, extended_until
from services.evaluation.indicators.handlers import Indicators
from shared.act import NATIONAL, Act
from shared.clock import Clock
from shared.rulebook import Rulebook
from shared.storage.store import Store

DUE_AT_ONCE = 500
AUTHORITY_CODE = re.compile("[0-9]{2}|[A-Z][0-9]{2}")


@dataclass(frozen=True)
class Cycles:
    """The cycles room; it asks the indicators room which line a unit belongs to."""

    cycles: Store[Cycle]
    extensions: Store[Extension]
    stages: tuple[Stage, ...]
    indicators: Indicators
    rules: Rulebook
    clock: Clock

    async def make(self, act: Act, asked: MakeCycle) -> Cycle:
        """A new cycle; what of it has passed already is announced like the rest."""
        today = self.clock.today()
        windows = self._windows_of_the_notice(today) if asked.windows is None else asked.windows
        year = int(asked.cycle[:4])
        stages = laid_out(windows, self.stages, year)
        made = Cycle(
            id=asked.cycle,
            authority=NATIONAL,
            year=year,
            stages=stages,
            made_by=act.actor,
            made_on=today,
            next_at=next_moment(stages),
            **asked.model_dump(include={"name_zh", "name_en", "basis"}),
        )
        return await self.cycles.add(made, [], act)

    async def change_windows(self, act: Act, cycle: str, asked: ChangeWindows, expect: int | None) -> Cycle:
        """Other days for some stages, as far as they may still move."""
        now = self.clock.now()
        return await self.cycles.change(
            cycle, act, lambda found: found.moved(asked.windows, asked.reason, act.actor, now), expect=expect
        )

    async def extend(self, act: Act, cycle: str, asked: GrantExtension) -> Extension:
        """Let an organisation be late; a further extension of the same adds to what it has."""
        today = self.clock.today()
        most_days = self.rules.integer("cycle.extension_max_days", on=today)
        (await self.cycles.get(cycle, act.scope)).must_extend(asked.act, asked.until, today, most_days)
        line, unit = await self._line_of(asked.organisation)
        granted = Extension(
            id=f"extension-{act.id}",
            authority=line,
            unit=unit,
            cycle=cycle,
            granted_by=act.actor,
            granted_on=today,
            **asked.model_dump(),
        )
        return await self.extensions.add(granted, [], act)

    async def must_allow(self, cycle: str, act: str, organisation: str, on: date) -> None:
        """Refuse what the cycle does not allow that organisation that day.

        Who writes afterwards is still right: no window that is open shrinks, no extension is taken back.
        """
        rows = await self.cycles.find({"_id": cycle})
        if not rows:
            raise CycleUnknown(f"no cycle {cycle} is on file; GET /v1/cycles lists them")
        until = await extended_until(self.extensions, cycle, act, organisation)
        rows[0].must_allow(act, on, until)

    async def due(self, now: datetime) -> None:
        """Announce what opened and closed; a repeat, or another process doing the same, changes nothing."""
        while rows := await due(self.cycles, now, DUE_AT_ONCE):
            await self.cycles.change_all(
                {row.id: (_announcing(row, now), lambda found: found.announced(now)) for row in rows}
            )

    def _windows_of_the_notice(self, today: date) -> Mapping[str, Window]:
        stages = self.rules.value("cycle.stages", tuple[NoticeStage, ...], on=today)
        return {stage.id: Window(opens=stage.opens, closes=stage.closes) for stage in stages}

    async def _line_of(self, organisation: str) -> tuple[str, str | None]:
        if AUTHORITY_CODE.fullmatch(organisation):
            return organisation, None
        return (await self.indicators.unit(organisation)).authority, organisation


def _announcing(row: Cycle, now: datetime) -> Act:
    # the version tells this announcement from the next one of the same cycle
    return Act(id=f"announce-{row.id}@{row.version}", at=now, correlation=row.id)
