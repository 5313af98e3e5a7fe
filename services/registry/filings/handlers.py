"""A chunk of finalised results becomes certificates: decided and numbered in one write, then filed in one bulk."""

import json
from dataclasses import dataclass

from services.registry.certificates.domain import Certificate
from services.registry.certificates.storage import held_by
from services.registry.filings.domain import Filing, NumberFormat, certificates, decide, exhausted
from services.registry.filings.storage import next_start
from services.registry.organisations.domain import Organisation
from services.registry.standings.domain import Standing
from services.registry.standings.storage import standing_of
from shared.act import Act
from shared.clock import Clock
from shared.errors import Contended, NotFound
from shared.events.assessment import ResultsFinalised
from shared.privacy import Sealer
from shared.storage.store import Store

RACES = 50  # filings of one series that may be decided at the same moment


@dataclass(frozen=True)
class Filings:
    """The filings room."""

    certificates: Store[Certificate]
    filings: Store[Filing]
    organisations: Store[Organisation]
    standings: Store[Standing]
    numbers: NumberFormat
    sealer: Sealer
    clock: Clock

    async def file(self, act: Act, chunk: str, said: ResultsFinalised) -> Filing:
        """File one chunk. Whoever repeats it finds the decision and its numbers standing and completes the rest."""
        persons = {row.entry: self._index(row.person, row.entry) for row in said.results}
        try:
            filing = await self.filings.get(chunk)
        except NotFound:
            filing = await self._decide(act, chunk, said, persons)
        numbers = filing.numbers(self.numbers, said.level)
        news = certificates(said, filing, numbers, persons, self.clock.now())
        await self.certificates.add_all([((row, [row.filed()]), act) for row in news])
        return filing

    async def _decide(self, act: Act, chunk: str, said: ResultsFinalised, persons: dict[str, str]) -> Filing:
        unit = await self.organisations.get(said.unit)
        standing = await standing_of(self.standings, unit)
        holders = await held_by(self.certificates, persons.values(), said.occupation, said.level)
        holding = frozenset(entry for entry, person in persons.items() if holders.get(person, entry) != entry)
        decided = decide(chunk, unit, standing, said, holding, self.clock.today())
        for _ in range(RACES):
            try:
                filing = await self._numbered(decided)
                return await self.filings.add(filing, filing.rejections(), act)
            except NotFound:  # not this chunk: another one took the same numbers first
                continue
        raise Contended(f"the series {decided.series} is taken by many at once")

    async def _numbered(self, filing: Filing) -> Filing:
        if not filing.accepted:
            return filing
        start = await next_start(self.filings, filing.series, self.numbers.first)
        if start + filing.count - 1 > self.numbers.last:
            return exhausted(filing, self.numbers.last)
        return filing.having(start=start)

    def _index(self, sealed: str, entry: str) -> str:
        person = json.loads(self.sealer.open(sealed, bound_to=entry))
        return self.sealer.index(person["id_number"])
