"""Public notices: made from what the feed says, announced and withdrawn by authorities, read and proved to anybody."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import structlog

from services.notification.feed.domain.event import FeedEvent
from services.notification.feed.domain.filters import matches
from services.notification.feed.growth import Follows
from services.notification.feed.storage import FeedLog
from services.notification.notices.commands import AnnounceNotice, WithdrawNotice
from services.notification.notices.domain.causes import Cause, Causes
from services.notification.notices.domain.notice import Notice, NotPublishedYet, announced, day_of
from services.notification.notices.domain.proof import Proof, proof_of
from services.notification.notices.storage import PUBLIC, Asked, UnitNames, listed, of_series, scheduled
from shared.act import NATIONAL, Act
from shared.clock import Clock
from shared.errors import Fault, NotFound
from shared.events.notification import NoticePublished, NoticeWithdrawn
from shared.privacy import scrub
from shared.rulebook import Rulebook
from shared.signing import Keyring
from shared.storage.store import Store

log = structlog.get_logger()
OWN = (NoticePublished.type, NoticeWithdrawn.type)
UNITS = ("registry.unit.*",)
PROOF_TYPE = "notice+jwt"
Covering = Callable[[str, int], Awaitable[str]]
"""The name of the first checkpoint that covers a place of a line; empty while there is none."""


@dataclass(frozen=True)
class Notices:
    """The notices room."""

    notices: Store[Notice]
    log: FeedLog
    rules: Rulebook
    clock: Clock
    keyring: Keyring
    names: UnitNames
    covering: Covering

    async def announce(self, act: Act, asked: AnnounceNotice) -> Notice:
        """Publish an announcement, or keep it until its time."""
        most = self.rules.integer("notice.longest_days", on=day_of(act.at))
        line = act.scope.authority or NATIONAL
        notice = announced(asked, f"notice-{act.id}", line, act.at, most)
        return await self.notices.add(notice, [notice.said()] if notice.was_published else [], act)

    async def withdraw(self, act: Act, identity: str, asked: WithdrawNotice, expect: int | None) -> Notice:
        """Withdraw a notice of one's line; what was published stays visible."""
        decide = partial(Notice.withdrawn, reason=asked.reason, at=act.at)
        return await self.notices.change(identity, act, decide, expect=expect)

    async def due(self, now: datetime) -> None:
        """Publish what was announced for now."""
        for notice in await scheduled(self.notices, now):
            act = Act(id=f"open-{notice.id}", at=now, correlation=notice.id)
            await self.notices.change(notice.id, act, Notice.opened)

    async def listed(self, asked: Asked, after: tuple[datetime, str] | None, limit: int) -> list[Notice]:
        """Published notices, the newest first."""
        return await listed(self.notices, asked.query(self.clock.now()), after, limit)

    async def get(self, identity: str) -> Notice:
        """A published notice, whatever became of it."""
        found = await self.notices.find({"_id": identity, **PUBLIC}, limit=1)
        if not found:
            raise NotFound(f"no notice {identity} was published; see the board for those that were")
        return found[0]

    async def proof(self, identity: str) -> Proof:
        """What proves that a notice was published, and what it said, signed."""
        proof = await self.evidence(identity)
        return proof.model_copy(update={"signed": self.keyring.sign(proof.claims(), PROOF_TYPE)})

    async def evidence(self, identity: str) -> Proof:
        """The same without a signature."""
        notice = await self.get(identity)
        event = (await self.log.at([notice.position])).get(notice.position) if notice.position else None
        if event is None:
            raise NotPublishedYet("its event is on its way to the feed; ask again in a moment")
        checkpoint = await self.covering(event.authority, event.place)
        return proof_of(notice, event, self.clock.now(), checkpoint)


@dataclass
class NoticeFollower(Follows):
    """Makes notices of the events of the feed."""

    notices: Store[Notice]
    causes: Causes
    names: UnitNames
    rules: Rulebook
    clock: Clock

    def types(self) -> tuple[str, ...]:
        return (*(cause.type for cause in self.causes.causes), *OWN, *UNITS)

    async def take(self, run: Sequence[FeedEvent], _: int) -> None:
        # Names first: a notice of the same run is shown under them from its first moment.
        await self._name([event for event in run if matches(UNITS[0], event.type)])
        await self._make([event for event in run if self.causes.of(event.type)])
        await self._prove([event for event in run if event.type in OWN])

    async def _make(self, events: Sequence[FeedEvent]) -> None:
        made = [(event, notice) for event in events if (notice := self._notice(event))]
        await self.notices.add_all(((notice, []), self._act("make", event)) for event, notice in made)
        await self._settle(sorted({notice.series for _, notice in made if notice.series}))

    def _notice(self, event: FeedEvent) -> Notice | None:
        cause = self.causes.of(event.type)
        assert cause is not None
        try:
            body: Mapping[str, Any] = json.loads(event.body)
            return self.causes.notice(cause, event, body, self._closes(cause, event, body))
        except (Fault, KeyError, ValueError) as wrong:
            # One event that says too little holds up no other; its position says where to look.
            log.warning("no notice made", position=event.position, type=event.type, cause=type(wrong).__name__)
            return None

    def _closes(self, cause: Cause, event: FeedEvent, body: Mapping[str, Any]) -> date:
        if cause.closes:
            return date.fromisoformat(str(body[cause.closes]))
        opens = day_of(event.time)
        return opens + timedelta(days=self.rules.integer(cause.closes_after, on=opens))

    async def _settle(self, series: Sequence[str]) -> None:
        """Of each series the highest sequence stands, in whatever order they came."""
        newest: dict[str, Notice] = {}
        rows = await of_series(self.notices, series)
        for row in sorted(rows, key=lambda row: row.sequence):
            newest[row.series] = row
        older = [(row, newest[row.series].id) for row in rows if newest[row.series].id != row.id]
        await self.notices.change_all(
            {
                row.id: (Act(f"replaced-by-{by}", self.clock.now(), row.event), partial(Notice.replaced, by=by))
                for row, by in older
            }
        )

    async def _prove(self, events: Sequence[FeedEvent]) -> None:
        for event in events:
            await self.notices.change_all(
                {event.subject: (self._act("prove", event), partial(Notice.proved, event=event))}
            )

    async def _name(self, events: Sequence[FeedEvent]) -> None:
        for event in events:
            body: Mapping[str, Any] = json.loads(event.body)
            if event.unit and isinstance(name := body.get("name"), str):
                await self.names.learn(event.unit, scrub(name), event.sequence)

    def _act(self, what: str, event: FeedEvent) -> Act:
        return Act(f"{what}-{event.event}", self.clock.now(), event.correlation, causation=event.event)
