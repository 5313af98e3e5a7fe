"""Load, decide, save: what happens when something is asked about a certificate on file."""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date

from services.registry.certificates.commands import (
    CorrectCertificate,
    Grounded,
    ReinstateCertificate,
    ReissueCertificate,
    RevokeCertificate,
    SuspendCertificate,
    VoidCertificate,
)
from services.registry.certificates.domain import (
    AlreadyCertified,
    Certificate,
    Decided,
    Grounds,
    NumberFormats,
    check_correction,
    differing,
    sanction_end,
)
from services.registry.certificates.domain.corrections import OPEN, SEALED
from services.registry.certificates.storage import Lookups, on_record
from shared.act import Act
from shared.clock import Clock
from shared.documents import RESIDENT_ID, document_key
from shared.errors import Contended, NotFound
from shared.events.registry import Part
from shared.privacy import Sealer, mask_name
from shared.rulebook import Rulebook
from shared.storage.mongo import Document
from shared.storage.store import Store


def grounds(act: Act, asked: Grounded, case: str = "") -> Grounds:
    """Why, by whom and when, as it is written down."""
    return Grounds(reason=asked.reason, basis=asked.basis, actor=act.actor, at=act.at, case=case)


@dataclass(frozen=True)
class Certificates:
    """The certificates room; `parts_of` asks the standards room for the parts and marks of a standard."""

    certificates: Store[Certificate]
    lookups: Lookups
    formats: NumberFormats
    parts_of: Callable[[str], Awaitable[Sequence[Part]]]
    rules: Rulebook
    sealer: Sealer
    clock: Clock

    async def verify(self, number: str) -> Document:
        """What the public may know of the certificate with this number."""
        found = await self.lookups.by_number(number)
        if found is None:
            raise NotFound("no certificate has this number; check it, or ask the issuing body")
        return found

    async def correct(self, act: Act, certificate: str, asked: CorrectCertificate, expect: int | None) -> Certificate:
        """A new edition; an ID number moves the certificate to that person, who must not hold the same already."""
        found = await self.certificates.get(certificate, act.scope)
        check_correction(asked, found, await self.parts_of(found.standard), self.clock.today())
        await self._refuse_held(found, asked)
        try:
            return await self._change(act, certificate, lambda row: self._corrected(row, asked, act), expect)
        except Contended:  # so it looks when the unique index refuses: that person was certified meanwhile
            await self._refuse_held(found, asked)
            raise

    async def reissue(self, act: Act, certificate: str, asked: ReissueCertificate, expect: int | None) -> Certificate:
        """The next print, with its serial."""

        def decide(found: Certificate) -> Decided:
            return found.reissued(grounds(act, asked), self.formats.printed(found.number, found.prints + 1))

        return await self._change(act, certificate, decide, expect)

    async def suspend(self, act: Act, certificate: str, asked: SuspendCertificate, expect: int | None) -> Certificate:
        """Until it is reinstated."""
        return await self._change(act, certificate, lambda row: row.suspended(grounds(act, asked)), expect)

    async def reinstate(
        self, act: Act, certificate: str, asked: ReinstateCertificate, expect: int | None
    ) -> Certificate:
        """It holds again."""
        return await self._change(act, certificate, lambda row: row.reinstated(grounds(act, asked)), expect)

    async def revoke(self, act: Act, certificate: str, asked: RevokeCertificate, expect: int | None) -> Certificate:
        """For good, from now on."""
        return await self._change(act, certificate, lambda row: row.revoked(grounds(act, asked)), expect)

    async def void(self, act: Act, certificate: str, asked: VoidCertificate, expect: int | None) -> Certificate:
        """From the beginning; a fraud goes on record."""
        until = self.sanctioned_until(fraud=asked.fraud)
        return await self._change(act, certificate, lambda row: row.voided(grounds(act, asked), until), expect)

    def sanctioned_until(self, *, fraud: bool) -> date | None:
        """The last day on which a fraud found today is on record; None without fraud."""
        today = self.clock.today()
        return sanction_end(today, self.rules.integer("sanction.record_years", on=today)) if fraud else None

    async def _change(
        self, act: Act, certificate: str, decide: Callable[[Certificate], Decided], expect: int | None
    ) -> Certificate:
        return await self.certificates.change(certificate, act, decide, expect=expect)

    def _corrected(self, found: Certificate, asked: CorrectCertificate, act: Act) -> Decided:
        person = json.loads(self.sealer.open(found.person, bound_to=found.id))
        news = differing(asked, found, person)
        values = {name: news[name] for name in OPEN if name in news}
        if news.keys() & SEALED.keys():
            person |= {name: news[name] for name in SEALED if name in news}
            if "id_number" in news:  # a correction names a resident ID number, whatever stood there
                person.pop("id_type", None)
            values["person"] = self.sealer.seal(json.dumps(person), bound_to=found.id)
            values["holder"] = mask_name(person["name"])
            key = document_key(person["id_number"], person.get("id_type", RESIDENT_ID))
            values["person_index"] = self.sealer.index(key)
        return found.corrected(grounds(act, asked), values, [SEALED.get(name, name) for name in news])

    async def _refuse_held(self, found: Certificate, asked: CorrectCertificate) -> None:
        if asked.id_number is None:
            return
        records = await on_record(self.certificates, [self.sealer.index(asked.id_number)])
        if any(row.certificate != found.id and row.holds(found.occupation, found.level) for row in records):
            raise AlreadyCertified(
                "one certificate for each person, occupation and level; void the one that is wrong", field="/id_number"
            )
