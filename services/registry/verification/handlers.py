"""Looking a certificate up, comparing what is known of it, and making of it what was asked for."""

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

import structlog

from services.registry.certificates.domain import Certificate, NumberFormats, Standing
from services.registry.filings.domain import Filing
from services.registry.filings.storage import next_start
from services.registry.organisations.domain import Organisation
from services.registry.verification.commands import VerifyCertificate, VerifyCertificates
from services.registry.verification.domain.answer import (
    NOBODY,
    Catalogue,
    Holder,
    UnitWords,
    Verified,
    fits,
    moment,
    nobody,
    told_id,
    unknown,
    verified,
)
from services.registry.verification.domain.credential import Digest, check_holds, credential, status_list
from services.registry.verification.domain.particulars import Particulars
from services.registry.verification.domain.sheet import PaperWords, Sheet, sheet
from services.registry.verification.domain.statuslist import BITS, MEANS, Purpose, encoded
from services.registry.verification.signing import Signer
from services.registry.verification.storage import STATUS_LIST_INDEX, by_numbers, serials, units
from shared.act import Scope
from shared.clock import Clock
from shared.errors import NotFound
from shared.metrics import PRINTED
from shared.privacy import Sealer
from shared.rulebook import Rulebook
from shared.storage.store import Store

log = structlog.get_logger()


class Told(NamedTuple):
    """A certificate whose facts were known, with what it was at the instant asked about."""

    certificate: Certificate
    standing: Standing
    holder: Holder


class SignedList(NamedTuple):
    """A signed status list, and what changes only when it says something else."""

    token: str
    tag: str


@dataclass(frozen=True)
class Verification:
    """The verification room; it only reads."""

    certificates: Store[Certificate]
    filings: Store[Filing]
    organisations: Store[Organisation]
    formats: NumberFormats
    catalogue: Catalogue
    papers: Mapping[str, PaperWords]
    rules: Rulebook
    signer: Signer
    sealer: Sealer
    clock: Clock

    async def prepare(self) -> None:
        """The index over certificates that do not hold."""
        await self.certificates.collection.ensure_indexes([STATUS_LIST_INDEX])

    # -- online ----------------------------------------------------------------------------------------

    async def verify(self, asked: VerifyCertificate) -> Verified:
        """The answer, or `NotFound` for whatever does not match, unknown numbers included."""
        now = self.clock.now()
        at = moment(asked.as_of, now)
        told = self._told(await self._on_file(asked.number), asked, at)
        if told is None:
            raise unknown()
        return self._answer(told, asked, await self._unit(told.certificate.unit), at, now)

    async def verify_all(self, asked: VerifyCertificates) -> list[Verified | None]:
        """The answers in the order of the rows; None for a row that does not match."""
        now = self.clock.now()
        at = moment(asked.as_of, now)
        found = await by_numbers(self.certificates, {row.number for row in asked.rows})
        told = [self._told(found.get(row.number), row, at) for row in asked.rows]
        named = await units(self.organisations, {row.certificate.unit for row in told if row})
        return [
            self._answer(known, row, named[known.certificate.unit], at, now) if known else None
            for row, known in zip(asked.rows, told, strict=True)
        ]

    async def _on_file(self, number: str) -> Certificate | None:
        return (await by_numbers(self.certificates, {number})).get(number)

    def _told(self, found: Certificate | None, asked: Particulars, at: datetime) -> Told | None:
        subject = found or self._decoy  # an unknown number takes the same work as a wrong fact
        holder = self._holder(subject)
        fit = fits(asked, self.sealer.code(subject.number), self.sealer.index(asked.id_number or ""), holder)
        standing = subject.as_of(at)
        return Told(found, standing, holder) if found and fit and standing else None

    def _answer(self, told: Told, asked: Particulars, unit: UnitWords, at: datetime, now: datetime) -> Verified:
        return told_id(verified(told.certificate, told.standing, self.catalogue, unit, at, now), asked, told.holder)

    def _holder(self, certificate: Certificate) -> Holder:
        person = json.loads(self.sealer.open(certificate.person, bound_to=certificate.id))
        return Holder(person["name"], person["id_number"], certificate.person_index)

    async def _unit(self, unit: str) -> UnitWords:
        return (await units(self.organisations, {unit}))[unit]

    @cached_property
    def _decoy(self) -> Certificate:
        person = json.dumps({"name": "－", "id_number": ""})
        sealed, index = self.sealer.seal(person, bound_to=NOBODY), self.sealer.index(NOBODY)
        return nobody(sealed, index, self.clock.now())

    # -- offline ---------------------------------------------------------------------------------------

    async def credential(self, certificate: str, scope: Scope) -> str:
        """The certificate as a signed credential, for those who own it."""
        return await self._signed(await self.certificates.get(certificate, scope))

    async def credential_by_code(self, number: str, code: str) -> str:
        """The same for who holds the paper."""
        now = self.clock.now()
        asked = VerifyCertificate(number=number, code=code)
        told = self._told(await self._on_file(number), asked, now)
        if told is None:
            raise unknown()
        return await self._signed(told.certificate)

    async def _signed(self, certificate: Certificate) -> str:
        check_holds(certificate)
        rounds = self.rules.integer("credential.digest_iterations", on=self.clock.today())
        id_number = self._holder(certificate).id_number
        # In a thread: it is slow by intention, and lets go of the interpreter meanwhile.
        digest = await asyncio.to_thread(Digest.of, id_number, os.urandom(16), rounds)
        unit = await self._unit(certificate.unit)
        return self.signer.sign(credential(certificate, self.signer.issuer, self.catalogue, unit, digest))

    async def status_list(self, purpose: Purpose, series: str, block: int) -> SignedList:
        """A signed list, made from the certificates as they stand now."""
        if await next_start(self.filings, series, 0) <= block * BITS:
            raise NotFound(f"no certificate is in block {block} of the series {series}")
        bits = encoded(await serials(self.certificates, series, block, MEANS[purpose]))
        now = self.clock.now()
        ttl = self.rules.integer("credential.status_ttl_seconds", on=self.clock.today())
        url = self.signer.issuer.list_url(purpose, series, block)
        token = self.signer.sign(status_list(url, self.signer.issuer, purpose, bits, now, ttl))
        return SignedList(token, self.sealer.fingerprint(f"{url} {self.signer.signing} {ttl} {bits}".encode())[:32])

    # -- on paper --------------------------------------------------------------------------------------

    async def sheet(self, certificate: str, scope: Scope, actor: str, form: str) -> Sheet:
        """The fields of the paper, the holder's data in clear; that it was opened is on record."""
        found = await self.certificates.get(certificate, scope)
        issuer, code = self.signer.issuer, self.sealer.code(found.number)
        made = sheet(
            found,
            self._holder(found),
            self.papers,
            self.catalogue,
            await self._unit(found.unit),
            print_serial=self.formats.printed(found.number, found.prints),
            page=issuer.page(found.number, code),
            code=code,
            lookup=f"{issuer.url}/verify",
        )
        log.info("certificate printed", certificate=found.id, actor=actor, form=form)
        PRINTED.labels(form).inc()
        return made
