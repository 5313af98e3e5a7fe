"""Candidates are enrolled in bulk, row by row; what the registry files or rejects ends their entries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial

from pydantic_core import to_json

from services.assessment.batches.domain import Batch
from services.assessment.batches.storage import taking_rows
from services.assessment.entries.commands import EnrolRow
from services.assessment.entries.domain import Enrolled, Entry, blank, enrolled, entry_id
from services.assessment.entries.storage import made_by
from shared.act import Act
from shared.clock import Clock
from shared.errors import NotFound
from shared.events.registry import CertificateFiled, FilingRejected
from shared.http.rows import Line, Refused, RowsTaken, refused_by, runs
from shared.messaging.envelope import Heard
from shared.privacy import InvalidResidentId, Sealer, check_resident_id
from shared.storage.store import Store

Read = Line[EnrolRow] | Refused


class EntriesTaken(RowsTaken):
    """What became of the candidates of one request; `entries` are the ids of those taken, in the rows' order."""

    entries: list[str]


@dataclass(frozen=True)
class Entries:
    """The entries room."""

    entries: Store[Entry]
    batches: Store[Batch]
    sealer: Sealer
    clock: Clock

    async def enrol(self, act: Act, batch_id: str, rows: Iterable[Read]) -> EntriesTaken:
        """Good rows become entries, bad rows are named; the same request again gets the same answer."""
        taken = EntriesTaken(accepted=0, refused=[], entries=[])
        today, seen = self.clock.today(), set[str]()
        async with taking_rows(self.batches, batch_id, act) as batch:
            start = blank(batch)
            for run in runs(rows):
                made = self._made(start, run, today, seen, taken.refused)
                await self._add(act, made, taken)
        taken.refused.sort(key=lambda row: row.line)
        taken.accepted = len(taken.entries)
        return taken

    def _made(
        self, start: Entry, run: Iterable[Read], today: date, seen: set[str], refused: list[Refused]
    ) -> dict[int, Entry]:
        made: dict[int, Entry] = {}
        for row in run:
            if isinstance(row, Refused):
                refused.append(row)
                continue
            line, asked = row
            try:
                made[line] = self._entry(start, asked, today, seen)
            except (InvalidResidentId, Enrolled) as fault:
                refused.append(refused_by(line, fault))
        return made

    def _entry(self, start: Entry, asked: EnrolRow, today: date, seen: set[str]) -> Entry:
        try:
            check_resident_id(asked.id_number, today=today)
        except InvalidResidentId as fault:
            raise InvalidResidentId(fault.detail, field="/id_number", rule=fault.rule) from None
        person_index = self.sealer.index(asked.id_number)
        identity = entry_id(start.batch, person_index)
        if identity in seen:
            raise Enrolled("this person stands on an earlier row", field="/id_number")
        seen.add(identity)
        person = to_json({"name": asked.name, "id_number": asked.id_number}).decode()
        return enrolled(identity, start, asked, self.sealer.seal(person, bound_to=identity), person_index)

    async def _add(self, act: Act, made: Mapping[int, Entry], taken: EntriesTaken) -> None:
        standing = await self.entries.add_all([((entry, []), act) for entry in made.values()]) if made else set()
        # those an earlier try of this very request made are its own, not somebody else's
        others = standing - await made_by(self.entries, act.id, standing) if standing else set()
        twice = Enrolled("this person is entered in the batch already", field="/id_number")
        for line, entry in made.items():
            if entry.id in others:
                taken.refused.append(refused_by(line, twice))
            else:
                taken.entries.append(entry.id)

    async def certify(self, said: Iterable[tuple[Heard[CertificateFiled], Act]]) -> None:
        """The registry filed certificates."""
        wanted = {heard.event.entry: (act, partial(Entry.certified, number=heard.event.number)) for heard, act in said}
        _must_be_here(await self.entries.change_all(wanted))

    async def reject(self, said: Iterable[tuple[Heard[FilingRejected], Act]]) -> None:
        """The registry refused to file results."""
        wanted = {
            heard.event.entry: (act, partial(Entry.rejected, reason=heard.event.reason, detail=heard.event.detail))
            for heard, act in said
        }
        _must_be_here(await self.entries.change_all(wanted))


def _must_be_here(missing: set[str]) -> None:
    if missing:
        raise NotFound(f"{len(missing)} entries are not here, {min(missing)} among them")
