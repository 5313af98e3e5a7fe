"""Recording what is heard, and reading it by position."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from pydantic_core import to_json

from services.notification.feed.domain import FeedEvent, named_in, without_sealed
from services.notification.feed.growth import Growth
from services.notification.feed.storage import FeedLog, Wanted
from shared.act import Act, Scope
from shared.events.anything import Anything
from shared.messaging.envelope import Heard


@dataclass(frozen=True)
class Feed:
    """The feed room; `grown` are called when events were recorded in this process."""

    log: FeedLog
    growth: Growth
    grown: list[Callable[[], None]] = field(default_factory=list)

    async def record(self, taken: Sequence[tuple[Heard[Anything], Act]]) -> None:
        """Append what was heard; what is in the feed already stays as it is."""
        last = await self.log.append([_event(heard, act) for heard, act in taken])
        if last:
            self.growth.grew(last)
            for tell in self.grown:
                tell()

    async def read(self, wanted: Wanted, scope: Scope, wait: float) -> tuple[list[FeedEvent], int]:
        """A run of events and the position to read on from; waits up to `wait` seconds for the first event."""
        rows, seen = await self._look(wanted, scope)
        with suppress(TimeoutError):
            async with asyncio.timeout(wait or None):
                while wait and not rows:
                    await self.growth.beyond(seen)
                    rows, seen = await self._look(wanted, scope)
        return rows, rows[-1].position if len(rows) == wanted.limit else seen

    async def _look(self, wanted: Wanted, scope: Scope) -> tuple[list[FeedEvent], int]:
        # The end is taken first: what is after it is the next look's, and what is before it has been seen.
        end = max(await self.log.newest(), wanted.after)
        return await self.log.read(wanted, scope, end), end


def _event(heard: Heard[Anything], act: Act) -> FeedEvent:
    body = heard.event.model_extra or {}
    return FeedEvent(
        position=0,
        event=heard.id,
        type=heard.type,
        source=heard.source,
        subject=heard.subject,
        time=heard.time,
        sequence=heard.sequence,
        authority=heard.authority,
        unit=named_in(body, "unit"),
        correlation=heard.correlation,
        causation=heard.causation,
        trace=act.trace or heard.trace,
        body=to_json(without_sealed(heard.type, body)).decode(),
        heard_at=act.at,
        occupation=named_in(body, "occupation"),
        level=named_in(body, "level"),
    )
