"""Addresses are named, proved and ended; mails are made of what comes into inboxes, once each."""

import hmac
import secrets
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial

from services.notification.inboxes.domain.causes import Causes
from services.notification.inboxes.domain.item import Item, Standing
from services.notification.inboxes.storage import Moment, Which, desk_of, seen_by, unreminded, untold
from services.notification.mails.commands import ChooseMail, NameMailbox, ProveMailbox
from services.notification.mails.domain import (
    LISTED,
    Mail,
    Mailbox,
    MailboxState,
    Pace,
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
    lying_on,
    named_lately,
    ordinals_of,
    undigested,
)
from shared.act import EVERYTHING, Act
from shared.auth import Caller
from shared.clock import SHANGHAI, Clock
from shared.errors import Contended, NotFound
from shared.events.base import Event
from shared.privacy import Sealer
from shared.rulebook import Rulebook
from shared.storage.mongo import Document
from shared.storage.store import Store

DIGITS = 8
GRACE = timedelta(minutes=1)  # what was still being written at that hour is there by then
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


@dataclass(frozen=True)
class Teller:
    """Makes mails of what comes into inboxes: at once, near a limit, beyond it, or once a day; each once.

    A mail's id follows from what it says to whom; a note that it is made is written after it.
    """

    items: Store[Item]
    mailboxes: Store[Mailbox]
    mails: Mails
    causes: Causes
    rules: Rulebook
    sending: bool

    async def due(self, now: datetime) -> None:
        """Whoever is to be told now is; where no mail is configured it is only noted that nobody was."""
        today = now.astimezone(SHANGHAI).date()
        moment = Moment(now, self.rules.integer("inbox.soon_days", on=today))
        while rows := await untold(self.items, now):
            await self._tell(rows, moment, Purpose.ITEM)
        while rows := await unreminded(self.items, moment):
            await self._tell(rows, moment, Purpose.REMINDER)
        hour = self.rules.integer("mail.digest_hour", on=today)
        until = datetime.combine(today, time(hour), SHANGHAI)
        if now >= until + GRACE:
            await self._digest(moment, until)

    async def _tell(self, rows: Sequence[Item], moment: Moment, purpose: Purpose) -> None:
        known: Mapping[str, list[Mailbox]] = defaultdict(list)
        for mailbox in await lying_on(self.mailboxes, [row.desk for row in rows]) if self.sending else []:
            known[mailbox.desk].append(mailbox)
        stands = {row.id: row.standing(moment.now, moment.soon_days) for row in rows}
        await self.mails.add(
            [
                mail_for(mailbox, purpose, stands[row.id] if purpose is Purpose.REMINDER else "", moment.now, [row.id])
                for row in rows
                if row.settlement is None
                for mailbox in known[row.desk]
                if mailbox.pace is Pace.AT_ONCE and mailbox.wants(row.kind)
            ]
        )
        await self.items.change_all(
            {row.id: (_act(f"{purpose}-{stands[row.id]}", row.id, moment.now), _noted(stands[row.id])) for row in rows}
        )

    async def _digest(self, moment: Moment, until: datetime) -> None:
        while rows := await undigested(self.mailboxes, until):
            made = [mail for row in rows if (mail := await self._digest_of(row, moment, until))] if self.sending else []
            await self.mails.add(made)
            decide = partial(Mailbox.digested, until=until)
            day = until.date().isoformat()
            await self.mailboxes.change_all(
                {row.id: (_act(f"digest-{day}", row.id, moment.now), decide) for row in rows}
            )

    async def _digest_of(self, mailbox: Mailbox, moment: Moment, until: datetime) -> Mail | None:
        since = mailbox.digested_at or until
        new = {"shown_at": {"$gt": since, "$lte": until}, "settlement": None}
        pressing = {"$or": [moment.query(Which.SOON), moment.query(Which.OVERDUE)], "shown_at": {"$lte": until}}
        query: Document = {"desk": mailbox.desk, "$or": [new, pressing]}
        if mailbox.kinds:
            query["kind"] = {"$in": list(mailbox.kinds)}
        rows = await self.items.find(query, EVERYTHING, sort=(("soonest", 1), ("_id", 1)), limit=LISTED)
        if not rows:
            return None
        further = await self.items.count(query) - len(rows)
        return mail_for(
            mailbox, Purpose.DIGEST, until.date().isoformat(), moment.now, [row.id for row in rows], further
        )


def _noted(standing: Standing) -> Callable[[Item], tuple[Item, Sequence[Event]]]:
    reminded = standing if standing in (Standing.SOON, Standing.OVERDUE) else Standing.NEWS
    return partial(Item.mailed, standing=reminded)


def _act(what: str, of: str, now: datetime) -> Act:
    return Act(what, now, of)
