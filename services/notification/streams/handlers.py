"""Readers asked for, let in and shut out; and the feed going out, by position, for all of them."""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

import structlog

from services.notification.feed.growth import Follower, Growth
from services.notification.feed.storage import FeedLog, Reached, Wanted
from services.notification.notices.domain.notice import day_of
from services.notification.streams.broker import Administration, ManagementRefuses, Outlet
from services.notification.streams.commands import AskToRead
from services.notification.streams.domain import (
    Decision,
    NoBrokerManagement,
    Reader,
    State,
    TooManyReaders,
    check_asked,
)
from services.notification.streams.storage import held, untold
from services.notification.subscriptions.storage import owner_for
from shared.act import EVERYTHING, NATIONAL, Act, scope_of
from shared.auth import Caller
from shared.errors import Stale
from shared.messaging.wire import BrokerRefuses, BrokerUnavailable
from shared.privacy import CannotOpen, Sealer
from shared.rulebook import Rulebook
from shared.storage.leases import Lease
from shared.storage.store import Store

RUN = 250  # events published at once: a window of confirms
PASSWORD_BYTES = 32
MOST_TOLD = 20  # readers in one look: others have work that falls due as well
GATHER = 0.02  # seconds; a busy feed goes out in runs, not event by event
RENEW_EVERY = 2.0  # seconds; a fifth of the lease, and longer than it takes to publish a run

log = structlog.get_logger()


@dataclass(frozen=True)
class Readers:
    """The readers of the streams room; `administration` None: the broker's management is not configured."""

    readers: Store[Reader]
    outlet: Outlet
    administration: Administration | None
    rules: Rulebook
    sealer: Sealer

    async def ask(self, act: Act, asked: AskToRead) -> Reader:
        """A new reader; the broker lets it in within a second or two. A repeat of the act gets the first one."""
        assert act.caller is not None
        self._managed()
        check_asked(asked.kind, asked.types, act.scope.unit)
        owner, line, identity = act.caller.organisation, act.scope.authority, f"reader-{act.id}"
        others = await held(self.readers, owner, line, but=identity)
        if others >= (most := self._rule("reader.most_per_organisation", act.at)):
            raise TooManyReaders(f"{owner} has {most} readers; delete one that is not used")
        reader = Reader(
            id=identity,
            authority=line or NATIONAL,
            owner=owner,
            line=line,
            unit=act.scope.unit,
            kind=asked.kind,
            types=asked.types,
            password=self._password(identity),
        )
        return await self.readers.add(reader, [], act)

    async def get(self, reader: str, caller: Caller) -> Reader:
        """One reader of the caller's."""
        found = await self.readers.get(reader, scope_of(caller))
        found.must_belong_to(owner_for(caller))
        return found

    async def rotate(self, act: Act, reader: str, expect: int | None) -> Reader:
        """Another password; what is connected with the old one is thrown out."""
        assert act.caller is not None
        password, organisation = self._password(reader), act.caller.organisation
        return await self._change(act, reader, lambda found: found.rotated(password, organisation), expect)

    async def delete(self, act: Act, reader: str, expect: int | None) -> Reader:
        """Let nobody in with it any more."""
        return await self._change(act, reader, Reader.ended, expect)

    async def _change(self, act: Act, reader: str, decide: Callable[[Reader], Decision], expect: int | None) -> Reader:
        assert act.caller is not None
        owner = owner_for(act.caller)

        def decided(found: Reader) -> Decision:
            found.must_belong_to(owner)
            self._managed()
            return decide(found)

        return await self.readers.change(reader, act, decided, expect=expect)

    def _managed(self) -> Administration:
        if self.administration is None:
            raise NoBrokerManagement("read the feed or subscribe by webhook, or ask whoever runs this to configure it")
        return self.administration

    def _password(self, bound_to: str) -> str:
        return self.sealer.seal(secrets.token_urlsafe(PASSWORD_BYTES), bound_to=bound_to)

    def _rule(self, key: str, at: datetime) -> int:
        return self.rules.integer(key, on=day_of(at))

    async def due(self, now: datetime) -> None:
        """Tell the broker who may come in and who may not any more."""
        if self.administration is None:
            return
        told, after = 0, ""
        while told < MOST_TOLD and (rows := await untold(self.readers, MOST_TOLD - told, after=after)):
            for reader in rows:
                told += await self._told(self.administration, reader, now)
            after = rows[-1].id  # those that cannot be told are passed, however many they are

    async def _told(self, administration: Administration, reader: Reader, now: datetime) -> bool:
        try:
            await self._tell(administration, reader, now)
        except (BrokerRefuses, ManagementRefuses, CannotOpen) as refused:  # one reader's trouble
            log.warning("the broker was not told", reader=reader.id, cause=refused.slug, detail=refused.detail)
            return False
        return True

    async def _tell(self, administration: Administration, reader: Reader, now: datetime) -> None:
        if reader.state is State.ASKED:
            await self.outlet.declare_for(reader)
            password = self.sealer.open(reader.password, bound_to=reader.id)
            await administration.let_in(reader, password, self._rule("reader.most_connections", now))
        else:
            await administration.shut_out(reader)
            await self.outlet.drop_for(reader)
        decide = Reader.opened if reader.state is State.ASKED else Reader.closed
        told = Act(f"told-{reader.version}", now, reader.id)
        try:
            await self.readers.change(reader.id, told, decide, expect=reader.version)
        except Stale:
            # Asked otherwise meanwhile, and perhaps told by another process before this one: told once more.
            again = Act(f"untold-{reader.version}", now, reader.id)
            await self.readers.change(reader.id, again, Reader.untold)


@dataclass
class Out(Follower):
    """Publishes every event of the feed in the order of positions, one process at a time.

    The place reached moves to the end of what was confirmed without a gap: after a crash some events go out again,
    in their order, and none is left out.
    """

    log: FeedLog
    growth: Growth
    reached: Reached
    outlet: Outlet
    lease: Lease
    look_every: float
    _ours_until: float = field(default=0.0, init=False, repr=False)
    _at: int = field(default=0, init=False, repr=False)
    _most: int = field(default=RUN, init=False, repr=False)

    async def run(self) -> None:
        """Publish until cancelled; a broker that is away is tried again, from where it stopped."""
        async with self.lease.given_back():
            try:
                while True:
                    await self.follow()
                    await self._more()
            finally:
                self._ours_until = 0.0
                await self.outlet.wire.close()

    async def step(self) -> bool:
        if not await self._is_ours():
            return False
        run = await self.log.read(Wanted(self._at, self._most), EVERYTHING, until=self._at + self._most)
        if not run:
            return False
        confirmed = await self.outlet.publish(run)
        # After a refusal one is tried alone: each try of many would leave their repeats in the streams.
        tried, self._most = self._most, min(RUN, self._most * 2) if confirmed == len(run) else 1
        if not confirmed:
            raise BrokerUnavailable("no event was confirmed; they go out when RabbitMQ takes them")
        self._at = run[confirmed - 1].position
        await self.reached.move(self._at)
        return len(run) == tried or confirmed < len(run)

    async def _is_ours(self) -> bool:
        if monotonic() > self._ours_until:
            now = monotonic()
            self._ours_until = now + RENEW_EVERY if await self.lease.take() else 0.0
            self._at = await self.reached.position()  # another process may have gone on meanwhile
        return monotonic() <= self._ours_until

    async def _more(self) -> None:
        """Until there is more, or until it is time to look who holds the lease."""
        if not self._ours_until:
            await asyncio.sleep(self.look_every)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(RENEW_EVERY):
                await self.growth.beyond(self._at)
        await asyncio.sleep(GATHER)
