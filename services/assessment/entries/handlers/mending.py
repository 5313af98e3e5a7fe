"""What was entered of a person is mended: opened, checked once more as a whole, and sealed again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from services.assessment.batches.domain import Batch
from services.assessment.eligibility.domain import Met
from services.assessment.eligibility.handlers import Reviews
from services.assessment.entries.commands import EnrolRow, MendEntry
from services.assessment.entries.domain import Entry, Handling, NoResit, State, WrongParticulars, entry_id
from services.assessment.entries.domain.handling import Decided, Person, mended
from services.assessment.entries.domain.identity import checked, known_by, person_text, row_of
from services.assessment.entries.handlers.desk import must_be_free, twice
from services.assessment.entries.storage import standing
from shared.act import Act
from shared.errors import Contended
from shared.privacy import Sealer
from shared.storage.store import Store


@dataclass(frozen=True)
class Mending:
    """Mends what was entered of a person."""

    entries: Store[Entry]
    reviews: Reviews
    sealer: Sealer

    async def decision(self, act: Act, found: Entry, batch: Batch, asked: MendEntry) -> Callable[[Entry], Decided]:
        """The entry with the mended person, if that person may be in its place."""
        given = asked.model_dump(include={"name", "id_number", "employer"}, exclude_none=True)
        if not given:
            raise WrongParticulars("name what is mended: name, id_number or employer", field="/name", rule="missing")
        row, today = self._row(found).model_copy(update=given), self.reviews.clock.today()
        born = checked(row, self.reviews.allowed(today), today)
        index = self.sealer.index(known_by(row))
        met = found.eligibility if index == found.person_index else await self._met(found, batch, index, born)
        person = Person(self.sealer.seal(person_text(row), bound_to=found.id), index, met)
        handling = Handling(what="mended", mended=tuple(given), reason=asked.reason, actor=act.actor, at=act.at)

        def decide(entry: Entry) -> Decided:
            if entry.person != found.person:
                raise Contended("somebody else mends this entry at this moment; read it and repeat the request")
            return mended(entry, row, person, handling)

        return decide

    def _row(self, found: Entry) -> EnrolRow:
        particulars = self.sealer.open(found.particulars, bound_to=found.id) if found.particulars else ""
        return row_of(self.sealer.open(found.person, bound_to=found.id), particulars)

    async def _met(self, found: Entry, batch: Batch, index: str, born: date | None) -> Met | None:
        """Why another person is eligible in this place, as if they were entered now."""
        if found.resit:
            raise NoResit(
                "a resit is of who failed; withdraw it and enter the candidate anew",
                field="/id_number",
                rule="resit-none",
            )
        namesake = entry_id(batch.id, index)
        others = await standing(self.entries, {namesake} - {found.id})
        if any(entry.state is not State.WITHDRAWN for entry in others.values()):
            raise twice()
        await must_be_free(self.entries, found, index, batch)
        if found.state is State.INELIGIBLE:
            return found.eligibility
        exam = await self.reviews.exam_of(batch)
        held = await self.reviews.held(exam, [index])
        under_way = await self.reviews.under_way(exam, [index])
        eligibility = exam.judge(found.claims, held.get(index, ()), born, under_way.get(index, ()))
        eligibility.must_hold()
        return eligibility.met
