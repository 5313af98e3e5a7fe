"""Loading organisations, and what is asked of the register of units."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_json

from services.registry.organisations.commands import (
    Affiliate,
    ChangeOrganisation,
    CloseOrganisation,
    Contact,
    EndAffiliation,
    MergeOrganisation,
    RegisterUnit,
    RenameOrganisation,
    RevealContact,
)
from services.registry.organisations.domain import (
    By,
    Codes,
    CodeTaken,
    Organisation,
    affiliated,
    affiliation_ended,
    changed,
    closed,
    contact_shown,
    merged,
    must_be_open,
    must_stand_in,
    registered,
    renamed,
)
from services.registry.organisations.storage import holding, in_file, seen
from shared.act import EVERYTHING, Act, Scope
from shared.clock import Clock
from shared.errors import Contended, NotFound
from shared.privacy import Sealer, mask_name
from shared.rulebook import Rulebook
from shared.storage.store import Decision, Store


@dataclass(frozen=True)
class Organisations:
    """The organisations room."""

    organisations: Store[Organisation]
    file: Path
    clock: Clock

    async def load(self) -> None:
        """Add the organisations of the file that are not there; safe to repeat."""
        standing = {row.id for row in await self.organisations.find({})}
        act = Act(id="load-organisations", at=self.clock.now(), correlation="load-organisations")
        news = [row for row in in_file(self.file) if row.id not in standing]
        if news:
            await self.organisations.add_all([((row, []), act) for row in news])

    async def seen(self, identity: str, scope: Scope) -> Organisation:
        """One organisation that the scope sees today."""
        return await seen(self.organisations, identity, scope, self.clock.today())

    async def must_stand(self, unit: str, authority: str, on: date) -> None:
        """Refuse a unit that is closed that day, or that does not stand in that line."""
        found = await self.organisations.get(unit)
        must_be_open(found, on)
        must_stand_in(found, authority, on)

    async def must_be_open(self, unit: str, on: date) -> None:
        """Refuse a unit that is closed that day; whatever a unit submits asks this first."""
        must_be_open(await self.organisations.get(unit), on)


@dataclass(frozen=True)
class Register:
    """What is asked of the register: units added, changed, renamed, affiliated, merged, closed."""

    rooms: Organisations
    regions: Mapping[str, str]
    authorities: frozenset[str]
    rules: Rulebook
    sealer: Sealer

    def codes(self) -> Codes:
        """What codes must be like today."""
        issuers = self.rules.value("issuer.codes", dict[str, str], on=self.rooms.clock.today())
        return Codes(self.regions, self.authorities, issuers)

    def by(self, act: Act) -> By:
        """Who asks, and when."""
        return By(at=act.at, actor=act.actor, today=self.rooms.clock.today())

    async def register(self, act: Act, asked: RegisterUnit) -> Organisation:
        """A new unit; an authority registers in its own line only."""
        if act.scope.authority not in (None, asked.authority):
            raise NotFound(f"the line {asked.authority} is not yours")
        codes, identity = self.codes(), f"unit-{act.id}"
        codes.check_authority(asked.authority)
        codes.check(asked.uscc, asked.uscc_proof, asked.region_code, asked.issuer_codes)
        await self._must_be_free(identity, asked.uscc, asked.issuer_codes)
        unit, events = registered(identity, asked, self.by(act), self._sealed(asked.contact, identity))
        try:
            return await self.rooms.organisations.add(unit, events, act)
        except NotFound:  # not this unit: another one took one of its codes at the same moment
            raise CodeTaken("one of its codes was given to another unit just now", field="/uscc") from None

    async def change(self, act: Act, unit: str, asked: ChangeOrganisation, expect: int | None) -> Organisation:
        """Codes, office, contact person."""
        standing = await self.rooms.seen(unit, act.scope)
        given = asked.model_dump(exclude_none=True, exclude={"reason", "contact", "office", "uscc_proof"})
        given |= {"uscc_proof": asked.uscc_proof} if asked.uscc else {}
        given |= {"office": asked.office} if asked.office else {}
        self.codes().check(asked.uscc or "", asked.uscc_proof, asked.region_code or "", asked.issuer_codes or {})
        await self._must_be_free(standing.id, asked.uscc or "", asked.issuer_codes or {})
        if asked.contact is not None:
            given["contact"], given["contact_masked"] = self._sealed(asked.contact, standing.id)
        by = self.by(act)

        def decide(found: Organisation) -> Decision[Organisation]:
            codes = {"issuer_codes": {**found.issuer_codes, **asked.issuer_codes}} if asked.issuer_codes else {}
            return changed(found, by, asked.reason, given | codes)

        try:
            return await self._change(act, unit, decide, expect)
        except Contended:  # or another unit took one of its codes at the same moment
            await self._must_be_free(standing.id, asked.uscc or "", asked.issuer_codes or {})
            raise

    async def rename(self, act: Act, unit: str, asked: RenameOrganisation, expect: int | None) -> Organisation:
        """Another name from a day on."""
        return await self._change(act, unit, lambda found: renamed(found, asked, self.by(act)), expect)

    async def affiliate(self, act: Act, unit: str, asked: Affiliate, expect: int | None) -> Organisation:
        """One more line."""
        self.codes().check_authority(asked.authority)
        return await self._change(act, unit, lambda found: affiliated(found, asked, self.by(act)), expect)

    async def end_affiliation(self, act: Act, unit: str, asked: EndAffiliation, expect: int | None) -> Organisation:
        """One line less."""
        return await self._change(act, unit, lambda found: affiliation_ended(found, asked, self.by(act)), expect)

    async def merge(self, act: Act, unit: str, asked: MergeOrganisation, expect: int | None) -> Organisation:
        """Into another unit that goes on."""
        into = await self.rooms.seen(asked.into, act.scope)
        return await self._change(act, unit, lambda found: merged(found, into, asked, self.by(act)), expect)

    async def close(self, act: Act, unit: str, asked: CloseOrganisation, expect: int | None) -> Organisation:
        """Closed from a day on."""
        return await self._change(act, unit, lambda found: closed(found, asked, self.by(act)), expect)

    async def reveal(self, act: Act, unit: str, asked: RevealContact) -> Contact | None:
        """The contact person in clear; the record is written before they are shown."""
        by = self.by(act)
        found = await self._change(act, unit, lambda found: contact_shown(found, asked.reason, by), None)
        if not found.contact:
            return None
        return Contact.model_validate(from_json(self.sealer.open(found.contact, bound_to=found.id)))

    async def _change(
        self, act: Act, unit: str, decide: Callable[[Organisation], Decision[Organisation]], expect: int | None
    ) -> Organisation:
        await self.rooms.seen(unit, act.scope)
        # seen through any of its lines, where the store compares with the first line only
        return await self.rooms.organisations.change(unit, replace(act, scope=EVERYTHING), decide, expect=expect)

    async def _must_be_free(self, unit: str, uscc: str, issuer_codes: Mapping[str, str]) -> None:
        wanted = {regime: [code] for regime, code in issuer_codes.items() if code}
        for other in await holding(self.rooms.organisations, [uscc] if uscc else [], wanted):
            if other.id != unit:
                field = "/uscc" if uscc and other.uscc == uscc else "/issuer_codes"
                raise CodeTaken("another unit has this code; a code is given once", field=field)

    def _sealed(self, contact: Contact | None, unit: str) -> tuple[str, str]:
        if contact is None:
            return "", ""
        plain: dict[str, Any] = contact.model_dump()
        return self.sealer.seal(to_json(plain).decode(), bound_to=unit), mask_name(contact.name)
