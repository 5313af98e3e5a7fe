"""An address that is told by mail, proved by a code before anything else is sent; and a mail on its way to it."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field

from services.notification.deliveries.domain import Attempt, Schedule, State
from shared.entity import Entity
from shared.errors import Fault, Kind, NotFound
from shared.events.base import Event

LONGEST = 254  # characters of an address, RFC 5321
KEPT = 50  # attempts a mail remembers
LISTED = 20  # items a daily mail names
ADDRESS = re.compile(
    r"(?P<local>[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*)"
    r"@(?P<host>([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9])"
)
DAY = timedelta(hours=24)


class WrongAddress(Fault):
    """This is no address that mail can be sent to."""

    slug, kind = "mail-address", Kind.INVALID


class TooManyMailboxes(Fault):
    """The organisation has as many addresses as it may have; end one first."""

    slug, kind = "too-many-mailboxes", Kind.CONFLICT


class TooManyCodes(Fault):
    """Enough codes were sent for today."""

    slug, kind = "too-many-codes", Kind.CONFLICT


class WrongCode(Fault):
    """This is not the code that was sent."""

    slug, kind = "mail-code-wrong", Kind.CONFLICT


class CodeOver(Fault):
    """The code does not count any more; ask for a new one."""

    slug, kind = "mail-code-over", Kind.CONFLICT


class ProvedBefore(Fault):
    """The address is proved already."""

    slug, kind = "mailbox-proved", Kind.CONFLICT


class NotFailed(Fault):
    """Only a mail that failed for good is sent anew."""

    slug, kind = "mail-not-failed", Kind.CONFLICT


class Pace(StrEnum):
    """How often an address is told."""

    AT_ONCE = "at_once"
    DAILY = "daily"


class MailboxState(StrEnum):
    """Whether an address is told anything."""

    UNVERIFIED = "unverified"
    VERIFIED = "verified"
    ENDED = "ended"


class Mailbox(Entity):
    """An address of an organisation; `address` and `code` are sealed, bound to the id; `shown` is masked."""

    desk: str
    unit: str | None
    address: str = Field(repr=False)
    shown: str
    kinds: tuple[str, ...] = ()
    pace: Pace = Pace.AT_ONCE
    state: MailboxState = MailboxState.UNVERIFIED
    ordinal: int
    """Its number among the organisation's, 0 once it is ended: no two hold the same."""
    named_at: datetime
    code: str = Field(default="", repr=False)
    code_until: datetime | None = None
    tries: int = 0
    codes_sent: tuple[datetime, ...] = ()
    round: int = 0
    """How many codes were sent."""
    verified_at: datetime | None = None
    digested_at: datetime | None = None
    """What came before that was in a daily mail."""

    def must_lie_on(self, desk: str) -> None:
        """An organisation touches its own addresses only."""
        if self.desk != desk or self.state is MailboxState.ENDED:
            raise NotFound(f"there is no Mailbox {self.id} within your scope")

    def wants(self, kind: str) -> bool:
        """Whether it is told of items of this kind."""
        return self.state is MailboxState.VERIFIED and (not self.kinds or kind in self.kinds)

    def with_code(self, code: str, now: datetime, hours: int, most: int) -> tuple[Self, Sequence[Event]]:
        """A new code is sent; the one before counts no more."""
        if self.state is MailboxState.VERIFIED:
            raise ProvedBefore("it is told already; nothing is left to prove")
        today = tuple(at for at in self.codes_sent if now - at < DAY)
        if len(today) >= most:
            detail = f"{most} codes were sent within 24 hours; ask again tomorrow"
            raise TooManyCodes(detail, rule="mailbox.codes_per_day")
        until = now + timedelta(hours=hours)
        sent = {"codes_sent": (*today, now), "round": self.round + 1, "tries": 0}
        return self.having(code=code, code_until=until, **sent), []

    def code_counts(self, now: datetime) -> bool:
        """Whether its code can still be named."""
        return bool(self.code) and self.code_until is not None and now < self.code_until

    def proved(self, now: datetime, most_tries: int, *, right: bool) -> tuple[Self, Sequence[Event]]:
        """Somebody named a code; a wrong one counts as a try."""
        if self.state is MailboxState.VERIFIED:
            raise ProvedBefore("it is told already; nothing is left to prove")
        if not self.code_counts(now) or self.tries >= most_tries:
            raise CodeOver("it is too old, or was named wrongly too often; have a new one sent", field="/code")
        if not right:
            return self.having(tries=self.tries + 1), []
        told = {"verified_at": now, "digested_at": now}
        return self.having(state=MailboxState.VERIFIED, code="", code_until=None, **told), []

    def chosen(self, kinds: tuple[str, ...], pace: Pace, now: datetime) -> tuple[Self, Sequence[Event]]:
        """What it is told changes; a daily mail holds what comes from now on."""
        begins = now if pace is not self.pace else self.digested_at
        return self.having(kinds=kinds, pace=pace, digested_at=begins), []

    def ended(self) -> tuple[Self, Sequence[Event]]:
        """Told nothing more; the address itself is forgotten."""
        return self.having(state=MailboxState.ENDED, ordinal=0, address="", code="", code_until=None), []

    def digested(self, until: datetime) -> tuple[Self, Sequence[Event]]:
        """Its daily mail of everything up to then is made."""
        return self.having(digested_at=until), []


