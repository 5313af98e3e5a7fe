"""Mails are made of what comes into inboxes or near its limit, once each."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial

from services.notification.inboxes.domain.item import Item, Standing
from services.notification.inboxes.storage import Moment, Which, unreminded, untold
from services.notification.mails.domain import (
    LISTED,
    Mail,
    Mailbox,
    Pace,
    Purpose,
    mail_for,
)
from services.notification.mails.handlers.mailboxes import Mailboxes
from services.notification.mails.storage import (
    lying_on,
    undigested,
)
from shared.act import EVERYTHING, Act
from shared.clock import SHANGHAI
from shared.events.base import Event
from shared.storage.mongo import Document
from shared.storage.store import Store

GRACE = timedelta(minutes=1)  # what was still being written at that hour is there by then


@dataclass(frozen=True)
class Teller:
    """Makes mails of what comes into inboxes: at once, near a limit, beyond it, or once a day; each once.

    A mail's id follows from what it says to whom; a note that it is made is written after it.
    """

    items: Store[Item]
    room: Mailboxes

    async def due(self, now: datetime) -> None:
        """Whoever is to be told now is; where no mail is configured it is only noted that nobody was."""
        today = now.astimezone(SHANGHAI).date()
        moment = Moment(now, self.room.rules.integer("inbox.soon_days", on=today))
        while rows := await untold(self.items, now):
            await self._tell(rows, moment, Purpose.ITEM)
        while rows := await unreminded(self.items, moment):
            await self._tell(rows, moment, Purpose.REMINDER)
        hour = self.room.rules.integer("mail.digest_hour", on=today)
        until = datetime.combine(today, time(hour), SHANGHAI)
        if now >= until + GRACE:
            await self._digest(moment, until)

    async def _tell(self, rows: Sequence[Item], moment: Moment, purpose: Purpose) -> None:
        known: Mapping[str, list[Mailbox]] = defaultdict(list)
        for mailbox in await lying_on(self.room.mailboxes, [row.desk for row in rows]) if self.room.sending else []:
            known[mailbox.desk].append(mailbox)
        stands = {row.id: row.standing(moment.now, moment.soon_days) for row in rows}
        await self.room.mails.add(
            [
                mail
                for desk in known
                for mailbox in known[desk]
                if mailbox.pace is Pace.AT_ONCE
                for mail in self._mails_of(mailbox, purpose, [row for row in rows if row.desk == desk], stands, moment)
            ]
        )
        await self.items.change_all(
            {row.id: (_act(f"{purpose}-{stands[row.id]}", row.id, moment.now), _noted(stands[row.id])) for row in rows}
        )

    def _mails_of(
        self, mailbox: Mailbox, purpose: Purpose, rows: Sequence[Item], stands: Mapping[str, Standing], moment: Moment
    ) -> list[Mail]:
        """One for each item; one of all when many come at the same moment."""
        wanted = sorted(row.id for row in rows if row.settlement is None and mailbox.wants(row.kind))
        if len(wanted) < self.room.rules.integer("mail.bundle_from", on=moment.now.astimezone(SHANGHAI).date()):
            about = stands if purpose is Purpose.REMINDER else {}
            return [mail_for(mailbox, purpose, about.get(name, ""), moment.now, [name]) for name in wanted]
        further = max(0, len(wanted) - LISTED)
        return [mail_for(mailbox, purpose, "bundle", moment.now, wanted[:LISTED], further)]

    async def _digest(self, moment: Moment, until: datetime) -> None:
        while rows := await undigested(self.room.mailboxes, until):
            made = (
                [mail for row in rows if (mail := await self._digest_of(row, moment, until))]
                if self.room.sending
                else []
            )
            await self.room.mails.add(made)
            decide = partial(Mailbox.digested, until=until)
            day = until.date().isoformat()
            await self.room.mailboxes.change_all(
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
