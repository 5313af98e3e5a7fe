"""Entries are judged anew when a group changed after it had signed: run by run, safe to repeat after a crash."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from services.assessment.batches.domain import EXAMINED, Batch
from services.assessment.batches.storage import judged_anew, taking_rows
from services.assessment.entries.domain import Entry, judged
from services.assessment.entries.storage import after_entry
from shared.act import Act
from shared.events.base import Event
from shared.http.rows import RUN
from shared.storage.store import Decision, Store

RULE = "entries are judged until sheets are sealed"


@dataclass(frozen=True)
class Judging:
    """What a change of the group in the exam means for those who had all sheets already."""

    batches: Store[Batch]
    entries: Store[Entry]

    async def due(self, now: datetime) -> None:
        """Judge the entries of each batch whose group changed; nothing is sealed before."""
        for batch in await judged_anew(self.batches):
            await self._judge(Act(id=_judging(batch), at=now, correlation="judging"), batch)

    async def _judge(self, act: Act, batch: Batch) -> None:
        last = ""
        while run := await after_entry(self.entries, batch.id, after=last, limit=RUN):
            if not await self._run(replace(act, id=f"{act.id}-{run[0].id}"), batch, [entry.id for entry in run]):
                return  # the group changed once more: the next look begins anew
            last = run[-1].id
        await self.batches.change(batch.id, act, partial(_settled, seen=batch))

    async def _run(self, act: Act, seen: Batch, run: Sequence[str]) -> bool:
        """One run under the group that was seen; nobody changes it while this act is signed on."""
        async with taking_rows(self.batches, seen.id, act, EXAMINED, RULE) as batch:
            if batch.assignment.groups != seen.assignment.groups:
                return False
            await self.entries.change_all(dict.fromkeys(run, (act, partial(_anew, batch=batch))))
            return True


def _judging(batch: Batch) -> str:
    """One act for each assignment, whoever carries it out; without dots, as it names a field while it is signed on."""
    confirmed = batch.assignment.confirmed_at
    return f"judge-{batch.id}-{confirmed.timestamp() * 1000:.0f}" if confirmed else f"judge-{batch.id}"


def _anew(entry: Entry, batch: Batch) -> Decision[Entry]:
    again = judged(entry, batch)
    return (entry if again == entry else again), []


def _settled(found: Batch, seen: Batch) -> tuple[Batch, Sequence[Event]]:
    if found.assignment.groups != seen.assignment.groups or not found.assignment.judging:
        return found, []
    return found.staffed(found.assignment.model_copy(update={"judging": False}))
