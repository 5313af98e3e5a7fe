"""Where addresses and mails are kept; a claim keeps two processes from sending the same mail."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from time import time
from uuid import uuid4

from services.notification.deliveries.domain import State
from services.notification.inboxes.storage import seen_by
from services.notification.mails.domain import DAY, Mail, Mailbox, MailboxState, NotFailed, Pace
from shared.auth import Caller
from shared.errors import NotFound
from shared.storage.mongo import Database, Document, IndexModel
from shared.storage.store import Store

LEASE = 120.0  # seconds of real time after which a claimed mail is anybody's again; far longer than one attempt
FREE = 0.0
RUN = 500
MAILBOX_INDEXES = (
    # Two requests at once that take the same number among the organisation's: the database refuses one.
    IndexModel([("desk", 1), ("ordinal", 1)], unique=True, partialFilterExpression={"ordinal": {"$gt": 0}}),
    IndexModel([("authority", 1), ("unit", 1), ("_id", 1)]),
    IndexModel([("pace", 1), ("state", 1), ("digested_at", 1)]),
)
MAIL_INDEXES = (
    IndexModel([("due", 1), ("_id", 1)], name="waiting", partialFilterExpression={"state": State.WAITING}),
    IndexModel([("mailbox", 1), ("made_at", -1), ("_id", -1)]),
    IndexModel([("desk", 1), ("made_at", -1), ("_id", -1)]),
    IndexModel([("authority", 1), ("unit", 1), ("made_at", -1), ("_id", -1)]),
)


def mailbox_store(database: Database) -> Store[Mailbox]:
    """Notification's addresses."""
    return Store(database, "/notification/mailboxes", Mailbox, indexes=MAILBOX_INDEXES)


async def listed(store: Store[Mailbox], caller: Caller, after: str, limit: int) -> list[Mailbox]:
    """A caller's addresses by id."""
    query = {**seen_by(caller), "_id": {"$gt": after}, "state": {"$ne": MailboxState.ENDED}}
    return await store.find(query, limit=limit)


async def lying_on(store: Store[Mailbox], desks: Iterable[str]) -> list[Mailbox]:
    """The proved addresses of these inboxes."""
    return await store.find(
        {"desk": {"$in": sorted(set(desks))}, "ordinal": {"$gt": 0}, "state": MailboxState.VERIFIED}
    )


async def ordinals_of(store: Store[Mailbox], desk: str) -> set[int]:
    """The numbers taken among an organisation's addresses."""
    rows = await store.find({"desk": desk, "ordinal": {"$gt": 0}})
    return {row.ordinal for row in rows}


async def named_lately(store: Store[Mailbox], desk: str, now: datetime) -> int:
    """How many addresses an organisation named in 24 hours."""
    return await store.count({"desk": desk, "named_at": {"$gt": now - DAY}})


async def undigested(store: Store[Mailbox], until: datetime) -> list[Mailbox]:
    """Addresses whose daily mail up to then is not made yet."""
    query = {"pace": Pace.DAILY, "state": MailboxState.VERIFIED, "digested_at": {"$lt": until}}
    return await store.find(query, limit=RUN)


class Mails:
    """One document per mail; a claim is a token and a time in it."""

    def __init__(self, database: Database) -> None:
        self._rows = database.collection("mails")

    async def prepare(self) -> None:
        """Make the indexes; safe to repeat."""
        await self._rows.ensure_indexes(MAIL_INDEXES)

    async def add(self, mails: Sequence[Mail]) -> None:
        """Insert those that are not there yet."""
        await self._rows.insert_all([_document(row) for row in mails])

    async def claim(self, now: datetime) -> Mail | None:
        """Take what is due first for this process alone; the lease's end gives it back."""
        row = await self._rows.update_and_get(
            {"state": State.WAITING, "due": {"$lte": now}, "claimed_until": {"$lt": time()}},
            {"$set": {"claim": uuid4().hex, "claimed_until": time() + LEASE}},
            sort=[("due", 1), ("_id", 1)],
        )
        return _mail(row) if row else None

    async def record(self, mail: Mail) -> None:
        """Write what became of a claimed mail; the last claim decides, but what was delivered stays delivered."""
        progress = mail.model_dump(include={"state", "due", "attempts", "tried", "ended_at"})
        mine: Document = {"_id": mail.id} if mail.state is State.DELIVERED else {"_id": mail.id, "claim": mail.claim}
        await self._rows.update(mine, {"$set": {**progress, "claim": "", "claimed_until": FREE}})

    async def get(self, mail: str, query: Document) -> Mail:
        """One mail with all its attempts."""
        row = await self._rows.find_one({**query, "_id": mail})
        if row is None:
            raise NotFound(f"there is no Mail {mail} within your scope")
        return _mail(row)

    async def redrive(self, mail: str, query: Document, by: str, now: datetime) -> Mail:
        """Try a failed one anew from the beginning of the schedule; a repeat changes nothing."""
        found = await self.get(mail, query)
        if found.redriven == by:
            return found
        failed: Document = {**query, "_id": mail, "state": State.FAILED, "redriven": {"$ne": by}}
        anew = {"state": State.WAITING, "due": now, "tried": 0, "ended_at": None, "redriven": by, "claimed_until": FREE}
        if not await self._rows.update(failed, {"$set": anew}):
            raise NotFailed(f"it is {found.state}; what waits is tried by itself, what was delivered is over")
        return await self.get(mail, query)

    async def listed(self, query: Document, after: tuple[datetime, str] | None, limit: int) -> list[Mail]:
        """Mails, the newest first, those after a place in that order."""
        if after is not None:
            made, identity = after
            further = [{"made_at": {"$lt": made}}, {"made_at": made, "_id": {"$lt": identity}}]
            query = {"$and": [query, {"$or": further}]}
        return [_mail(row) for row in await self._rows.find(query, sort=[("made_at", -1), ("_id", -1)], limit=limit)]


def _document(mail: Mail) -> Document:
    return {"_id": mail.id, **mail.model_dump(exclude={"id"}), "claim": "", "claimed_until": FREE}


def _mail(row: Document) -> Mail:
    return Mail.model_validate({**row, "id": row["_id"]})
