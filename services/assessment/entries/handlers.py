"""Candidates are enrolled in bulk, row by row; what the registry files or rejects ends their entries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from pydantic_core import to_json

from services.assessment.batches.domain import Batch
from services.assessment.batches.domain import State as BatchState
from services.assessment.batches.storage import taking_rows
from services.assessment.eligibility.domain import Exam, Holding, Met, NotEligible, born_on
from services.assessment.eligibility.handlers import Reviews
from services.assessment.entries.commands import EnrolRow
from services.assessment.entries.domain import (
    Certificate,
    Enrolled,
    Entry,
    blank,
    enrolled,
    entry_id,
    filed_as,
    stands_as,
)
from services.assessment.entries.storage import among, made_by
from shared.act import Act
from shared.clock import Clock
from shared.errors import NotFound
from shared.events.registry import CertificateFiled, CertificateStanding, FilingRejected
from shared.http.rows import Line, Refused, RowsTaken, refused_by, runs
from shared.messaging.envelope import Heard
from shared.privacy import InvalidResidentId, Sealer, check_resident_id
from shared.storage.store import Store

Read = Line[EnrolRow] | Refused
RULE = "candidates are entered while registration is open"


class EntriesTaken(RowsTaken):
    """What became of the candidates of one request; `entries` are the ids of those taken, in the rows' order."""

    entries: list[str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row whose ID number is right, and by what the person is known here."""

    row: EnrolRow
    identity: str
    person_index: str


@dataclass(frozen=True)
class Entries:
    """The entries room; `reviews` decides who is eligible."""

    entries: Store[Entry]
    batches: Store[Batch]
    reviews: Reviews
    sealer: Sealer
    clock: Clock

    async def enrol(self, act: Act, batch_id: str, rows: Iterable[Read]) -> EntriesTaken:
        """Good rows become entries, bad rows are named; the same request again gets the same answer."""
        taken = EntriesTaken(accepted=0, refused=[], entries=[])
        today, seen = self.clock.today(), set[str]()
        async with taking_rows(self.batches, batch_id, act, (BatchState.REGISTERING,), RULE) as batch:
            start, exam = blank(batch), await self.reviews.exam_of(batch)
            for run in runs(rows):
                known = self._known(batch.id, run, today, seen, taken.refused)
                held = await self.reviews.held(exam, [candidate.person_index for candidate in known.values()])
                await self._add(act, self._made(start, exam, known, held, taken.refused), taken)
        taken.refused.sort(key=lambda row: row.line)
        taken.accepted = len(taken.entries)
        return taken

    async def check(self, batch_id: str, rows: Iterable[Read]) -> RowsTaken:
        """What `enrol` would say of the rows; nothing is changed."""
        taken = RowsTaken(accepted=0, refused=[])
        today, seen = self.clock.today(), set[str]()
        batch = await self.batches.get(batch_id)
        batch.must_be((BatchState.REGISTERING,), RULE)
        start, exam = blank(batch), await self.reviews.exam_of(batch)
        twice = Enrolled("this person is entered in the batch already", field="/id_number")
        for run in runs(rows):
            known = self._known(batch.id, run, today, seen, taken.refused)
            held = await self.reviews.held(exam, [candidate.person_index for candidate in known.values()])
            made = self._made(start, exam, known, held, taken.refused)
            standing = await among(self.entries, batch.id, [entry.id for entry in made.values()])
            others = [line for line, entry in made.items() if entry.id in standing]
            taken.refused += [refused_by(line, twice) for line in others]
            taken.accepted += len(made) - len(others)
        taken.refused.sort(key=lambda row: row.line)
        return taken

    def _known(
        self, batch: str, run: Iterable[Read], today: date, seen: set[str], refused: list[Refused]
    ) -> dict[int, Candidate]:
        known: dict[int, Candidate] = {}
        for row in run:
            if isinstance(row, Refused):
                refused.append(row)
                continue
            line, asked = row
            try:
                known[line] = self._candidate(batch, asked, today, seen)
            except (InvalidResidentId, Enrolled) as fault:
                refused.append(refused_by(line, fault))
        return known

    def _candidate(self, batch: str, asked: EnrolRow, today: date, seen: set[str]) -> Candidate:
        try:
            check_resident_id(asked.id_number, today=today)
        except InvalidResidentId as fault:
            raise InvalidResidentId(fault.detail, field="/id_number", rule=fault.rule) from None
        person_index = self.sealer.index(asked.id_number)
        identity = entry_id(batch, person_index)
        if identity in seen:
            raise Enrolled("this person stands on an earlier row", field="/id_number")
        seen.add(identity)
        return Candidate(asked, identity, person_index)

    def _made(
        self,
        start: Entry,
        exam: Exam,
        known: Mapping[int, Candidate],
        held: Mapping[str, Sequence[Holding]],
        refused: list[Refused],
    ) -> dict[int, Entry]:
        made: dict[int, Entry] = {}
        for line, candidate in known.items():
            row = candidate.row
            eligibility = exam.judge(row.claims, held.get(candidate.person_index, ()), born_on(row.id_number))
            try:
                eligibility.must_hold()
            except NotEligible as fault:
                refused.append(refused_by(line, fault))
            else:
                made[line] = self._entry(start, candidate, eligibility.met)
        return made

    def _entry(self, start: Entry, candidate: Candidate, met: Met | None) -> Entry:
        row, identity = candidate.row, candidate.identity
        person = to_json({"name": row.name, "id_number": row.id_number}).decode()
        sealed = self.sealer.seal(person, bound_to=identity)
        return enrolled(identity, start, row, sealed, candidate.person_index, met)

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
        await self._certified((heard.event.entry, act, filed_as(heard.event, heard.sequence)) for heard, act in said)

    async def stand(self, said: Iterable[tuple[Heard[CertificateStanding], Act]]) -> None:
        """What became of certificates on file."""
        await self._certified((heard.event.entry, act, stands_as(heard.event, heard.sequence)) for heard, act in said)

    async def _certified(self, said: Iterable[tuple[str, Act, Certificate]]) -> None:
        newest: dict[str, tuple[Act, Certificate]] = {}
        for entry, act, certificate in said:
            if entry not in newest or certificate.sequence > newest[entry][1].sequence:
                newest[entry] = act, certificate
        wanted = {entry: (act, partial(Entry.certified, said=word)) for entry, (act, word) in newest.items()}
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
