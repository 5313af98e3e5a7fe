"""Load, decide, save: cases are opened, decided on certificate by certificate, and closed."""

from collections.abc import Callable
from dataclasses import dataclass

from services.registry.cases.commands import CloseCase, DecideCertificates, OpenCase, Subject
from services.registry.cases.domain import Case, NotAffected, carried_out, opened
from services.registry.cases.storage import affected, affected_ids, decisions, in_question, not_among, of
from services.registry.certificates.domain import Certificate, Decided
from services.registry.certificates.handlers import Certificates, grounds
from services.registry.filings.domain import Filing
from services.registry.organisations.domain import Organisation
from shared.act import NATIONAL, Act, Scope
from shared.storage.store import Store


@dataclass(frozen=True)
class Cases:
    """The cases room; decisions go through the certificates' own commands."""

    cases: Store[Case]
    certificates: Certificates
    filings: Store[Filing]
    organisations: Store[Organisation]

    async def open(self, act: Act, asked: OpenCase, authority: str) -> Case:
        """A case of that line, whether many certificates are affected or none: the Center concludes either way."""
        filing = await self._filing_of(asked)
        count = await affected(self.filings, in_question(asked, filing))
        case, events = opened(f"case-{act.id}", authority, asked, filing, count, act.at)
        return await self.cases.add(case, events, act)

    async def line_of(self, asked: OpenCase) -> str:
        """The line of a unit or certificate; sites and cards may be of several, so their cases are the Center's own."""
        if asked.subject is Subject.CERTIFICATE:
            return (await self.certificates.certificates.get(asked.subject_id)).authority
        if asked.subject is not Subject.UNIT:
            return NATIONAL
        return (await self.organisations.get(asked.subject_id)).authority

    async def decide(self, act: Act, case: str, asked: DecideCertificates) -> Case:
        """One decision on up to 500 certificates: on all of them, or on none when one does not allow it."""
        found = await self.cases.get(case, act.scope)
        found.must_be_open()
        await self._must_be_affected(found, asked)
        deciding = {row: (act, self._deciding(act, case, asked, place)) for place, row in enumerate(asked.certificates)}
        await self.certificates.certificates.change_all(deciding)
        return found

    async def close(self, act: Act, case: str, asked: CloseCase, expect: int | None) -> Case:
        """Closed with a conclusion."""
        found = await self.cases.get(case, act.scope)
        count = await affected(self.filings, of(found))
        decided = await decisions(self.certificates.certificates, case)
        return await self.cases.change(case, act, lambda row: row.closed(asked, count, decided, act.at), expect=expect)

    async def in_question(
        self, case: str, scope: Scope, after: str, limit: int
    ) -> tuple[Case, list[Certificate], str | None]:
        """Some of a case's certificates, those within the scope, and the cursor when there are more."""
        found = await self.cases.get(case, scope)
        places = await affected_ids(self.filings, of(found), after, limit + 1)
        ids = [row for row, _ in places[:limit]]
        rows = {row.id: row for row in await self.certificates.certificates.find({"_id": {"$in": ids}}, scope)}
        further = places[limit - 1][1] if len(places) > limit else None
        return found, [rows[row] for row in ids if row in rows], further

    async def _filing_of(self, asked: OpenCase) -> str:
        if asked.subject is not Subject.CERTIFICATE:
            return ""
        return (await self.certificates.certificates.get(asked.subject_id)).filing

    def _deciding(self, act: Act, case: str, asked: DecideCertificates, place: int) -> Callable[[Certificate], Decided]:
        why = grounds(act, asked, case)
        until = self.certificates.sanctioned_until(fraud=asked.fraud)
        return lambda row: carried_out(row, asked.decision, why, until, f"/certificates/{place}")

    async def _must_be_affected(self, case: Case, asked: DecideCertificates) -> None:
        ids = list(asked.certificates)
        rows = await self.certificates.certificates.find({"_id": {"$in": ids}})
        strangers = await not_among(self.filings, of(case), rows) | (set(ids) - {row.id for row in rows})
        for place, row in enumerate(ids):
            if row in strangers:
                raise NotAffected(f"{row} is not among the certificates of this case", field=f"/certificates/{place}")
