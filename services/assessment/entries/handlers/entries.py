"""The entries room: enrolling, one by one or in bulk, and what is done with an entry until the registry ends it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import partial

from pydantic_core import from_json

from services.assessment.batches.domain import Batch
from services.assessment.batches.domain import State as BatchState
from services.assessment.batches.storage import taking_rows
from services.assessment.eligibility.handlers import Reviews
from services.assessment.entries.commands import AdmitEntry, EnrolRow, MendEntry, RevealEntry, WithdrawEntry
from services.assessment.entries.domain import Certificate, Entry, State, filed_as, stands_as
from services.assessment.entries.domain.handling import (
    LEAVING,
    MENDED_WHEN,
    WITHDRAWING,
    Decided,
    admitted,
    mending,
    must_be_mendable,
    overdue_from,
    revealed,
    withdrawn,
)
from services.assessment.entries.handlers.answers import EntriesTaken, Outcome, Person
from services.assessment.entries.handlers.desk import Desk, must_be_free
from services.assessment.entries.handlers.mending import Mending
from services.assessment.entries.handlers.scales import RULE, Read, Scales
from services.assessment.entries.storage import MOST_AT_ONCE, enrolled_in, forget
from shared.act import EVERYTHING, Act, Scope
from shared.clock import SHANGHAI, Clock
from shared.errors import NotFound
from shared.events.registry import CertificateFiled, CertificateStanding, FilingRejected
from shared.http.rows import runs
from shared.messaging.envelope import Heard
from shared.privacy import Sealer
from shared.storage.store import Store
from shared.workdays import local_day

KEPT = {State.INELIGIBLE: "retention.refused_entry_years", State.WITHDRAWN: "retention.entry_years"}


@dataclass(frozen=True)
class Entries:
    """The entries room; `reviews` decides who is eligible."""

    entries: Store[Entry]
    batches: Store[Batch]
    reviews: Reviews
    sealer: Sealer
    clock: Clock

    # -- entering --------------------------------------------------------------------------------------

    async def enrol(self, act: Act, batch_id: str, rows: Iterable[Read]) -> EntriesTaken:
        """Good rows become entries, bad rows are named; the same request again gets the same answer."""
        return (await self._enrol(act, batch_id, rows)).told()

    async def one(self, act: Act, batch_id: str, row: EnrolRow) -> Entry:
        """One candidate is entered, or why not."""
        outcome = await self._enrol(act, batch_id, [(1, row)])
        for fault in outcome.faults.values():
            raise fault
        return await self.entries.get(outcome.taken[1], act.scope)

    async def check(
        self,
        batch_id: str,
        rows: Iterable[Read],
        scope: Scope = EVERYTHING,
        seen: set[str] | None = None,
        ahead: int = 0,
    ) -> EntriesTaken:
        """What enrolling these rows would answer; nothing is written.

        Who asks for one list in several calls hands the same `seen` to each, so that no person is on it twice,
        and how many were taken by the calls before: they are `ahead` within the number the batch was filed for.
        """
        outcome, batch = Outcome(), await self.batches.get(batch_id, scope)
        scales, desk = self._scales, Desk(self.entries, batch)
        by = await scales.setting(batch, self.clock.now(), self.clock.today(), seen)
        for run in runs(rows):
            await desk.look(await scales.weigh(by, run, outcome), outcome, ahead + len(outcome.taken))
        return outcome.told()

    async def _enrol(self, act: Act, batch_id: str, rows: Iterable[Read]) -> Outcome:
        outcome, batch = Outcome(), await self.batches.get(batch_id, act.scope)
        scales, desk = self._scales, Desk(self.entries, batch)
        by = await scales.setting(batch, self.clock.now(), self.clock.today())
        async with taking_rows(self.batches, batch_id, act, (BatchState.REGISTERING,), RULE):
            for run in runs(rows):
                await desk.write(act, await scales.weigh(by, run, outcome), outcome)
        return outcome

    @property
    def _scales(self) -> Scales:
        return Scales(self.entries, self.batches, self.reviews, self.sealer)

    # -- one entry -------------------------------------------------------------------------------------

    async def get(self, batch_id: str, entry: str, scope: Scope) -> Entry:
        """One entry of a batch."""
        found = await self.entries.get(entry, scope)
        if found.batch != batch_id:
            raise NotFound(f"batch {batch_id} has no entry {entry}")
        return found

    async def admit(self, act: Act, batch_id: str, entry: str, asked: AdmitEntry) -> Entry:
        """A reviewer lets in whom the conditions refuse, while candidates are entered."""
        found, batch = await self._found(act, batch_id, entry)
        batch.must_be((BatchState.REGISTERING,), RULE)
        if act.id not in found.taken:
            await must_be_free(self.entries, found, found.person_index, batch)
            batch.must_hold(1 + await enrolled_in(self.entries, batch.id))

        def decide(row: Entry) -> Decided:
            return admitted(row, batch, asked.reason, act.actor, act.at)

        return await self._change(act, found, (BatchState.REGISTERING,), RULE, decide)

    async def withdraw(self, act: Act, batch_id: str, entry: str, asked: WithdrawEntry) -> Entry:
        """A candidate gives up before the exam."""
        found, batch = await self._found(act, batch_id, entry)
        batch.must_be(WITHDRAWING, LEAVING)

        def decide(row: Entry) -> Decided:
            return withdrawn(row, asked.reason, act.actor, act.at)

        return await self._change(act, found, WITHDRAWING, LEAVING, decide)

    async def mend(self, act: Act, batch_id: str, entry: str, asked: MendEntry) -> Entry:
        """What was entered of a person was mistaken."""
        found, batch = await self._found(act, batch_id, entry)
        if act.id in found.taken:
            return found
        must_be_mendable(found, batch)
        decide = await Mending(self.entries, self.reviews, self.sealer).decision(act, found, batch, asked)
        return await self._change(act, found, mending(found), MENDED_WHEN, decide)

    async def reveal(self, act: Act, batch_id: str, entry: str, asked: RevealEntry) -> Person:
        """Who the candidate is, in clear; the record is written before it is shown."""
        await self.get(batch_id, entry, act.scope)
        found = await self.entries.change(entry, act, lambda row: revealed(row, asked.reason, act.actor, act.at))
        person = from_json(self.sealer.open(found.person, bound_to=found.id))
        told = from_json(self.sealer.open(found.particulars, bound_to=found.id)) if found.particulars else {}
        return Person(**person, particulars=told)

    async def _found(self, act: Act, batch_id: str, entry: str) -> tuple[Entry, Batch]:
        batch = await self.batches.get(batch_id, act.scope)
        return await self.get(batch_id, entry, act.scope), batch

    async def _change(
        self, act: Act, found: Entry, states: Sequence[BatchState], rule: str, decide: Callable[[Entry], Decided]
    ) -> Entry:
        """One entry changes while its batch stays where it is; a refusal comes before the batch is held up."""
        if act.id in found.taken:
            return found
        decide(found)
        async with taking_rows(self.batches, found.batch, act, states, rule):
            return await self.entries.change(found.id, act, decide)

    # -- what is heard, and what falls due -------------------------------------------------------------

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

    async def due(self, now: datetime) -> None:
        """Delete who was kept out or withdrew, once they have been kept as long as the rules say."""
        today = local_day(now)
        for state, rule in KEPT.items():
            day = overdue_from(today, self.reviews.rules.integer(rule, on=today))
            before = datetime.combine(day, time.min, SHANGHAI)
            while await forget(self.entries, state, before) == MOST_AT_ONCE:
                pass


def _must_be_here(missing: set[str]) -> None:
    if missing:
        raise NotFound(f"{len(missing)} entries are not here, {min(missing)} among them")
