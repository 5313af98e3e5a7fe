"""Sends the mails that are due, a few at a time, and writes down what became of each attempt."""

import asyncio
from dataclasses import dataclass
from email.message import EmailMessage
from time import monotonic

import structlog

from services.notification.deliveries.domain import Attempt, Schedule
from services.notification.inboxes.domain.item import Item, Standing
from services.notification.mails.domain import Mail, Mailbox, MailboxState, Purpose
from services.notification.mails.handlers.mailboxes import Mailboxes
from services.notification.mails.letters import Letter, bundle_letter, code_letter, digest_letter, item_letter, message
from services.notification.mails.posting import Post
from shared.errors import Fault, NotFound
from shared.storage.store import Store

AT_ONCE = 4  # connections to the mail server at the same time

log = structlog.get_logger()


@dataclass
class MailSender:
    """Every worker has one; claims keep two from sending the same mail at once."""

    room: Mailboxes
    items: Store[Item]
    post: Post
    url: str
    look_every: float

    async def run(self) -> None:
        """Send until cancelled; what was on its way then is anybody's when its lease ends."""
        free = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as tasks:
            while True:
                await free.acquire()
                if mail := await self._claim():
                    tasks.create_task(self._handle(mail, free))
                else:
                    free.release()
                    await asyncio.sleep(self.look_every)

    async def _claim(self) -> Mail | None:
        try:
            return await self.room.mails.claim(self.room.clock.now())
        except Fault as fault:
            log.warning("no mail claimed", cause=fault.slug)
            return None

    async def _handle(self, mail: Mail, free: asyncio.Semaphore) -> None:
        try:
            await self.room.mails.record(await self._tried(mail))
        except Fault as fault:  # not written down: its lease ends and it is tried again
            log.warning("mail put off", mail=mail.id, cause=fault.slug)
        finally:
            free.release()

    async def _tried(self, mail: Mail) -> Mail:
        written = await self._written(mail)
        if written is None:
            return mail.dropped(self.room.clock.now())
        today = self.room.clock.today()
        began, begun_at = monotonic(), self.room.clock.now()
        outcome = await self.post.send(*written, self.room.rules.number("mail.timeout", on=today))
        attempt = Attempt(at=begun_at, answer=outcome.answer, ms=round((monotonic() - began) * 1000))
        delays = self.room.rules.value("delivery.delays", list[float], on=today)
        schedule = Schedule(delays, self.room.rules.number("delivery.jitter", on=today))
        return mail.after(attempt, schedule, final=outcome.final)

    async def _written(self, mail: Mail) -> tuple[EmailMessage, str] | None:
        """The mail from what stands now, and to whom; None when it has nothing to say any more."""
        try:
            mailbox = await self.room.mailboxes.get(mail.mailbox)
        except NotFound:
            return None
        letter = await self._letter(mail, mailbox)
        if letter is None:
            return None
        to = self.room.sealer.open(mailbox.address, bound_to=mailbox.id)
        return message(letter, mail, self.post.sender, to, self.post.domain), to

    async def _letter(self, mail: Mail, mailbox: Mailbox) -> Letter | None:
        now = self.room.clock.now()
        if mail.purpose is Purpose.CODE:
            if mailbox.state is not MailboxState.UNVERIFIED or mail.about != str(mailbox.round):
                return None
            hours = self.room.rules.integer("mailbox.code_hours", on=self.room.clock.today())
            code = self.room.sealer.open(mailbox.code, bound_to=mailbox.id) if mailbox.code_counts(now) else ""
            return code_letter(code, hours, self.url) if code else None
        if mailbox.state is not MailboxState.VERIFIED:
            return None
        soon = self.room.rules.integer("inbox.soon_days", on=self.room.clock.today())
        rows = {row.id: row for row in await self.items.find({"_id": {"$in": list(mail.items)}})}
        told = [(rows[name], rows[name].standing(now, soon)) for name in mail.items if name in rows]
        left = [(row, standing) for row, standing in told if standing is not Standing.SETTLED]
        if mail.purpose is Purpose.DIGEST:
            return digest_letter(left, mail.further, mail.about, self.url) if left else None
        if len(mail.items) > 1:
            return bundle_letter(left, mail.further, self.url) if left else None
        return item_letter(*left[0], self.url) if left else None
