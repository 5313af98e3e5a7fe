"""Weighed candidates are written, or only looked up: new ones, those who stand already, those examined elsewhere."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial

from services.assessment.batches.domain import Batch
from services.assessment.eligibility.domain import NotEligible
from services.assessment.entries.domain import Enrolled, Entry, NoResit, SameDay, State, days_of
from services.assessment.entries.domain.handling import OUT, entered_again
from services.assessment.entries.handlers.answers import Outcome
from services.assessment.entries.handlers.scales import Weighed
from services.assessment.entries.storage import Stood, enrolled_in, examined_on, standing, turns_of
from shared.act import Act
from shared.errors import Contended, Fault
from shared.storage.store import Store

LOOKS = 8  # at what else is entered at this moment


@dataclass(frozen=True)
class Desk:
    """Writes entries of candidates that were weighed, no more than the batch was filed for.

    Two requests at the same moment may each fill the last places: whoever arranges the batch counts them all.
    """

    entries: Store[Entry]
    batch: Batch

    async def write(self, act: Act, weighed: Mapping[int, Weighed], outcome: Outcome) -> None:
        """Each once, whoever else enters the same person at this moment; a repeat of the act finds its own."""
        weighed = await self._within(weighed, outcome)
        outcome.enrolled += sum(one.fault is None for one in weighed.values())
        rows = {one.entry.id: one for one in weighed.values()}
        stood, clashed = await self.entries.add_apart([((one.entry, []), act) for one in rows.values()])
        before = await standing(self.entries, stood)
        faults: dict[str, Fault] = await self._clashes([rows[name] for name in clashed])
        for name in clashed - faults.keys():
            if rows[name].entry.resit is None:
                raise Contended("somebody's other entry is being changed; repeat the same request")
            faults[name] = _resat()
        faults |= _duplicates(before, rows, act.id)
        again = [rows[name] for name in before if name not in faults and act.id not in before[name].taken]
        faults |= await self._enter_again(act, again)
        own = {name: entry for name, entry in before.items() if act.id in entry.taken}
        _settle(weighed, faults, own, outcome)

    async def look(self, weighed: Mapping[int, Weighed], outcome: Outcome, ahead: int) -> None:
        """What writing them would answer, after `ahead` others of whom it was asked before."""
        weighed = await self._within(weighed, outcome, ahead)
        rows = {one.entry.id: one for one in weighed.values()}
        before = await standing(self.entries, rows.keys())
        faults: dict[str, Fault] = await self._clashes([one for one in rows.values() if one.fault is None])
        _settle(weighed, faults | _duplicates(before, rows, ""), {}, outcome)

    async def _within(self, weighed: Mapping[int, Weighed], outcome: Outcome, ahead: int = 0) -> Mapping[int, Weighed]:
        """The rows that the batch's number has room for; who takes nothing of it is refused for another reason."""
        entering = {line: one for line, one in weighed.items() if one.fault is None}
        left = await self._left(len(entering), outcome, ahead)
        if len(entering) <= left:
            return weighed
        before = await standing(self.entries, [one.entry.id for one in entering.values()])
        clashes = await self._clashes(list(entering.values()))
        stand = {name for name, entry in before.items() if entry.state not in OUT}
        new = [line for line, one in entering.items() if one.entry.id not in stand | clashes.keys()]
        beyond = dict.fromkeys(new[max(left, 0) :], self.batch.full())
        outcome.faults |= beyond
        return {line: one for line, one in weighed.items() if line not in beyond}

    async def _left(self, entering: int, outcome: Outcome, ahead: int) -> int:
        """How many more the batch takes: counted once, for a count takes longer the more there are.

        What was written since is added up, whoever stood already twice, so near the batch's number it is counted anew.
        """
        if outcome.enrolled < 0 or self.batch.planned - ahead - outcome.enrolled < entering:
            outcome.enrolled = await enrolled_in(self.entries, self.batch.id)
        return self.batch.planned - ahead - outcome.enrolled

    async def _enter_again(self, act: Act, rows: Collection[Weighed]) -> dict[str, Fault]:
        """Those kept out or withdrawn enter once more; whoever takes their day meanwhile is looked for anew."""
        for _ in range(LOOKS):
            faults: dict[str, Fault] = await self._clashes([one for one in rows if one.fault is None])
            free = {one.entry.id: one.entry for one in rows if one.entry.id not in faults}
            wanted = {name: (act, partial(entered_again, anew=entry)) for name, entry in free.items()}
            try:
                await self.entries.change_all(wanted, turns=2)
            except Contended:
                continue
            after = await standing(self.entries, wanted.keys())
            return faults | {name: twice() for name, entry in after.items() if act.id not in entry.taken}
        raise Contended("somebody else enters the same people at this moment; repeat the same request")

    async def _clashes(self, rows: Collection[Weighed]) -> dict[str, Fault]:
        """Why these cannot be examined beside what else is entered."""
        days = {day for one in rows for day in one.entry.days}
        found = await examined_on(self.entries, [one.entry.person_index for one in rows], days)
        faults: dict[str, Fault] = {}
        for entry in (one.entry for one in rows):
            others = {name: batch for name, batch in found.get(entry.person_index, {}).items() if name != entry.id}
            if others:
                faults[entry.id] = twice() if entry.batch in others.values() else _elsewhere()
        return faults


def twice() -> Enrolled:
    """The batch has this person already."""
    return Enrolled("this person is entered in the batch already", field="/id_number")


def _elsewhere() -> SameDay:
    return SameDay("this person is examined in another batch on the same day", field="/id_number")


def _somebody_elses() -> Enrolled:
    return Enrolled(
        "an entry under this number was mended to another person's; withdraw it and enter both anew",
        field="/id_number",
    )


def _resat() -> NoResit:
    return NoResit("the resit was entered in another batch meanwhile", field="/resit", rule="resit-used")


async def must_be_free(entries: Store[Entry], entry: Entry, person_index: str, batch: Batch) -> None:
    """Refuse a person who is examined on a day of the batch by another entry, or sits the same resit elsewhere."""
    found = (await examined_on(entries, [person_index], days_of(batch, entry.resit))).get(person_index, {})
    others = {name: held for name, held in found.items() if name != entry.id}
    if others:
        raise twice() if batch.id in others.values() else _elsewhere()
    if entry.resit:
        taken = await turns_of(entries, [entry.resit.entry], but=batch.id)
        if entry.resit.turn in taken.get(entry.resit.entry, ()):
            raise _resat()


def _duplicates(before: Mapping[str, Stood], rows: Mapping[str, Weighed], act: str) -> dict[str, Fault]:
    """Who stands and is not entered again: to be examined already, or somebody else by now."""
    faults: dict[str, Fault] = {}
    for name, entry in before.items():
        other = entry.person_index != rows[name].entry.person_index
        if act in entry.taken:
            continue
        if other and entry.state is not State.WITHDRAWN:
            faults[name] = _somebody_elses()
        elif entry.state not in OUT:
            faults[name] = twice()
    return faults


def _settle(
    weighed: Mapping[int, Weighed], faults: Mapping[str, Fault], own: Mapping[str, Stood], outcome: Outcome
) -> None:
    for line, one in weighed.items():
        name = one.entry.id
        fault = faults.get(name) or _kept_out(own.get(name)) or one.fault
        if fault is None:
            outcome.taken[line] = name
        else:
            outcome.faults[line] = fault


def _kept_out(entry: Stood | None) -> NotEligible | None:
    """What an earlier try of the same request was answered."""
    if entry is None or entry.state is not State.INELIGIBLE:
        return None
    return NotEligible(entry.detail, field="/claims", rule=entry.reason)
