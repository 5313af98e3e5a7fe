"""Load, decide, save: what is asked about a site, and what the closing of its unit does to it."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial

from services.registry.organisations.handlers import Register
from services.registry.sites.commands import (
    LedgerLine,
    RegisterSite,
    ReinstateSite,
    RemoveSite,
    RetireLine,
    RevealKeepers,
    SuspendSite,
)
from services.registry.sites.domain import Equipment, Offered, Site, WrongLedger, check, equipment, registered
from services.registry.sites.storage import standing_of
from shared.act import Act
from shared.http.rows import Line, Refused, RowsTaken, refused_by
from shared.privacy import Sealer, mask_name
from shared.rulebook import Rulebook
from shared.storage.store import Decision, Store

RUN = 500  # sites of one unit that are removed in one write


@dataclass(frozen=True)
class Sites:
    """The sites room; `offered` asks the standards room what may be examined at all."""

    sites: Store[Site]
    register: Register
    offered: Callable[[], Awaitable[Offered]]
    conditions: tuple[str, ...]
    rules: Rulebook
    sealer: Sealer

    async def register_site(self, act: Act, asked: RegisterSite) -> Site:
        """A new site of the caller's unit."""
        assert act.caller is not None
        assert act.caller.authority is not None
        unit = await self.register.rooms.seen(act.caller.organisation, act.scope)
        await self._check(unit.id, asked)
        site, events = registered(f"site-{act.id}", unit.id, act.caller.authority, asked, self.register.by(act))
        return await self.sites.add(site, events, act)

    async def change(self, act: Act, site: str, asked: RegisterSite, expect: int | None) -> Site:
        """Everything about a site anew."""
        await self._check((await self.sites.get(site, act.scope)).unit, asked)
        by = self.register.by(act)
        return await self.sites.change(site, act, lambda found: found.changed(asked, by), expect=expect)

    async def confirm(self, act: Act, site: str, expect: int | None) -> Site:
        """The authority or the Center confirms it."""
        by, least = self.register.by(act), self.least_percent()
        return await self.sites.change(site, act, lambda found: found.confirmed(least, by), expect=expect)

    async def suspend(self, act: Act, site: str, asked: SuspendSite, expect: int | None) -> Site:
        """No exams until further notice."""
        by = self.register.by(act)
        return await self.sites.change(site, act, lambda found: found.suspended(asked, by), expect=expect)

    async def reinstate(self, act: Act, site: str, asked: ReinstateSite, expect: int | None) -> Site:
        """Exams again."""
        by = self.register.by(act)
        return await self.sites.change(site, act, lambda found: found.reinstated(asked, by), expect=expect)

    async def remove(self, act: Act, site: str, asked: RemoveSite, expect: int | None) -> Site:
        """No site any more."""
        by = self.register.by(act)
        return await self.sites.change(site, act, lambda found: found.removed(asked, by), expect=expect)

    async def unit_closed(self, act: Act, unit: str, on: date, reason: str) -> None:
        """A closed unit has no sites from that day on."""
        asked, by, after = RemoveSite(on=on, reason=f"the unit is closed: {reason}"[:500]), self.register.by(act), ""
        while run := await standing_of(self.sites, unit, on, after, RUN):
            decide: Callable[[Site], Decision[Site]] = partial(Site.removed, asked=asked, by=by)
            await self.sites.change_all({site.id: (act, decide) for site in run})
            after = run[-1].id

    async def serves(self, site: str, unit: str, occupation: str, level: str, on: date) -> bool:
        """Whether a unit can hold an exam of that occupation and level at a site that day."""
        found = await self.sites.get(site)
        return found.unit == unit and found.serves(occupation, level, on)

    # -- the ledger ------------------------------------------------------------------------------------

    async def replace_ledger(self, act: Act, site: str, rows: Iterable[Line[LedgerLine] | Refused]) -> RowsTaken:
        """The whole ledger anew, or none of it when a row is refused."""
        found = await self.sites.get(site, act.scope)
        taken, lines = RowsTaken(accepted=0, refused=[]), list[Equipment]()
        for read in rows:
            if isinstance(read, Refused):
                taken.refused.append(read)
                continue
            try:
                lines.append(self._line(found.id, f"line-{act.id}-{read[0]}", read[1]))
            except WrongLedger as fault:
                taken.refused.append(refused_by(read[0], fault))
        if taken.refused:
            return taken
        by, most = self.register.by(act), self._most()
        await self.sites.change(site, act, lambda standing: standing.ledger_replaced(lines, most, by))
        return RowsTaken(accepted=len(lines), refused=[])

    async def add_line(self, act: Act, site: str, asked: LedgerLine, expect: int | None) -> Site:
        """One line more."""
        found, by, most = await self.sites.get(site, act.scope), self.register.by(act), self._most()
        line = self._line(found.id, f"line-{act.id}", asked)
        return await self.sites.change(site, act, lambda old: old.line_added(line, most, by), expect=expect)

    async def change_line(self, act: Act, site: str, line: str, asked: LedgerLine, expect: int | None) -> Site:
        """One line otherwise."""
        found, by, most = await self.sites.get(site, act.scope), self.register.by(act), self._most()
        new = self._line(found.id, line, asked)
        return await self.sites.change(site, act, lambda old: old.line_changed(new, most, by), expect=expect)

    async def retire_line(self, act: Act, site: str, line: str, asked: RetireLine, expect: int | None) -> Site:
        """One line that counts no more."""
        by, most = self.register.by(act), self._most()
        return await self.sites.change(
            site, act, lambda old: old.line_retired(line, asked.reason, most, by), expect=expect
        )

    async def reveal(self, act: Act, site: str, asked: RevealKeepers) -> tuple[Site, dict[str, str]]:
        """The keepers' names in clear by line; the record is written before they are shown."""
        by = self.register.by(act)
        found = await self.sites.change(site, act, lambda old: old.keepers_shown(asked.reason, by))
        return found, {line.id: self.sealer.open(line.keeper, bound_to=found.id) for line in found.ledger}

    def least_percent(self) -> float:
        """How much of the equipment must be fit today."""
        return self.rules.number("site.equipment_fit_percent", on=self.register.rooms.clock.today())

    # -- the rest --------------------------------------------------------------------------------------

    def _most(self) -> int:
        return self.rules.integer("site.ledger_lines", on=self.register.rooms.clock.today())

    def _line(self, site: str, identity: str, asked: LedgerLine) -> Equipment:
        return equipment(identity, asked, (self.sealer.seal(asked.keeper, bound_to=site), mask_name(asked.keeper)))

    async def _check(self, unit: str, asked: RegisterSite) -> None:
        await self.register.rooms.must_be_open(unit, self.register.rooms.clock.today())
        self.register.codes().check_region(asked.region_code)
        check(asked, await self.offered(), self.conditions)
