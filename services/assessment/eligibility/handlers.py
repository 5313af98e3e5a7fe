"""Deciding who may enter an exam, with the certificates known here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel

from services.assessment.batches.domain import Batch
from services.assessment.eligibility.commands import AskEligibility
from services.assessment.eligibility.domain import Eligibility, Exam, Holding, UnderWay, UnknownEdition
from services.assessment.entries.domain import Allowed, Entry, results_open
from services.assessment.entries.domain.identity import birth_of, known_by, must_be_known
from services.assessment.entries.storage import holdings_of, under_way_of
from services.assessment.mirrors.domain import Standard
from services.assessment.mirrors.handlers import Mirrors
from shared.clock import Clock
from shared.errors import NotFound
from shared.privacy import Sealer
from shared.rulebook import Rulebook
from shared.storage.store import Store

PACE, STEP = "level.max_levels_per_year", "level.skip_allowed"


class _Listed(BaseModel):
    id: str
    check: str | None = None


@dataclass(frozen=True)
class Reviews:
    """The eligibility room."""

    entries: Store[Entry]
    batches: Store[Batch]
    mirrors: Mirrors
    rules: Rulebook
    sealer: Sealer
    clock: Clock

    async def ask(self, asked: AskEligibility) -> Eligibility:
        """Whether one person may enter an exam; nothing of the question is kept."""
        born = birth_of(asked, self.allowed(today := self.clock.today()), today)
        edition = await self.mirrors.edition(asked.occupation, asked.level, asked.exam_on)
        exam = self._exam(edition, asked.level, asked.exam_on)
        must_be_known(born, exam)
        index = self.sealer.index(known_by(asked))
        held = await self.held(exam, [index])
        under_way = await self.under_way(exam, [index])
        return exam.judge(asked.claims, held.get(index, ()), born, under_way.get(index, ()))

    def allowed(self, today: date) -> Allowed:
        """The documents and sources that the rules of today name."""
        types = self.rules.value("entry.id_types", list[_Listed], on=today)
        sources = self.rules.value("entry.sources", list[_Listed], on=today)
        return Allowed({row.id: row.check for row in types}, frozenset(row.id for row in sources))

    async def exam_of(self, batch: Batch) -> Exam:
        """What decides who may enter a batch: the edition it keeps to its end."""
        try:
            edition = await self.mirrors.standards.get(batch.standard)
        except NotFound as cause:
            raise UnknownEdition(f"edition {batch.standard} was not heard of here; tell the Center") from cause
        return self._exam(edition, batch.level, batch.exam_on)

    async def held(self, exam: Exam, people: Iterable[str]) -> Mapping[str, Sequence[Holding]]:
        """The certificates of people, by their indexes; one query, and none when no condition asks for any."""
        return await holdings_of(self.entries, people) if exam.needs_certificates else {}

    async def under_way(self, exam: Exam, people: Iterable[str]) -> Mapping[str, Sequence[UnderWay]]:
        """What else of the occupation people are being examined in, by their indexes.

        Who failed counts until the sheets are sealed: before that nobody is to learn a result by being let in here.
        """
        found = await under_way_of(self.entries, people, exam.occupation)
        failed = {row.batch for rows in found.values() for row in rows if row.failed}
        known = await self.batches.find({"_id": {"$in": sorted(failed)}}) if failed else []
        over = {batch.id for batch in known if results_open(batch)}
        return {one: [row for row in rows if not (row.failed and row.batch in over)] for one, rows in found.items()}

    def _exam(self, edition: Standard, level: str, exam_on: date) -> Exam:
        today = self.clock.today()
        return Exam(
            occupation=edition.occupation,
            level=level,
            exam_on=exam_on,
            related=edition.related,
            conditions=edition.conditions_of(level),
            levels_a_year=self.rules.integer(PACE, on=today),
            pace_source=self.rules.explain(PACE, on=today).source,
            skips_allowed=self.rules.boolean(STEP, on=today),
            skip_source=self.rules.explain(STEP, on=today).source,
        )
