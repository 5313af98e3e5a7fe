"""Rows become entries: each is checked, its candidate found, the resit and the conditions weighed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.assessment.batches.domain import Batch
from services.assessment.batches.domain import State as BatchState
from services.assessment.eligibility.domain import Exam, Holding, NotEligible, UnderWay
from services.assessment.eligibility.domain.claims import Claims
from services.assessment.eligibility.handlers import Reviews
from services.assessment.entries.commands import EnrolRow
from services.assessment.entries.domain import (
    Allowed,
    Enrolled,
    Entry,
    Limits,
    NoResit,
    Resit,
    WrongParticulars,
    blank,
    days_of,
    enrolled,
    entry_id,
    first_failed,
    kept_out,
    resit_of,
    results_open,
)
from services.assessment.entries.domain.identity import checked, known_by, must_be_known, particulars_text, person_text
from services.assessment.entries.domain.resit import no_failed_entry
from services.assessment.entries.handlers.answers import Outcome
from services.assessment.entries.storage import failed_of, turns_of
from shared.errors import Fault, Kind
from shared.http.rows import Line, Refused
from shared.privacy import InvalidResidentId, Sealer
from shared.storage.store import Store

Read = Line[EnrolRow] | Refused
RULE = "candidates are entered while registration is open"


class RegistrationOver(Fault):
    """The last day of registration is over."""

    slug, kind = "registration-over", Kind.CONFLICT


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that is right, and by what the person is known here."""

    row: EnrolRow
    identity: str
    person_index: str
    born: date | None


@dataclass(frozen=True, slots=True)
class Weighed:
    """The entry a candidate has, and why it is kept out if it is."""

    entry: Entry
    fault: NotEligible | None


@dataclass(frozen=True, slots=True)
class Setting:
    """What all rows of a request are weighed by; `seen` are the entries that rows before were for."""

    batch: Batch
    exam: Exam
    start: Entry
    allowed: Allowed
    limits: Limits
    today: date
    seen: set[str]


@dataclass(frozen=True)
class Scales:
    """Weighs candidates; writes nothing."""

    entries: Store[Entry]
    batches: Store[Batch]
    reviews: Reviews
    sealer: Sealer

    async def setting(self, batch: Batch, now: datetime, today: date, seen: set[str] | None = None) -> Setting:
        """What the rows for a batch are weighed by, if it still takes any."""
        batch.must_be((BatchState.REGISTERING,), RULE)
        if batch.registration_until and today > batch.registration_until:
            raise RegistrationOver(f"candidates were entered until {batch.registration_until}; move that day first")
        exam = await self.reviews.exam_of(batch)
        rules = self.reviews.rules
        limits = Limits(
            months=rules.integer("score.part_validity_months", on=today), most=rules.integer("score.resits", on=today)
        )
        seen = set() if seen is None else seen
        return Setting(batch, exam, blank(batch, now), self.reviews.allowed(today), limits, today, seen)

    async def weigh(self, by: Setting, run: Iterable[Read], outcome: Outcome) -> dict[int, Weighed]:
        """The entries of a run of rows; what is refused stands in the outcome."""
        known = self._known(by, run, outcome)
        people = [candidate.person_index for candidate in known.values()]
        held = await self.reviews.held(by.exam, people)
        under_way = await self.reviews.under_way(by.exam, people)
        resits = await self._resits(by, [candidate for candidate in known.values() if candidate.row.resit])
        weighed: dict[int, Weighed] = {}
        for line, candidate in known.items():
            person = candidate.person_index
            resit = resits.get(person)
            if isinstance(resit, NoResit):
                outcome.faults[line] = resit
            else:
                weighed[line] = self._weighed(by, candidate, held.get(person, ()), under_way.get(person, ()), resit)
        return weighed

    def _known(self, by: Setting, run: Iterable[Read], outcome: Outcome) -> dict[int, Candidate]:
        known: dict[int, Candidate] = {}
        for row in run:
            if isinstance(row, Refused):
                outcome.unread.append(row)
                continue
            line, asked = row
            try:
                known[line] = self._candidate(by, asked)
            except (InvalidResidentId, WrongParticulars, Enrolled) as fault:
                outcome.faults[line] = fault
        return known

    def _candidate(self, by: Setting, asked: EnrolRow) -> Candidate:
        born = checked(asked, by.allowed, by.today)
        must_be_known(born, by.exam)
        person_index = self.sealer.index(known_by(asked))
        identity = entry_id(by.batch.id, person_index)
        if identity in by.seen:
            raise Enrolled("this person stands on an earlier row", field="/id_number")
        by.seen.add(identity)
        return Candidate(asked, identity, person_index, born)

    def _weighed(
        self,
        by: Setting,
        of: Candidate,
        held: Sequence[Holding],
        under_way: Sequence[UnderWay],
        resit: tuple[Resit, Claims | None] | None,
    ) -> Weighed:
        claims = of.row.claims or (resit[1] if resit else None)
        found = by.exam.judge(claims, held, of.born, under_way)
        particulars = particulars_text(of.row)
        entry = enrolled(
            of.identity,
            by.start,
            of.row,
            self.sealer.seal(person_text(of.row), bound_to=of.identity),
            of.person_index,
            found.met,
            claims=claims,
            particulars=self.sealer.seal(particulars, bound_to=of.identity) if particulars else "",
            resit=resit[0] if resit else None,
        )
        if entry.resit:
            entry = entry.having(days=days_of(by.batch, entry.resit))
        fault = found.refusal()
        return Weighed(kept_out(entry, fault.rule or "", fault.detail) if fault else entry, fault)

    async def _resits(
        self, by: Setting, asking: Sequence[Candidate]
    ) -> Mapping[str, tuple[Resit, Claims | None] | NoResit]:
        if not asking:
            return {}
        batch, people = by.batch, [candidate.person_index for candidate in asking]
        failed = await failed_of(self.entries, people, batch.occupation, batch.level, but=batch.id)
        sat = {row.id: row for row in await self.batches.find({"_id": {"$in": [row.batch for row in failed.values()]}})}
        turns = await turns_of(self.entries, map(first_failed, failed.values()), but=batch.id)
        return {person: _resit(by, failed.get(person), sat, turns) for person in people}


def _resit(
    by: Setting, failed: Entry | None, sat: Mapping[str, Batch], turns: Mapping[str, set[int]]
) -> tuple[Resit, Claims | None] | NoResit:
    if failed is None or not results_open(sat[failed.batch]):  # nobody learns from it who failed before the seal
        return no_failed_entry()
    try:
        used = turns.get(first_failed(failed), set())
        return resit_of(failed, sat[failed.batch], by.batch, used, by.limits), failed.claims
    except NoResit as fault:
        return fault
