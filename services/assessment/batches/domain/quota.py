"""The numbers of a filed plan: each batch reserves its own before it is filed, so that all together never exceed them.

A batch and its plan's numbers are two documents. The share is written first; a process that ends in between leaves a
share that waits, and the clock settles it by the batch: it stays when that was filed under this plan, else it goes.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from services.assessment.batches.domain.record import BatchRecord
from shared.entity import Entity
from shared.errors import Fault, Kind
from shared.events.base import Event, Record

Decided = tuple["Quota", Sequence[Event]]


class TooManyPlanned(Fault):
    """More candidates are planned than the filed plan expects of the occupation."""

    slug, kind = "batch-numbers", Kind.CONFLICT


class Share(Record):
    """What one batch takes; `version` is the batch's when it was reserved: a filing decided on an older one is void."""

    planned: int
    version: int
    at: datetime
    settled: bool = False


class Quota(Entity):
    """The numbers of one occupation under one plan; `waiting` is since when its oldest share waits to be settled."""

    unit: str
    plan: str
    occupation: str
    shares: Mapping[str, Share] = {}
    waiting: datetime | None = None

    def planned_beside(self, batch: str) -> int:
        """Candidates of all other batches together."""
        return sum(share.planned for other, share in self.shares.items() if other != batch)

    def reserved(self, batch: BatchRecord, number: int, now: datetime) -> Decided:
        """A batch takes its share of the plan's number (0: the plan names none); said again, it takes no second one."""
        others = self.planned_beside(batch.id)
        if 0 < number < others + batch.planned:
            raise TooManyPlanned(
                f"{batch.planned} candidates of {self.occupation} are too many: the filed plan expects {number}, "
                f"other batches take {others}, {max(number - others, 0)} are left; plan fewer, or amend the plan",
                field="/planned",
                rule="plan-numbers",
            )
        known = self.shares.get(batch.id)
        if known is not None and known.version == batch.version:
            return self, []
        share = Share(planned=batch.planned, version=batch.version, at=now)
        return self._with({**self.shares, batch.id: share})

    def overdue(self, before: datetime) -> Mapping[str, Share]:
        """The shares that wait since before an instant, by batch."""
        return {batch: share for batch, share in self.shares.items() if not share.settled and share.at <= before}

    def settled(self, filed: Collection[str], void: Mapping[str, Share]) -> Decided:
        """Shares of filed batches stay; those given are dropped unless they were reserved anew meanwhile."""
        kept = {batch: share for batch, share in self.shares.items() if void.get(batch) != share}
        sure = {"settled": True}
        return self._with(
            {batch: row.model_copy(update=sure) if batch in filed else row for batch, row in kept.items()}
        )

    def without(self, batch: str) -> Decided:
        """A batch was cancelled: its share is free."""
        if batch not in self.shares:
            return self, []
        return self._with({other: share for other, share in self.shares.items() if other != batch})

    def _with(self, shares: Mapping[str, Share]) -> Decided:
        waiting = min((share.at for share in shares.values() if not share.settled), default=None)
        return self.having(shares=shares, waiting=waiting), []


def quota_id(plan: str, occupation: str) -> str:
    """There is one quota for an occupation under a plan."""
    return f"{plan}:{occupation}"


def first_quota(
    plan: str, occupation: str, unit: str, authority: str, filed: Sequence[BatchRecord], now: datetime
) -> Quota:
    """The quota as it is when the first batch asks for it; those `filed` before there were quotas count too."""
    quota = Quota(id=quota_id(plan, occupation), authority=authority, unit=unit, plan=plan, occupation=occupation)
    for batch in filed:
        quota, _ = quota.reserved(batch, 0, now)
    return quota
