"""Addresses are named, proved by a code, chosen for and ended."""

import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from services.notification.inboxes.storage import desk_of, seen_by
from services.notification.mails.commands import ChooseMail, NameMailbox, ProveMailbox
from services.notification.mails.domain import (
    Mailbox,
    MailboxState,
    Purpose,
    TooManyCodes,
    TooManyMailboxes,
    WrongCode,
    checked_address,
    mail_for,
    masked,
)
from services.notification.mails.storage import (
    Mails,
    named_lately,
    ordinals_of,
)
from shared.act import Act
from shared.auth import Caller
from shared.clock import Clock
from shared.errors import Contended, NotFound
from shared.events.base import Event
from shared.privacy import Sealer
from shared.rulebook import Rulebook
from shared.storage.store import Store

DIGITS = 8
Decide = Callable[[Mailbox], tuple[Mailbox, Sequence[Event]]]


@dataclass(frozen=True)
class Mailboxes:
    """The addresses of the mails room; `sending` says whether mail is configured."""

    mailboxes: Store[Mailbox]
    mails: Mails
    rules: Rulebook
    clock: Clock
    sealer: Sealer
    sending: bool

    async def name(self, act: Act, asked: NameMailbox) -> Mailbox:
        """A new address, told nothing until it is proved; a code is on its way to it."""
        assert act.caller is not None
        desk, address, identity = desk_of(act.caller), checked_address(asked.address), f"mailbox-{act.id}"
        await self._must_be_few(act, desk.name)
        mailbox = Mailbox(
            id=identity,
            authority=desk.authority,
            desk=desk.name,
            unit=desk.unit,
            address=self.sealer.seal(address, bound_to=identity),
            shown=masked(address),
            kinds=asked.kinds,
            pace=asked.pace,
            ordinal=0,
            named_at=act.at,
        )
        coded, _ = mailbox.with_code(self._code(identity), act.at, *self._code_rules())
        return await self._sent(await self._add(act, coded))

    async def again(self, act: Act, identity: str) -> Mailbox:
        """A new code is sent; the one before counts no more."""
        hours, most = self._code_rules()
        code = self._code(identity)
        return await self._sent(
            await self._change(act, identity, lambda found: found.with_code(code, act.at, hours, most))
        )

    async def prove(self, act: Act, identity: str, asked: ProveMailbox) -> Mailbox:
        """The code is named: from now on the address is told."""
        most = self.rules.integer("mailbox.code_tries", on=self.clock.today())

        def decide(found: Mailbox) -> tuple[Mailbox, Sequence[Event]]:
            sealed = found.code
            right = bool(sealed) and hmac.compare_digest(self.sealer.open(sealed, bound_to=identity), asked.code)
            return found.proved(act.at, most, right=right)

        tried = await self._change(act, identity, decide)
        if tried.state is not MailboxState.VERIFIED:
            left = most - tried.tries
            raise WrongCode(f"look at the newest mail; {left} more tries, then have a new code sent", field="/code")
        return tried

    async def choose(self, act: Act, identity: str, asked: ChooseMail) -> Mailbox:
        """Other kinds, or another pace."""
        return await self._change(
            act, identity, partial(Mailbox.chosen, kinds=asked.kinds, pace=asked.pace, now=act.at)
        )

    async def end(self, act: Act, identity: str) -> Mailbox:
        """Told nothing more."""
        return await self._change(act, identity, Mailbox.ended)

    async def get(self, caller: Caller, identity: str) -> Mailbox:
        """One address of the caller's organisation."""
        query = {"_id": identity, **seen_by(caller), "state": {"$ne": MailboxState.ENDED}}
        found = await self.mailboxes.find(query, limit=1)
        if not found:
            raise NotFound(f"there is no Mailbox {identity} within your scope")
        return found[0]

    async def _must_be_few(self, act: Act, desk: str) -> None:
        most = self.rules.integer("mailbox.new_per_day", on=self.clock.today())
        if await named_lately(self.mailboxes, desk, act.at) >= most:
            detail = f"{most} addresses were named within 24 hours; name another tomorrow"
            raise TooManyCodes(detail, rule="mailbox.new_per_day")

    async def _add(self, act: Act, mailbox: Mailbox) -> Mailbox:
        most = self.rules.integer("mailbox.most", on=self.clock.today())
        for _ in range(most + 1):  # each turn somebody else of the organisation took the number
            stands = await self.mailboxes.find({"_id": mailbox.id}, limit=1)
            if stands:
                return stands[0]
            free = set(range(1, most + 1)) - await ordinals_of(self.mailboxes, mailbox.desk)
            if not free:
                detail = f"an organisation has {most} addresses at most; end one first"
                raise TooManyMailboxes(detail, rule="mailbox.most")
            await self.mailboxes.add_apart([((mailbox.having(ordinal=min(free)), []), act)])
        raise Contended("several addresses are named at once; repeat the request")

    async def _sent(self, mailbox: Mailbox) -> Mailbox:
        if mailbox.state is MailboxState.UNVERIFIED:  # else a repeat of what is long proved
            await self.mails.add([mail_for(mailbox, Purpose.CODE, str(mailbox.round), self.clock.now())])
        return mailbox

    def _code(self, identity: str) -> str:
        return self.sealer.seal(f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}", bound_to=identity)

    def _code_rules(self) -> tuple[int, int]:
        today = self.clock.today()
        hours = self.rules.integer("mailbox.code_hours", on=today)
        return hours, self.rules.integer("mailbox.codes_per_day", on=today)

    async def _change(self, act: Act, identity: str, decide: Decide) -> Mailbox:
        assert act.caller is not None
        desk = desk_of(act.caller).name

        def decided(found: Mailbox) -> tuple[Mailbox, Sequence[Event]]:
            found.must_lie_on(desk)
            return decide(found)

        return await self.mailboxes.change(identity, act, decided)
