"""A list is taken row by row: good rows are registered once, bad rows are handed back with what to mend."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from pydantic import Field

from services.registry.organisations.domain import By, Codes, Organisation, changed, registered
from services.registry.organisations.handlers import Register
from services.registry.organisations.storage import holding, of_names
from services.registry.unit_lists.commands import UnitRow
from services.registry.unit_lists.domain import Key, Known, check, compare, differences, identity, keys, new
from shared.act import Act
from shared.errors import Fault, Kind
from shared.http.rows import Line, Refused, RowsTaken, refused_by, runs
from shared.storage.store import Decision

Read = Line[UnitRow] | Refused
ROW_KINDS = (Kind.INVALID, Kind.CONFLICT)
REASON = "list of pilot units"


class ListTaken(RowsTaken):
    """What became of a list; accepted rows are those registered, changed and unchanged."""

    dry_run: bool = Field(description="whether this was only a trial: nothing was written")
    registered: int = Field(default=0, description="units new on the register")
    changed: int = Field(default=0, description="units of which something was changed")
    unchanged: int = Field(default=0, description="units that stood on the register as the row says")
    mend: list[Mapping[str, Any]] = Field(default=[], description="the refused rows as they came, in their order")


@dataclass(frozen=True)
class UnitLists:
    """The room of unit lists; it writes to the register and keeps nothing of its own."""

    register: Register

    async def take(self, act: Act, rows: Iterable[Read], *, dry_run: bool) -> ListTaken:
        """Take a list over; in a dry run everything is judged and nothing written."""
        taken = ListTaken(accepted=0, refused=[], dry_run=dry_run)
        seen: set[Key] = set()
        for run in runs(rows):
            await self._take_run(act, run, seen, taken)
        taken.refused.sort(key=lambda row: row.line)
        taken.accepted = taken.registered + taken.changed + taken.unchanged
        return taken

    async def _take_run(self, act: Act, run: Iterable[Read], seen: set[Key], taken: ListTaken) -> None:
        by, store = self.register.by(act), self.register.rooms.organisations
        rows = self._checked(act, run, seen, taken)
        meant = _compared(rows, await self._known(rows.values()), by.today, taken)
        news = [(registered(identity(row), new(row, by.today), by), act) for row, unit in meant if unit is None]
        changes = {
            unit.id: (act, partial(_changed, row=row, by=by))
            for row, unit in meant
            if unit is not None and differences(unit, row)
        }
        taken.registered += len(news)
        taken.changed += len(changes)
        taken.unchanged += len(meant) - len(news) - len(changes)
        if not taken.dry_run:
            if news:
                await store.add_all(news)
            if changes:
                await store.change_all(changes)

    def _checked(self, act: Act, run: Iterable[Read], seen: set[Key], taken: ListTaken) -> dict[int, UnitRow]:
        rows: dict[int, UnitRow] = {}
        codes: Codes = self.register.codes()
        for read in run:
            if isinstance(read, Refused):
                taken.refused.append(read)
                continue
            line, row = read
            try:
                check(row, codes, act.scope.authority, seen)
            except Fault as fault:
                _refuse(taken, line, fault)
                continue
            seen |= {key for key, _ in keys(row)}
            rows[line] = row
        return rows

    async def _known(self, rows: Iterable[UnitRow]) -> Known:
        asked = list(rows)
        store = self.register.rooms.organisations
        issuers = {
            regime: [code for row in asked if (code := row.issuer_codes().get(regime))]
            for regime in ("appraisal", "recognition")
        }
        by_code = await holding(store, [row.uscc for row in asked if row.uscc], issuers)
        return Known.among([*await of_names(store, {row.name for row in asked}), *by_code])


def _compared(
    rows: Mapping[int, UnitRow], known: Known, today: date, taken: ListTaken
) -> list[tuple[UnitRow, Organisation | None]]:
    meant = []
    for line, row in rows.items():
        try:
            meant.append((row, compare(row, known, today)))
        except Fault as fault:
            _refuse(taken, line, fault)
    return meant


def _refuse(taken: ListTaken, line: int, fault: Fault) -> None:
    if fault.kind not in ROW_KINDS:
        raise fault
    taken.refused.append(refused_by(line, fault))


def _changed(unit: Organisation, *, row: UnitRow, by: By) -> Decision[Organisation]:
    return changed(unit, by, REASON, dict(differences(unit, row)))
