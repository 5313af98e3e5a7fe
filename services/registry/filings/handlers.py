"""A chunk of finalised results becomes certificates: decided and numbered in one write, then filed in one bulk."""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date

from services.registry.certificates.domain import Certificate, NumberFormats
from services.registry.certificates.storage import on_record
from services.registry.filings.domain import (
    Filing,
    Terms,
    certificates,
    decide,
    exhausted,
    personal_refusals,
    void_from_birth,
)
from services.registry.filings.storage import next_start
from services.registry.organisations.domain import Organisation
from services.registry.standings.domain import Standing
from services.registry.standings.storage import standing_of
from shared.act import Act, Scope
from shared.clock import Clock
from shared.documents import RESIDENT_ID, document_key
from shared.errors import AlreadyThere, Contended, NotFound
from shared.events.assessment import ResultsFinalised
from shared.privacy import Sealer
from shared.storage.store import Store

RACES = 50  # filings of one series that may be decided at the same moment


@dataclass(frozen=True)
class Filings:
    """The filings room; `regime_on` asks the programmes room under which regime what began on a day ends."""

    certificates: Store[Certificate]
    filings: Store[Filing]
    organisations: Store[Organisation]
    standings: Store[Standing]
    regime_on: Callable[[date], Awaitable[str]]
    formats: NumberFormats
    sealer: Sealer
    clock: Clock

    async def file(self, act: Act, chunk: str, said: ResultsFinalised, authority: str) -> Filing:
        """File one chunk. Whoever repeats it finds the decision and its numbers standing and completes the rest."""
        persons = {row.entry: self._index(row.person, row.entry) for row in said.results}
        try:
            filing = await self.filings.get(chunk)
        except NotFound:
            filing = await self._decide(act, chunk, said, authority, persons)
        numbers = filing.numbers(self.formats.of(filing.regime), said.level)
        await self._add(certificates(said, filing, numbers, persons, self.clock.now()), act)
        return filing

    async def lineage(self, certificate: str, scope: Scope) -> tuple[Certificate, Filing]:
        """A certificate within a scope and the filing it came from."""
        found = await self.certificates.get(certificate, scope)
        return found, await self.filings.get(found.filing)

    async def _decide(
        self, act: Act, chunk: str, said: ResultsFinalised, authority: str, persons: dict[str, str]
    ) -> Filing:
        unit = await self.organisations.get(said.unit)
        standing = await standing_of(self.standings, unit)
        terms = await self._terms(unit, said, authority)
        today = self.clock.today()
        personal = personal_refusals(said, persons, await on_record(self.certificates, persons.values()), today)
        decided = decide(chunk, standing, said, terms, personal, today)
        for _ in range(RACES):
            try:
                filing = await self._numbered(decided)
                return await self.filings.add(filing, filing.rejections(), act)
            except NotFound:  # not this chunk: another one took the same numbers first
                continue
        raise Contended(f"the series {decided.series} is taken by many at once")

    async def _terms(self, unit: Organisation, said: ResultsFinalised, authority: str) -> Terms:
        regime = await self.regime_on(said.begun_on or said.exam_on)
        return Terms(authority=authority, regime=regime, issuer=unit.code_of(regime), format=self.formats.of(regime))

    async def _numbered(self, filing: Filing) -> Filing:
        if not filing.accepted:
            return filing
        format_ = self.formats.of(filing.regime)
        start = await next_start(self.filings, filing.series, format_.first)
        if start + filing.count - 1 > format_.last:
            return exhausted(filing, format_.last)
        return filing.having(start=start)

    async def _add(self, news: Sequence[Certificate], act: Act) -> None:
        try:
            await self.certificates.add_all([((row, [row.filed()]), act) for row in news])
        except AlreadyThere:  # a chunk decided at the same time was first with a person's place
            await self._add_void(news, act)

    async def _add_void(self, news: Sequence[Certificate], act: Act) -> None:
        ids = [row.id for row in news]
        standing = {
            row["_id"] for row in await self.certificates.collection.find({"_id": {"$in": ids}}, fields={"_id": 1})
        }
        await self.certificates.add_all([(void_from_birth(row), act) for row in news if row.id not in standing])

    def _index(self, sealed: str, entry: str) -> str:
        person = json.loads(self.sealer.open(sealed, bound_to=entry))
        return self.sealer.index(document_key(person["id_number"], person.get("id_type", RESIDENT_ID)))
