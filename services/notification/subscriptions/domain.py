"""A subscription's life: active, disabled by its owner or for failing, enabled again, deleted."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import ClassVar
from urllib.parse import SplitResult, urlsplit

from pydantic import Field

from services.notification.feed.domain.event import FeedEvent
from services.notification.feed.domain.filters import Filter, check_filter
from shared.entity import Entity
from shared.errors import Fault, Kind, NotFound
from shared.events.base import Event
from shared.events.notification import EndpointDisabled

SCHEMES = ("http", "https")
Decision = tuple["Subscription", Sequence[Event]]
MOVED = "its URL changed; verify it"
NAT64 = IPv6Network("64:ff9b::/96")
GLOBAL_UNICAST = IPv6Network("2000::/3")  # of the rest nothing is given out; some forms of it hold local addresses


class State(StrEnum):
    """Whether a subscription is sent anything."""

    UNVERIFIED = "unverified"
    ACTIVE = "active"
    DISABLED = "disabled"
    DELETED = "deleted"


class NotVerified(Fault):
    """Nobody at this URL has answered a challenge yet."""

    slug, kind = "not-verified", Kind.CONFLICT


class Payload(StrEnum):
    """How much of an event is sent: all of it, or its attributes with a reference to the rest."""

    FULL = "full"
    THIN = "thin"


class WrongUrl(Fault):
    """This is not a URL that a webhook can be sent to."""

    slug, kind = "webhook-url", Kind.INVALID


class PrivateHost(Fault):
    """Webhooks are sent to public addresses only."""

    slug, kind = "webhook-private-host", Kind.INVALID


class Subscription(Entity):
    """One endpoint; `line` and `unit` bound what it is told, `line` None sees everything.

    `owner` is the organisation that subscribed. `secret` and the one before it are sealed, bound to the id; the one
    before signs as well until `previous_until`. `moved_at` is when the URL of now took the place of another.
    """

    SCHEMA: ClassVar[int] = 2

    owner: str
    line: str | None
    unit: str | None
    url: str
    only: Filter
    from_position: int
    ordered: bool = False
    payload: Payload = Payload.FULL
    state: State = State.ACTIVE
    reason: str = ""
    secret: str = Field(repr=False)
    previous_secret: str = Field(default="", repr=False)
    previous_until: datetime | None = None
    moved_at: datetime | None = None

    def wants(self, event: FeedEvent) -> bool:
        """Whether an event is sent, if its scope admits it."""
        return self.only.wants(event)

    def must_belong_to(self, owner: str | None) -> None:
        """A subscriber touches its own subscriptions only (None: the scope has decided)."""
        if self.state is State.DELETED or owner not in (None, self.owner):
            raise NotFound(f"there is no Subscription {self.id} within your scope")

    def must_be_verified(self) -> None:
        """Refuse what may only be sent to a URL that answered its challenge."""
        if self.state is State.UNVERIFIED:
            raise NotVerified("let the endpoint answer the challenge, then ask for /verify")

    def challenged(self, url: str, reason: str) -> Decision:
        """A challenge at this URL was answered (no reason), or why it was not; of another URL it says nothing."""
        if self.state is not State.UNVERIFIED or self.url != url:
            return self, []
        state = State.UNVERIFIED if reason else State.ACTIVE
        return self.having(state=state, reason=reason), []

    def enabled(self) -> Decision:
        """Sent to again, from where it stopped."""
        self.must_be_verified()
        if self.state is State.ACTIVE:
            return self, []
        return self.having(state=State.ACTIVE, reason=""), []

    def disabled(self) -> Decision:
        """The owner wants a pause; what is not verified is sent nothing anyhow."""
        if self.state in (State.DISABLED, State.UNVERIFIED):
            return self, []
        return self.having(state=State.DISABLED, reason="by its owner"), []

    def deleted(self) -> Decision:
        """Over for good; what it was to be sent is dropped."""
        return self.having(state=State.DELETED, reason=""), []

    def rotated(self, secret: str, until: datetime) -> Decision:
        """A new secret, sealed; the one before it signs as well until an instant, so that no message is lost.

        Of several rotations within the overlap the newest two secrets hold: what was before them is over at once.
        """
        return self.having(secret=secret, previous_secret=self.secret, previous_until=until), []

    def changed(self, *, url: str, only: Filter, payload: Payload, ordered: bool, at: datetime) -> Decision:
        """Sent otherwise from now on; at another URL nothing before it is verified, disabled or not.

        Raises:
            UnknownEventType, MatchesNothing: the filter, for what this subscription is told.
        """
        check_filter(only, self.line, self.unit, at="")
        changes: dict[str, object] = {"url": url, "only": only, "payload": payload, "ordered": ordered}
        if all(getattr(self, name) == value for name, value in changes.items()):
            return self, []
        if url != self.url:
            changes |= {"state": State.UNVERIFIED, "reason": MOVED, "moved_at": at}
        return self.having(**changes), []

    def previous_at(self, now: datetime) -> tuple[str, datetime] | None:
        """The secret before this one, sealed, and its end, as long as it signs as well."""
        if self.previous_until is None or self.previous_until <= now:
            return None
        return self.previous_secret, self.previous_until

    def given_up(self, failing_since: datetime, last_answer: str, moved_at: datetime | None = None) -> Decision:
        """It took nothing for days or said it is gone; whoever runs it must hear of it.

        What was tried stood there since `moved_at`: of another URL that has taken its place it says nothing.
        """
        if self.state is not State.ACTIVE or self.moved_at != moved_at:
            return self, []
        event = EndpointDisabled(
            subscription=self.id, unit=self.unit, failing_since=failing_since, last_answer=last_answer
        )
        return self.having(state=State.DISABLED, reason=f"failing, last answer: {last_answer}"), [event]


def check_url(url: str) -> None:
    """Refuse what is no URL a webhook can be sent to."""
    parts = _parts(url)
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise WrongUrl("the URL begins with http:// or https:// and names a host", field="/url")
    if parts.username is not None or parts.password is not None:
        raise WrongUrl("leave user and password out; the signature proves who sends", field="/url")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise WrongUrl("write the URL in ASCII, other characters percent-encoded or in punycode", field="/url")


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # read only now, and only now refused
    except ValueError as cause:
        raise WrongUrl("the URL cannot be read; mend its host or port", field="/url") from cause
    return parts


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is reached over the public internet, looking through IPv6 forms of IPv4 addresses."""
    if isinstance(address, IPv6Address):
        if (inner := _inner(address)) is not None:
            return is_public(inner)
        return address.is_global and address in GLOBAL_UNICAST
    return address.is_global and not address.is_multicast


def _inner(address: IPv6Address) -> IPv4Address | None:
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
