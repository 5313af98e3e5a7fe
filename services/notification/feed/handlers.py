"""Recording what is heard, and reading it by position."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import NamedTuple

from prometheus_client import Gauge
from pydantic_core import to_json

from services.notification.feed.domain.event import FeedEvent, about, named_in
from services.notification.feed.domain.sealed import without_sealed
from services.notification.feed.growth import Growth
from services.notification.feed.storage import FeedLog, Wanted, admits
from shared.act import Act, Scope
from shared.clock import Clock
from shared.errors import Fault, Kind, NotFound, TooMany
from shared.events.anything import Anything
from shared.messaging.envelope import Heard
from shared.rulebook import Rulebook

RESTS = 15.0  # seconds after which a stream without events says that it is there, for the proxies between
RETRY_AFTER = 5  # seconds
LOOKS = 0.5  # seconds after which an answer says how far it looked, whether it found anything or not
HIGHEST = 2**53  # a position that JSON still says exactly; what is far beyond it the database cannot be asked for
OPEN = Gauge("skillcert_feed_streams", "Server-sent streams of the feed that are open")


class BeyondTheFeed(Fault):
    """This position is not in the feed yet; a cursor of another feed does not fit here."""

    slug, kind = "beyond-the-feed", Kind.INVALID


class TooManyStreams(TooMany):
    """As many streams are open here as may be at once."""

    slug = "too-many-streams"


class Run(NamedTuple):
    """Some events, the position up to which they are all, and whether the feed goes on from there already."""

    rows: list[FeedEvent]
    reached: int
    more: bool


@dataclass
class Streams:
    """How many streams are open in this process, and for how long one may be."""

    rules: Rulebook
    clock: Clock
    open: int = field(default=0, init=False)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[float]:
        """One more; the seconds it may last."""
        today = self.clock.today()
        most = self.rules.integer("feed.most_streams", on=today)
        if self.open >= most:
            raise TooManyStreams(
                f"{most} are; read by /v1/events, or come again", rule="feed.most_streams", retry_after=RETRY_AFTER
            )
        self.open += 1
        OPEN.inc()
        try:
            yield self.rules.number("feed.stream_minutes", on=today) * 60
        finally:
            self.open -= 1
            OPEN.dec()


@dataclass(frozen=True)
class Feed:
    """The feed room; `grown` are called when events were recorded in this process."""

    log: FeedLog
    growth: Growth
    streams: Streams
    grown: list[Callable[[], None]] = field(default_factory=list)

    async def record(self, taken: Sequence[tuple[Heard[Anything], Act]]) -> None:
        """Append what was heard; what is in the feed already stays as it is."""
        last = await self.log.append([_event(heard, act) for heard, act in taken])
        if last:
            self.growth.grew(last)
            for tell in self.grown:
                tell()

    async def read(self, wanted: Wanted, scope: Scope, wait: float) -> Run:
        """A run of events and the position to read on from; waits up to `wait` seconds for the first event.

        What is rare in a long history may take several: an empty run says how far it looked.

        Raises:
            BeyondTheFeed: the position to read on from was not given out here.
        """
        if wanted.after > (newest := await self.log.newest()):
            raise BeyondTheFeed(f"the feed ends at {newest}; read on from there", field="/query/after")
        run = await self._look(wanted, scope)
        with suppress(TimeoutError):
            async with asyncio.timeout(wait or None):
                while wait and not run.rows:
                    await self.growth.beyond(run.reached)
                    run = await self._look(replace(wanted, after=run.reached), scope)
        return run

    async def follow(self, wanted: Wanted, scope: Scope) -> AsyncGenerator[Run]:
        """Runs of events as the feed grows, each with the position reached; an empty one now and then while it rests.

        It ends by itself after a while, and reads no further than it is asked to: a slow reader costs no memory.
        """
        async with self.streams.one() as seconds:
            ends, wait = monotonic() + seconds, 0.0
            while monotonic() < ends:
                run = await self.read(wanted, scope, wait)
                yield run
                wanted, wait = replace(wanted, after=run.reached), RESTS

    async def at(self, position: int, scope: Scope) -> FeedEvent:
        """One event within a scope."""
        event = (await self.log.at([position])).get(position) if 0 < position <= HIGHEST else None
        if event is None or not admits(scope, event):
            raise NotFound(f"there is no event at position {position} within your scope")
        return event

    async def timeline(self, subject: str, scope: Scope, most: int) -> list[FeedEvent]:
        """What was said of one thing, by time, as far as the scope reaches; at most so many events and one more."""
        rows = await self.log.naming(subject, scope, most + 1)
        if not rows:
            raise NotFound("nothing was said of this within your scope; check the id", field="/query/subject")
        return rows

    async def _look(self, wanted: Wanted, scope: Scope) -> Run:
        # The end is taken first: what is after it is the next look's, and what is before it has been seen.
        end = max(await self.log.newest(), wanted.after)
        rows, reached = await self.log.look(wanted, scope, end, LOOKS)
        return Run(rows, reached, reached < end)


def _event(heard: Heard[Anything], act: Act) -> FeedEvent:
    body = heard.event.model_extra or {}
    kept = without_sealed(heard.type, body)
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
        body=to_json(kept).decode(),
        heard_at=act.at,
        occupation=named_in(body, "occupation"),
        level=named_in(body, "level"),
        about=about(heard.subject, kept),
    )