def checked_address(text: str) -> str:
    """The address, or `WrongAddress`: nothing that could end a header or name two addresses is one."""
    found = ADDRESS.fullmatch(text)
    if found is None or len(text) > LONGEST or len(found["local"]) > 64:  # noqa: PLR2004 - RFC 5321
        raise WrongAddress("write one address in ASCII, as in office@example.org, without a name", field="/address")
    return text


def masked(address: str) -> str:
    """An address for showing: `of***@example.org`."""
    local, _, host = address.rpartition("@")
    return f"{local[: min(2, len(local) - 1)]}***@{host}"


# -- mails ---------------------------------------------------------------------------------------------


class Purpose(StrEnum):
    """What a mail is for."""

    CODE = "code"
    ITEM = "item"
    REMINDER = "reminder"
    DIGEST = "digest"


class Outcome(NamedTuple):
    """What came of handing a mail over: the server's answer, and whether it stays so."""

    answer: str
    final: bool = False


class Mail(BaseModel):
    """One mail on its way to one address; what it says is written when it is sent, from what stands then."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    mailbox: str
    desk: str
    authority: str
    unit: str | None
    purpose: Purpose
    about: str = Field(description="a code's round, a reminder's standing, a daily mail's day, or bundle")
    items: tuple[str, ...] = Field(default=(), description="ids of the items it tells of")
    further: int = Field(default=0, description="how many more a daily mail counts without naming them")
    state: State = State.WAITING
    made_at: datetime
    due: datetime = Field(description="when it is tried next, or was tried last")
    attempts: tuple[Attempt, ...] = ()
    tried: int = 0
    ended_at: datetime | None = None
    redriven: str = ""
    claim: str = Field(default="", exclude=True, repr=False)

    def after(self, attempt: Attempt, schedule: Schedule, *, final: bool) -> "Mail":
        """What becomes of it by an attempt: taken, tried again by the schedule, or failed for good."""
        tried = self.tried + 1
        known = {"attempts": (*self.attempts, attempt)[-KEPT:], "tried": tried}
        if attempt.taken:
            return self.model_copy(update={**known, "state": State.DELIVERED, "ended_at": attempt.at})
        if final or tried >= len(schedule.delays):
            return self.model_copy(update={**known, "state": State.FAILED, "ended_at": attempt.at})
        return self.model_copy(update={**known, "due": attempt.at + schedule.wait(self.id, tried)})

    def dropped(self, now: datetime) -> "Mail":
        """It has nothing to say any more."""
        return self.model_copy(update={"state": State.DROPPED, "ended_at": now})


def mail_for(
    mailbox: Mailbox, purpose: Purpose, about: str, now: datetime, items: Sequence[str] = (), further: int = 0
) -> Mail:
    """A mail to an address; the same about the same is the same mail."""
    what = " ".join((mailbox.id, purpose, about, *(items if purpose is not Purpose.DIGEST else ())))
    return Mail(
        id=f"mail-{sha256(what.encode()).hexdigest()[:32]}",
        mailbox=mailbox.id,
        desk=mailbox.desk,
        authority=mailbox.authority,
        unit=mailbox.unit,
        purpose=purpose,
        about=about,
        items=tuple(items),
        further=further,
        made_at=now,
        due=now,
    )
