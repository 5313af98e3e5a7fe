"""Mail over HTTP: the addresses an organisation is told at, and what was sent to them."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from services.notification.deliveries.domain import Attempt, State
from services.notification.inboxes.domain.causes import Causes
from services.notification.inboxes.storage import seen_by
from services.notification.mails.commands import ChooseMail, NameMailbox, ProveMailbox
from services.notification.mails.domain import Mail, Mailbox, MailboxState, Pace, Purpose
from services.notification.mails.handlers.mailboxes import Mailboxes
from services.notification.mails.storage import listed
from services.notification.notices.api import key, place_in
from shared.auth import Role
from shared.errors import Fault, Kind
from shared.http.door import Asked, Calling, allow, doors
from shared.http.pages import Cursor, Limit, Page, after, page
from shared.http.tags import tagged

OWNERS = (Role.CENTER, Role.AUTHORITY, Role.UNIT)


class UnknownMailKind(Fault):
    """No item is of this kind, so nothing would ever be told of it."""

    slug, kind = "unknown-item-kind", Kind.INVALID


class MailboxView(BaseModel):
    """An address, masked."""

    id: str
    version: int
    desk: str = Field(description="whose inbox it is told of", examples=["unit/33/unit-33-001"])
    address: str = Field(description="masked", examples=["of***@example.org"])
    kinds: tuple[str, ...] = Field(description="kinds of items it is told of; none means all")
    pace: Pace
    state: MailboxState
    named_at: datetime
    verified_at: datetime | None
    code_until: datetime | None = Field(description="until when the code that was sent counts")
    sending: bool = Field(description="whether this service sends mail: false where no mail server is configured")


class MailView(BaseModel):
    """One mail and every attempt to hand it over."""

    id: str
    mailbox: str
    desk: str
    purpose: Purpose
    about: str = Field(description="a code's round, a reminder's standing, a daily mail's day, or bundle")
    items: tuple[str, ...] = Field(description="ids of the items it tells of")
    further: int = Field(description="how many more a mail of many counts without naming them")
    state: State
    made_at: datetime
    due: datetime = Field(description="when it is tried next, while it waits")
    attempts: tuple[Attempt, ...] = Field(
        description="up to 50, oldest first: the server's code (250: taken), timeout, broken, unreachable, unfit"
    )
    tried: int = Field(description="attempts since it was made, or was last redriven")
    redriven: str = Field(description="the act that last had it tried anew; empty: none")
    ended_at: datetime | None


def routes(mailboxes: Mailboxes, causes: Causes) -> list[APIRouter]:
    """The doors of the mails room."""
    addresses, mails = doors("/mailboxes", "mail"), doors("/mails", "mail")
    _readers(addresses, mailboxes)
    _writers(addresses, mailboxes, causes)
    _mails(mails, mailboxes)
    return [addresses, mails]


def _readers(router: APIRouter, mailboxes: Mailboxes) -> None:
    @router.get("")
    @allow(*OWNERS, Role.AUDITOR)
    async def index(caller: Calling, cursor: Cursor = None, limit: Limit = 100) -> Page[MailboxView]:
        """The addresses that the organisation is told at, by id."""
        rows = await listed(mailboxes.mailboxes, caller, after(cursor), limit + 1)
        return page([_view(mailboxes, row) for row in rows], limit, lambda row: row.id)

    @router.get("/{mailbox}")
    @allow(*OWNERS, Role.AUDITOR)
    async def read(mailbox: str, caller: Calling, response: Response) -> MailboxView:
        """One address."""
        return _view(mailboxes, tagged(response, await mailboxes.get(caller, mailbox)))


def _writers(router: APIRouter, mailboxes: Mailboxes, causes: Causes) -> None:
    @router.post("", status_code=201)
    @allow(*OWNERS)
    async def name(asked: NameMailbox, act: Asked, response: Response) -> MailboxView:
        """Name an address to be told at; a code is sent to it, and nothing else before it is named here."""
        _check(asked.kinds, causes)
        return _view(mailboxes, tagged(response, await mailboxes.name(act, asked)))

    @router.post("/{mailbox}/verify")
    @allow(*OWNERS)
    async def verify(mailbox: str, asked: ProveMailbox, act: Asked, response: Response) -> MailboxView:
        """Name the code that was sent; from then on the address is told."""
        return _view(mailboxes, tagged(response, await mailboxes.prove(act, mailbox, asked)))

    @router.post("/{mailbox}/code")
    @allow(*OWNERS)
    async def again(mailbox: str, act: Asked, response: Response) -> MailboxView:
        """Send a new code; the one before counts no more."""
        return _view(mailboxes, tagged(response, await mailboxes.again(act, mailbox)))

    @router.post("/{mailbox}/choose")
    @allow(*OWNERS)
    async def choose(mailbox: str, asked: ChooseMail, act: Asked, response: Response) -> MailboxView:
        """Other kinds of items, or another pace."""
        _check(asked.kinds, causes)
        return _view(mailboxes, tagged(response, await mailboxes.choose(act, mailbox, asked)))

    @router.delete("/{mailbox}", status_code=204)
    @allow(*OWNERS)
    async def end(mailbox: str, act: Asked) -> None:
        """Tell this address nothing more, and forget it."""
        await mailboxes.end(act, mailbox)


def _mails(router: APIRouter, mailboxes: Mailboxes) -> None:
    @router.get("")
    @allow(*OWNERS, Role.AUDITOR)
    async def index(
        caller: Calling,
        mailbox: str | None = None,
        state: State | None = None,
        purpose: Annotated[Purpose | None, Query(description="what they are for")] = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Page[MailView]:
        """What was sent to the organisation's addresses, the newest first."""
        asked = {"mailbox": mailbox, "state": state, "purpose": purpose}
        query = {**seen_by(caller), **{name: value for name, value in asked.items() if value is not None}}
        rows = await mailboxes.mails.listed(query, place_in(cursor), limit + 1)
        return page([_mail(row) for row in rows], limit, lambda row: key(row.made_at, row.id))

    @router.get("/{mail}")
    @allow(*OWNERS, Role.AUDITOR)
    async def read(mail: str, caller: Calling) -> MailView:
        """One mail with every attempt."""
        return _mail(await mailboxes.mails.get(mail, seen_by(caller)))

    @router.post("/{mail}/redrive")
    @allow(*OWNERS)
    async def redrive(mail: str, act: Asked, caller: Calling) -> MailView:
        """Try a mail that failed for good anew, from the beginning of the schedule."""
        return _mail(await mailboxes.mails.redrive(mail, seen_by(caller), act.id, act.at))


def _check(kinds: tuple[str, ...], causes: Causes) -> None:
    for place, kind in enumerate(kinds):
        if kind not in causes.kinds:
            known = ", ".join(sorted(causes.kinds))
            raise UnknownMailKind(f"kinds are {known}", field=f"/kinds/{place}")


def _view(mailboxes: Mailboxes, mailbox: Mailbox) -> MailboxView:
    kept = mailbox.model_dump(include=set(MailboxView.model_fields) - {"address"})
    return MailboxView(**kept, address=mailbox.shown, sending=mailboxes.sending)


def _mail(mail: Mail) -> MailView:
    return MailView.model_validate(mail, from_attributes=True)
