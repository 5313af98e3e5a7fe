"""Asking for replays, and working them off in turns beside the fan-out of what is new."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from services.notification.deliveries.domain import Delivery, made_for
from services.notification.deliveries.domain import State as Standing
from services.notification.deliveries.storage import Deliveries
from services.notification.feed.storage import FeedLog, Wanted
from services.notification.replays.commands import BackFill, Redrive
from services.notification.replays.domain import AHEAD, TURN, Replay, State, StillWaiting, must_run_forward
from services.notification.replays.storage import running
from services.notification.subscriptions.domain import State as Subscribed
from services.notification.subscriptions.domain import Subscription
from services.notification.subscriptions.handlers import Subscriptions
from services.notification.subscriptions.storage import owned_by, told
from shared.act import Act
from shared.auth import Caller
from shared.clock import Clock
from shared.errors import Fault
from shared.storage.mongo import Document
from shared.storage.store import Store

LOOKS = 0.5  # seconds after which a turn ends that finds little: one replay of what is rare leaves others their turn

log = structlog.get_logger()


@dataclass(frozen=True)
class Replays:
    """The replays room; `made` is told for whom there are deliveries.

    Any number of processes may work at the same time: ids of deliveries follow from replay and position, and a
    turn is noted by the first that finished it.
    """

    replays: Store[Replay]
    log: FeedLog
    subscriptions: Subscriptions
    deliveries: Deliveries
    clock: Clock
    made: Callable[[Sequence[Subscription]], None]
    look_every: float

    # -- asked -----------------------------------------------------------------------------------------

    async def back_fill(self, act: Act, asked: BackFill) -> Replay:
        """Events of the feed are to be sent again."""
        must_run_forward(asked.from_position, asked.until_position)
        newest = await self.log.newest()
        until = newest if asked.until_position is None else min(asked.until_position, newest)
        replay = await self._begun(act, asked.subscription)
        begin = asked.from_position
        replay = replay.having(from_position=begin, until_position=until, reached=begin)
        return await self.replays.add(replay, [], act)

    async def redrive(self, act: Act, asked: Redrive) -> Replay:
        """What ended without being taken is to be tried again."""
        replay = await self._begun(act, asked.subscription)
        return await self.replays.add(replay.having(redrive=asked), [], act)

    async def redrive_one(self, act: Act, delivery: str) -> Delivery:
        """One delivery is tried again, whatever came of it."""
        assert act.caller is not None
        owned = owned_by(act.caller)
        found = await self.deliveries.get(delivery, owned)
        subscription = await self.subscriptions.get(found.subscription, act.caller)
        if not await self.deliveries.redrive([delivery], act.id, act.at) and found.redriven != act.id:
            raise StillWaiting("it is tried again by itself; wait until it has been delivered or has failed")
        if subscription.state is Subscribed.ACTIVE:
            self.made([subscription])
        return await self.deliveries.get(delivery, owned)

    async def cancel(self, act: Act, replay: str, expect: int | None) -> Replay:
        """Stop; what is still to be sent of it is dropped."""
        assert act.caller is not None
        await self.get(replay, act.caller)
        return await self.replays.change(replay, act, Replay.cancelled, expect=expect)

    async def get(self, replay: str, caller: Caller) -> Replay:
        """One replay of a caller's subscription."""
        found: Replay = await self.replays.get(replay)
        await self.subscriptions.get(found.subscription, caller)
        return found

    async def _begun(self, act: Act, subscription: str) -> Replay:
        assert act.caller is not None
        of = await self.subscriptions.get(subscription, act.caller)
        return Replay(
            id=f"replay-{act.id}",
            authority=of.authority,
            unit=of.unit,
            owner=of.owner,
            subscription=of.id,
            asked_at=act.at,
        )

    # -- worked off ------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Work off what was asked, until cancelled."""
        while True:
            if not await self.turn():
                await asyncio.sleep(self.look_every)

    async def turn(self) -> bool:
        """One turn of each replay; whether any of them got on."""
        try:
            going = [await self._got_on(replay) for replay in await running(self.replays)]
        except Fault as fault:
            log.warning("replays do not go on now", cause=fault.slug)
            return False
        return any(going)

    async def _got_on(self, replay: Replay) -> bool:
        try:
            return await self.advance(replay)
        except Fault as fault:  # one replay's trouble is not the next one's
            log.warning("a replay does not go on now", replay=replay.id, cause=fault.slug)
            return False

    async def advance(self, replay: Replay) -> bool:
        """Make the next deliveries of one, if there are not too many on their way; whether there was anything to do."""
        subscription = await self.subscriptions.subscriptions.get(replay.subscription)
        if replay.state is State.CANCELLED or subscription.state is Subscribed.DELETED:
            await self._stop(replay)
            return True
        if await self.deliveries.waiting_again(subscription.id) > AHEAD - TURN:
            return False
        if replay.redrive is None:
            await self._note(replay, await self._feed_again(replay, subscription))
        else:
            await self._note(replay, await self._try_again(replay))
        if subscription.state is Subscribed.ACTIVE:
            self.made([subscription])
        return True

    async def _feed_again(self, replay: Replay, subscription: Subscription) -> Replay:
        now, until = self.clock.now(), replay.until_position
        wanted = Wanted(replay.reached, TURN, only=subscription.only)
        run, reached = await self.log.look(wanted, told(subscription), until, LOOKS)
        await self.deliveries.add([made_for(subscription, event, now, replay=replay.id, again=True) for event in run])
        return replay.turned(len(run), now=now, over=reached >= until, position=min(reached, until))

    async def _try_again(self, replay: Replay) -> Replay:
        now = self.clock.now()
        names = await self.deliveries.ended(_ended(replay), replay.id, replay.reached_delivery, TURN)
        await self.deliveries.redrive(names, replay.id, now)
        return replay.turned(len(names), now=now, over=len(names) < TURN, delivery=names[-1] if names else "")

    async def _note(self, before: Replay, after: Replay) -> None:
        act = Act(
            id=f"{before.id}@{before.reached}{before.reached_delivery}",
            at=self.clock.now(),
            correlation=before.id,
        )
        noted = await self.replays.change(before.id, act, lambda found: found.went_on(before, after))
        if noted.state is State.CANCELLED:  # meanwhile: what this turn made is dropped with the rest
            await self._drop(noted)

    async def _stop(self, replay: Replay) -> None:
        """Drop first, then say that it is over: a crash between repeats the dropping."""
        await self._drop(replay)
        now = self.clock.now()
        act = Act(id=f"{replay.id}/over", at=now, correlation=replay.id)
        await self.replays.change(replay.id, act, lambda found: found.over(now))

    async def _drop(self, replay: Replay) -> None:
        while await self.deliveries.drop_replay(replay.subscription, replay.id, self.clock.now()):
            continue


def _ended(replay: Replay) -> Document:
    """What a redrive looks for: only what had ended when it was asked, so that no failure goes round for ever."""
    asked = replay.redrive
    assert asked is not None
    end = replay.asked_at if asked.until is None else min(asked.until, replay.asked_at)
    ended: Document = {"$lte" if end == replay.asked_at else "$lt": end}
    if asked.since is not None:
        ended["$gte"] = asked.since
    states = [Standing(state) for state in asked.states]
    return {"subscription": replay.subscription, "state": {"$in": states}, "ended_at": ended}
