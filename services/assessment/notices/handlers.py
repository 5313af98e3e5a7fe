"""The public reads: nothing is changed, nothing is known of who asks."""

from dataclasses import dataclass

from services.assessment.batches.domain import Batch
from services.assessment.entries.domain import Entry
from services.assessment.mirrors.handlers import Mirrors
from services.assessment.notices.domain import (
    Announcement,
    Known,
    PublicList,
    announced,
    must_be_announced,
    must_be_on_notice,
    public_list,
)
from services.assessment.notices.storage import passed
from shared.clock import Clock
from shared.http.pages import cursor_of
from shared.rulebook import Rulebook
from shared.storage.store import Store
from shared.workdays import add_workdays


@dataclass(frozen=True)
class Notices:
    """The notices room."""

    batches: Store[Batch]
    entries: Store[Entry]
    mirrors: Mirrors
    rules: Rulebook
    clock: Clock

    async def announcement(self, batch_id: str) -> Announcement:
        """The announcement of a batch that was filed."""
        batch = await self.batches.get(batch_id)
        must_be_announced(batch)
        return announced(batch, await self._known(batch))

    async def public_list(self, batch_id: str, after: str, limit: int) -> PublicList:
        """Who passed, while the results are on notice."""
        batch = await self.batches.get(batch_id)
        notice = must_be_on_notice(batch, self.clock.now())
        until = add_workdays(notice.opens_on, self.rules.integer("review.apply_wd", on=notice.opens_on))
        rows = await passed(self.entries, batch.id, after=after, limit=limit + 1)
        further = cursor_of(rows[limit - 1].ticket) if len(rows) > limit else None
        return public_list(batch, await self._known(batch), notice, until, rows[:limit], further)

    async def _known(self, batch: Batch) -> Known:
        sites = await self.mirrors.sites.find({"_id": {"$in": [sitting.site for sitting in batch.sittings]}})
        units = await self.mirrors.units.find({"_id": batch.unit}, limit=1)
        return Known(
            unit=units[0] if units else None,
            standard=await self.mirrors.standards.get(batch.standard),
            sites={site.id: site for site in sites},
        )
