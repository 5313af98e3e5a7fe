"""Documents and reports are entered, the archive is closed, hashed and signed by the worker, viewed and verified."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

from services.assessment.archives.commands import EnterDocument, ViewItem, WriteReport
from services.assessment.archives.domain import (
    TYPE,
    Archive,
    Checked,
    Checklist,
    Document,
    Hashed,
    Incomplete,
    Missing,
    NotTheSupervisor,
    Placed,
    Report,
    Viewing,
    blank,
    compared,
    digest_of,
    manifest_of,
    must_be_past_objecting,
    placed,
    viewed,
)
from services.assessment.archives.storage import hashed, lines
from services.assessment.batches.domain import Batch, Manifest
from services.assessment.batches.domain import State as BatchState
from services.assessment.entries.domain import Entry
from services.assessment.results.storage import is_waiting
from shared.act import Act, Scope
from shared.auth import Role
from shared.clock import Clock
from shared.errors import AlreadyThere, Contended, NotFound
from shared.rulebook import Rulebook
from shared.signing import Keyring
from shared.storage.mongo import Collection
from shared.storage.store import Decision, Store
from shared.workdays import local_day, years_later

TIME_TO_VERIFY = 3.0  # seconds; a door answers within five
VIEWED_AT_ONCE = 200
CERTIFIED = "an archive is closed once each entry of its batch is certified or rejected"


class Shown(NamedTuple):
    """An archive with its batch and which items it has."""

    batch: Batch
    archive: Archive
    items: list[Placed]


class Opened(NamedTuple):
    """What a viewing shows of an item."""

    viewing: Viewing
    documents: list[Document]
    reports: list[Report]
    lines: list[dict[str, Any]]


class Verdict(NamedTuple):
    """A manifest that one of our keys signed, and whether it still fits what is stored."""

    archive: Archive
    current: bool
    items: list[Checked]


@dataclass(frozen=True)
class Archives:
    """The archives room; `objections` are those of the objections room, read as they are stored."""

    archives: Store[Archive]
    views: Store[Viewing]
    batches: Store[Batch]
    entries: Store[Entry]
    objections: Collection
    checklist: Checklist
    rules: Rulebook
    keys: Keyring
    clock: Clock

    # -- what is put in --------------------------------------------------------------------------------

    async def enter(self, act: Act, batch_id: str, asked: EnterDocument) -> Shown:
        """A document of the archive."""
        now = self.clock.now()
        return await self._change(act, batch_id, lambda row: row.entered(asked, self.checklist, act.actor, now))

    async def report(self, act: Act, batch_id: str, asked: WriteReport) -> Shown:
        """The supervisor's report, by themselves or entered for them by the unit."""
        assert act.caller is not None
        batch, now = await self.batches.get(batch_id, act.scope), self.clock.now()
        if act.caller.role is Role.SUPERVISOR and act.caller.subject != batch.supervisor:
            raise NotTheSupervisor("the report on a batch is written by the supervisor assigned to it")
        return await self._change(act, batch_id, lambda row: row.reported(asked, batch.supervisor, act.actor, now))

    async def _change(self, act: Act, batch_id: str, decide: Callable[[Archive], Decision[Archive]]) -> Shown:
        batch = await self.batches.get(batch_id, act.scope)
        await self._there(act, batch)
        await self.archives.change(batch.id, act, decide)
        return await self.shown(batch_id, act.scope)

    async def _there(self, act: Act, batch: Batch) -> Archive:
        try:
            return await self.archives.get(batch.id)
        except NotFound:
            try:
                # under an id of its own: the act itself has still to change it
                made = Act(id=f"archive-{batch.id}", at=act.at, correlation=act.correlation)
                return await self.archives.add(blank(batch), [], made)
            except AlreadyThere:
                return await self.archives.get(batch.id)

    # -- what is in it ---------------------------------------------------------------------------------

    async def shown(self, batch_id: str, scope: Scope) -> Shown:
        """The archive of a batch, begun or not, with every item that is there or missing."""
        batch = await self.batches.get(batch_id, scope)
        try:
            archive = await self.archives.get(batch.id)
        except NotFound:
            archive = blank(batch)
        return Shown(batch, archive, self._placed(batch, archive))

    def _placed(self, batch: Batch, archive: Archive) -> list[Placed]:
        documents = {row.item for row in archive.documents}
        return placed(self.checklist, batch, documents, reported=bool(archive.reports))

    async def view(self, act: Act, batch_id: str, asked: ViewItem) -> Opened:
        """The viewing is recorded, then the item is shown."""
        assert act.caller is not None
        found, now = await self.shown(batch_id, act.scope), self.clock.now()
        who = (act.actor, act.caller.role.value, act.caller.organisation)
        if any(row.item == asked.item and not row.present for row in found.items):  # points before the seal, too
            raise Missing("this item is not there yet; read the archive to see what is", field="/item")
        # one record for each thing seen on each day: a key sent again opens nothing that is not on record
        seen = blake2b(f"{act.id} {local_day(now)} {asked.model_dump_json()}".encode(), digest_size=16).hexdigest()
        viewing = viewed(f"view-{seen}", found.batch, asked, self.checklist, who, now)
        viewing = await self.views.add(viewing, [], act)
        documents = [row for row in found.archive.documents if row.item == asked.item]
        reports = list(found.archive.reports) if asked.item == "supervision_report" else []
        rows = await lines(
            self.entries, self.objections, found.batch, asked.item, after=asked.after, limit=VIEWED_AT_ONCE
        )
        return Opened(viewing, documents, reports, rows)

    # -- closed and signed -----------------------------------------------------------------------------

    async def close(self, act: Act, batch_id: str) -> Shown:
        """Complete, or refused with every item that is missing; the worker hashes and signs."""
        self.keys.must_sign()
        batch = await self.batches.get(batch_id, act.scope)
        if batch.state is not BatchState.ARCHIVED:
            batch.must_be((BatchState.CERTIFIED,), CERTIFIED)
            assert batch.notice is not None
            workdays = self.rules.integer("review.apply_wd", on=batch.notice.opens_on)
            must_be_past_objecting(batch.notice, workdays, self.clock.now())
            await self._must_have_ended(batch)
        archive = await self._there(act, batch)
        items = self._placed(batch, archive)
        await self.archives.change(batch.id, act, lambda row: row.begun(batch, self._placed(batch, row)))
        return Shown(batch, await self.archives.get(batch.id), items)

    async def sign(self, act: Act, batch_id: str) -> Batch:
        """Hash, sign, and archive the batch; a repeat signs anew, or finds it archived.

        An entry that is filed again meanwhile signs on to the batch, which changes its version: then what was hashed
        is not what is stored, and it is hashed anew by the repeat.
        """
        batch = await self.batches.get(batch_id)
        if batch.state is BatchState.ARCHIVED:
            return batch
        if await is_waiting(self.entries, self.objections, batch.id):
            await self.archives.change(batch.id, act, Archive.reopened)
            return batch
        now = self.clock.now()
        archive = await self.archives.get(batch.id)
        found = await hashed(self.entries, self.objections, batch, archive, self.checklist)
        manifest, told = self._manifest(archive, batch, found, now)
        token = self.keys.sign(manifest, TYPE)
        # one signing for each version of the batch: a repeat finds the manifest that stands, and archives that one
        once = replace(act, id=f"{act.id}@{batch.version}")
        signed = await self.archives.change(batch.id, once, lambda row: row.signed(found, token, told))

        def decide(standing: Batch) -> Decision[Batch]:
            if standing.version != batch.version and standing.state is not BatchState.ARCHIVED:
                raise Contended(f"batch {batch.id} changed while it was hashed; it is hashed anew")
            return standing.archived(signed.told(told.items), now)

        return await self.batches.change(batch.id, act, decide)

    def _manifest(
        self, archive: Archive, batch: Batch, found: Sequence[Hashed], now: datetime
    ) -> tuple[dict[str, Any], Manifest]:
        today = local_day(now)
        years = [self.rules.integer(f"archive.{kind}_years", on=today) for kind in ("electronic", "paper")]
        electronic, paper = (years_later(today, count) for count in years)
        manifest = manifest_of(archive, batch, self.checklist, found, (electronic, paper), now)
        digest = digest_of(manifest)
        told = Manifest(digest=digest, items=len(manifest["items"]), keep_until=electronic, paper_until=paper)
        return manifest, told

    # -- verified --------------------------------------------------------------------------------------

    async def verify(self, token: str, scope: Scope) -> Verdict:
        """Whether a manifest is ours and the newest, and whether what is stored still has its hashes."""
        manifest = self.keys.read(token, TYPE)
        batch = await self.batches.get(str(manifest["batch"]), scope)
        archive = await self.archives.get(batch.id)
        sums = await self._sums_now(batch, archive)
        return Verdict(archive, digest_of(manifest) == archive.digest, compared(manifest, archive, sums))

    async def ask(self, act: Act, batch_id: str) -> Shown:
        """The worker hashes what is stored anew, however much it is."""
        batch = await self.batches.get(batch_id, act.scope)
        await self.archives.change(batch.id, act, lambda row: row.checking(batch))
        return await self.shown(batch_id, act.scope)

    async def check(self, act: Act, batch_id: str) -> Archive:
        """Compare what is stored with the manifest."""
        batch, archive = await self.batches.get(batch_id), await self.archives.get(batch_id)
        manifest = self.keys.read(archive.manifest, TYPE)
        found = await hashed(self.entries, self.objections, batch, archive, self.checklist)
        sums = {row.item: row.sha256 for row in found}
        differing = [row.item for row in compared(manifest, archive, sums) if not row.matches]
        now = self.clock.now()
        return await self.archives.change(batch_id, act, lambda row: row.checked(batch, differing, now))

    async def _sums_now(self, batch: Batch, archive: Archive) -> dict[str, str] | None:
        try:
            async with asyncio.timeout(TIME_TO_VERIFY):
                found = await hashed(self.entries, self.objections, batch, archive, self.checklist)
        except TimeoutError:
            return None
        return {row.item: row.sha256 for row in found}

    async def _must_have_ended(self, batch: Batch) -> None:
        if await is_waiting(self.entries, self.objections, batch.id):
            raise Incomplete(
                "an entry that was filed again waits for the registry; close the archive when it has ended"
            )
