"""Inboxes: filled and settled from the feed, read and acknowledged by the organisations they belong to."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from services.notification.feed.domain.event import FeedEvent
from services.notification.feed.domain.filters import Filter
from services.notification.feed.growth import RUN, Follows
from services.notification.feed.storage import Wanted
from services.notification.inboxes.commands import MOST, ReadItems
from services.notification.inboxes.domain.causes import Causes, Words, items_of
from services.notification.inboxes.domain.item import Item
from services.notification.inboxes.storage import Moment, Order, Which, desk_of, listed, open_about, seen_by
from shared.act import EVERYTHING, Act
from shared.auth import Caller
from shared.clock import Clock
from shared.errors import Fault, NotFound
from shared.events.base import Event
from shared.rulebook import Rulebook
from shared.storage.mongo import Document
from shared.storage.store import Store

log = structlog.get_logger()
Decide = Callable[[Item], tuple[Item, Sequence[Event]]]


@dataclass(frozen=True)
class Inboxes:
    """The inboxes room."""

    items: Store[Item]
    causes: Causes
    rules: Rulebook
    clock: Clock

    def moment(self) -> Moment:
        """Now, and what is near it."""
        return Moment(self.clock.now(), self.rules.integer("inbox.soon_days", on=self.clock.today()))

    async def listed(
        self, caller: Caller, which: Which | None, kind: str | None, order: Order, after: tuple[str, str], limit: int
    ) -> list[Item]:
        """Items a caller may see."""
        moment = self.moment()
        query = {"$and": [_shown(caller, moment), moment.query(which) if which else {}, {"kind": kind} if kind else {}]}
        return await listed(self.items, query, order, after, limit)

    async def get(self, caller: Caller, identity: str) -> Item:
        """One item a caller may see."""
        found = await self.items.find({"_id": identity, **_shown(caller, self.moment())}, limit=1)
        if not found:
            raise NotFound(f"there is no Item {identity} within your scope")
        return found[0]

    async def counts(self, caller: Caller) -> tuple[dict[Which, int], Item | None]:
        """How many a caller's inbox holds of each, and what is due first."""
        moment = self.moment()
        shown = _shown(caller, moment)
        counted = (Which.UNREAD, Which.OPEN, Which.SOON, Which.OVERDUE)
        numbers = {which: await self.items.count({"$and": [shown, moment.query(which)]}) for which in counted}
        first = await listed(self.items, {"$and": [shown, moment.query(Which.OPEN)]}, Order.DUE, ("", ""), 1)
        return numbers, first[0] if first else None

    async def read(self, act: Act, identity: str) -> Item:
        """Somebody read it."""
        return await self._mark(act, identity, partial(Item.marked_read, by=act.actor, at=act.at))

    async def acknowledge(self, act: Act, identity: str) -> Item:
        """Somebody sees to it."""
        return await self._mark(act, identity, partial(Item.marked_acknowledged, by=act.actor, at=act.at))

    async def read_many(self, act: Act, asked: ReadItems) -> tuple[int, bool]:
        """Take many for read; how many were, and whether there are more up to that position."""
        assert act.caller is not None
        named: Document = {"_id": {"$in": list(asked.items)}} if asked.items else {"position": {"$lte": asked.up_to}}
        query = {**_shown(act.caller, self.moment()), **named, "read": None}
        rows = await self.items.find(query, sort=(("position", 1), ("_id", 1)), limit=MOST)
        decide = partial(Item.marked_read, by=act.actor, at=act.at)
        await self.items.change_all({row.id: (act, decide) for row in rows})
        return len(rows), len(rows) == MOST and bool(await self.items.find(query, limit=1))

    async def _mark(self, act: Act, identity: str, decide: Decide) -> Item:
        assert act.caller is not None
        desk, now = desk_of(act.caller).name, self.clock.now()

        def decided(item: Item) -> tuple[Item, Sequence[Event]]:
            item.must_lie_on(desk, now)
            return decide(item)

        return await self.items.change(identity, act, decided)


def _shown(caller: Caller, moment: Moment) -> Document:
    return {**seen_by(caller), "shown_at": {"$lte": moment.now}}


@dataclass
class InboxFollower(Follows):
    """Fills and settles inboxes by the events of the feed; what settles an item is asked of the log alone."""

    items: Store[Item]
    causes: Causes
    words: Words
    rules: Rulebook
    clock: Clock

    def types(self) -> tuple[str, ...]:
        return tuple(sorted({cause.type for cause in self.causes.causes} | self.causes.settlers))

    async def take(self, run: Sequence[FeedEvent], after: int) -> None:
        await self._make(run, after)
        await self._settle(run)

    async def _make(self, run: Sequence[FeedEvent], after: int) -> None:
        """Write new items; what is settled by then comes settled, and nobody is told that it waits."""
        made = [(event, item) for event in run for item in self._items(event)]
        about = self._about([*await self._before([item for _, item in made], after), *run])
        await self.items.add_all(
            (item.settled_among(about[item.subject]), self._act("make", event)) for event, item in made
        )

    def _items(self, event: FeedEvent) -> list[Item]:
        cause = self.causes.of(event.type)
        try:
            return list(items_of(cause, event, self.words, self.rules, self.clock.now())) if cause else []
        except (Fault, KeyError, TypeError, ValueError) as wrong:
            # One event that says too little holds up no other; its position says where to look.
            log.warning("no item made", position=event.position, type=event.type, cause=type(wrong).__name__)
            return []

    async def _before(self, made: Sequence[Item], until: int) -> list[FeedEvent]:
        """What settles a new item and overtook it on the bus: it stands in the log before it."""
        subjects = tuple({item.subject for item in made if item.waits})
        only, found, after = Filter(types=tuple(sorted(self.causes.settlers)), subjects=subjects), [], 0
        while subjects:
            part = await self.log.read(Wanted(after, RUN, only), EVERYTHING, until)
            found += part
            if len(part) < RUN:
                break
            after = part[-1].position
        return found

    async def _settle(self, run: Sequence[FeedEvent]) -> None:
        about = self._about(run)
        rows = await open_about(self.items, about) if about else []
        await self.items.change_all(
            {
                row.id: (self._act("settle", found[-1]), partial(Item.settled_among, events=found))
                for row in rows
                if (found := about[row.subject])
            }
        )

    def _about(self, events: Sequence[FeedEvent]) -> Mapping[str, list[FeedEvent]]:
        """Those that settle something, by what they name."""
        about: Mapping[str, list[FeedEvent]] = defaultdict(list)
        for event in events:
            for name in {event.subject, *event.about} if event.type in self.causes.settlers else ():
                about[name].append(event)
        return about

    def _act(self, what: str, event: FeedEvent) -> Act:
        return Act(f"{what}-{event.event}", self.clock.now(), event.correlation, causation=event.event)
