"""Load, decide, save: what happens when something is asked about a subscription."""

import secrets
from base64 import b64encode
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic

from services.notification.feed.domain.filters import check_filter
from services.notification.subscriptions.calls import Calls, Tried
from services.notification.subscriptions.commands import ChangeSubscription, Subscribe
from services.notification.subscriptions.domain import State, Subscription
from services.notification.subscriptions.hosts import Hosts
from services.notification.subscriptions.outward import Lapsing, Signer
from services.notification.subscriptions.storage import owner_for
from shared.act import NATIONAL, Act, scope_of
from shared.auth import Caller
from shared.clock import SHANGHAI, Clock
from shared.events.base import Event
from shared.http.limits import Allowance
from shared.privacy import Sealer
from shared.rulebook import Rulebook
from shared.signing import Keyring
from shared.storage.store import Store

SECRET_BYTES = 32
Decide = Callable[[Subscription], tuple[Subscription, Sequence[Event]]]


@dataclass(frozen=True)
class Subscriptions:
    """The subscriptions room; `newest` asks the feed where now is.

    `asking` bounds how often one endpoint is called because its owner asks for it.
    """

    subscriptions: Store[Subscription]
    newest: Callable[[], Awaitable[int]]
    hosts: Hosts
    sealer: Sealer
    keyring: Keyring
    rules: Rulebook
    clock: Clock
    calls: Calls
    asking: Allowance

    async def subscribe(self, act: Act, asked: Subscribe) -> Subscription:
        """A new endpoint with a secret of its own, challenged at once; a repeat of the act gets the first one's."""
        assert act.caller is not None
        only = asked.filter()
        check_filter(only, act.scope.authority, act.scope.unit, at="")
        begun = monotonic()
        await self.hosts.check(asked.url)
        spent = monotonic() - begun
        identity = f"subscription-{act.id}"
        begin = await self.newest() if asked.from_position is None else asked.from_position
        subscription = Subscription(
            id=identity,
            authority=act.scope.authority or NATIONAL,
            owner=act.caller.organisation,
            line=act.scope.authority,
            unit=act.scope.unit,
            url=asked.url,
            only=only,
            from_position=begin,
            state=State.UNVERIFIED,
            payload=asked.payload,
            ordered=asked.ordered,
            secret=self.sealer.seal(new_secret(), bound_to=identity),
        )
        return await self._challenge(_afterwards(act), await self.subscriptions.add(subscription, [], act), spent)

    async def get(self, subscription: str, caller: Caller) -> Subscription:
        """One subscription of the caller's."""
        found = await self.subscriptions.get(subscription, scope_of(caller))
        found.must_belong_to(owner_for(caller))
        return found

    async def verify(self, act: Act, subscription: str, expect: int | None) -> Subscription:
        """Challenge its endpoint again; nothing if it answered before."""
        found = await self._change(act, subscription, lambda found: (found, []), expect)
        self.asking.take(subscription)
        return await self._challenge(act, found)

    async def try_out(self, act: Act, subscription: str) -> Tried:
        """Call its endpoint with an example."""
        assert act.caller is not None
        found = await self.get(subscription, act.caller)
        found.must_be_verified()
        self.asking.take(subscription)
        return await self.calls.try_out(found, self.signer(found))

    async def enable(self, act: Act, subscription: str, expect: int | None) -> Subscription:
        """Send again."""
        return await self._change(act, subscription, Subscription.enabled, expect)

    async def disable(self, act: Act, subscription: str, expect: int | None) -> Subscription:
        """Send nothing until it is enabled."""
        return await self._change(act, subscription, Subscription.disabled, expect)

    async def change(self, act: Act, subscription: str, asked: ChangeSubscription, expect: int | None) -> Subscription:
        """Send otherwise, or elsewhere: what is absent stays; a new URL is challenged at once."""
        assert act.caller is not None
        begun = monotonic()
        if asked.url is not None:
            await self.get(subscription, act.caller)
            self.asking.take(subscription)
            await self.hosts.check(asked.url)
        spent = monotonic() - begun

        def decided(found: Subscription) -> tuple[Subscription, Sequence[Event]]:
            return found.changed(
                url=found.url if asked.url is None else asked.url,
                only=asked.filter(found.only),
                payload=asked.payload or found.payload,
                ordered=found.ordered if asked.ordered is None else asked.ordered,
                at=act.at,
            )

        found = await self._change(act, subscription, decided, expect)
        return found if asked.url is None else await self._challenge(_afterwards(act), found, spent)

    async def rotate(self, act: Act, subscription: str, expect: int | None) -> Subscription:
        """A new secret; the old one signs as well for a while."""
        hours = self.rules.number("secret.overlap_hours", on=act.at.astimezone(SHANGHAI).date())
        until = (act.at + timedelta(hours=hours)).replace(microsecond=0)  # the same in this answer as it is kept
        secret = self.sealer.seal(new_secret(), bound_to=subscription)
        return await self._change(act, subscription, lambda found: found.rotated(secret, until), expect)

    def signer(self, subscription: Subscription) -> Signer:
        """What its messages are signed with: its secret, the one before it while that holds, and our key."""
        lapsing, name = None, subscription.id
        if (previous := subscription.previous_at(self.clock.now())) is not None:
            secret, until = previous
            lapsing = Lapsing(self.sealer.open(secret, bound_to=name), until, self.clock)
        return Signer([self.sealer.open(subscription.secret, bound_to=name)], self.keyring, lapsing=lapsing)

    async def delete(self, act: Act, subscription: str, expect: int | None) -> Subscription:
        """Send nothing ever again."""
        return await self._change(act, subscription, Subscription.deleted, expect)

    async def give_up(
        self, act: Act, subscription: str, failing_since: datetime, last_answer: str, moved_at: datetime | None
    ) -> Subscription:
        """Its endpoint does not take what it is sent."""
        return await self.subscriptions.change(
            subscription, act, lambda found: found.given_up(failing_since, last_answer, moved_at)
        )

    async def _challenge(self, act: Act, subscription: Subscription, spent: float = 0.0) -> Subscription:
        if subscription.state is not State.UNVERIFIED:
            return subscription
        reason = await self.calls.challenge(subscription, self.signer(subscription), spent)
        return await self.subscriptions.change(
            subscription.id, act, lambda found: found.challenged(subscription.url, reason)
        )

    async def _change(self, act: Act, subscription: str, decide: Decide, expect: int | None) -> Subscription:
        assert act.caller is not None
        owner = owner_for(act.caller)

        def decided(found: Subscription) -> tuple[Subscription, Sequence[Event]]:
            found.must_belong_to(owner)
            return decide(found)

        return await self.subscriptions.change(subscription, act, decided, expect=expect)


def _afterwards(act: Act) -> Act:
    """The act that writes down what came of the challenge which follows from an act."""
    return replace(act, id=f"{act.id}.challenge")


def new_secret() -> str:
    """A secret as Standard Webhooks writes it."""
    return f"whsec_{b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"
