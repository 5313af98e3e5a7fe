"""The public reads, nothing is known of who asks; the days of a notice follow the calendar once it is announced."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

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
from services.assessment.notices.storage import passed, provisional
from shared.act import Act
from shared.clock import Clock
from shared.http.pages import cursor_of
from shared.rulebook import Rulebook
from shared.storage.store import Store
from shared.workdays import PeriodEnd, add_workdays


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
        until = self._points_until(batch.notice.opens_on) if batch.notice else None
        notice = must_be_on_notice(batch, self.clock.now(), until)
        rows = await passed(self.entries, batch.id, after=after, limit=limit + 1)
        further = cursor_of(rows[limit - 1].ticket) if len(rows) > limit else None
        assert until is not None
        return public_list(batch, await self._known(batch), notice, until, rows[:limit], further)

    def _points_until(self, opens_on: date) -> PeriodEnd:
        return add_workdays(opens_on, self.rules.integer("review.apply_wd", on=opens_on))

    async def due(self, now: datetime) -> None:
        """Count those notices anew whose calendar was not known when they began."""
        for batch in await provisional(self.batches):
            assert batch.notice is not None
            period = notice_of(self.rules, batch.notice.opens_on)
            act = Act(id=f"recount-{batch.id}@{period.last_day}-{period.provisional}", at=now, correlation="notices")
            await self.batches.change(batch.id, act, partial(Batch.recounted, period=period))

    async def _known(self, batch: Batch) -> Known:
        sites = await self.mirrors.sites.find({"_id": {"$in": [sitting.site for sitting in batch.sittings]}})
        units = await self.mirrors.units.find({"_id": batch.unit}, limit=1)
        return Known(
            unit=units[0] if units else None,
            standard=await self.mirrors.standards.get(batch.standard),
            sites={site.id: site for site in sites},
        )


def notice_of(rules: Rulebook, opens_on: date) -> PeriodEnd:
    """Until when results stand that go on public notice on a day."""
    return add_workdays(opens_on, rules.integer("notice.result_wd", on=opens_on))
