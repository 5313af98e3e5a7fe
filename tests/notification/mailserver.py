"""A mail server of the tests: takes mail, or refuses it, hangs or dies, as it is told for each address."""

import asyncio
import ssl
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.live import eventually

HANG, DIE, DIE_AFTER = "hang", "die", "die after it is taken"
USER, PASSWORD = b"skillcert", b"p/w"


@dataclass
class MailServer:
    """What came, by recipient; `answers` to the mail for an address are taken one after the other, then 250."""

    port: int = 0
    taken: dict[str, list[EmailMessage]] = field(default_factory=lambda: defaultdict(list))
    answers: dict[str, deque[str]] = field(default_factory=lambda: defaultdict(deque))
    refused: dict[str, str] = field(default_factory=dict)
    tried: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def got(self, address: str, most: int = 1) -> list[EmailMessage]:
        """At least so many mails to an address, once they are there."""

        async def enough() -> list[EmailMessage]:
            found = self.taken[address]
            return found if len(found) >= most else []

        return await eventually(enough)

    async def handle_RCPT(  # noqa: N802 - the server's name for it
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        if address in self.refused:
            self.tried[address] += 1
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        (address,) = envelope.rcpt_tos
        self.tried[address] += 1
        answer = self.answers[address].popleft() if self.answers[address] else "250 OK"
        if answer == HANG:
            await asyncio.Event().wait()
        if answer.startswith("250") or answer == DIE_AFTER:
            assert isinstance(envelope.content, bytes)
            read = message_from_bytes(envelope.content, policy=default)
            assert isinstance(read, EmailMessage)
            self.taken[address].append(read)
        if answer in (DIE, DIE_AFTER):
            assert server.transport is not None
            server.transport.close()
        return answer


def _known(_: Any, __: Any, ___: Any, ____: Any, said: Any) -> AuthResult:
    is_right = isinstance(said, LoginPassword) and (said.login, said.password) == (USER, PASSWORD)
    return AuthResult(success=is_right, handled=False)


@asynccontextmanager
async def mail_server(
    tls: ssl.SSLContext | None = None, *, login: bool = False, implicit: bool = False
) -> AsyncIterator[MailServer]:
    """A mail server on a free loopback port until the block ends; with `tls` it offers STARTTLS, or begins with it."""
    answering, loop = MailServer(), asyncio.get_running_loop()

    def serve() -> SMTP:
        return SMTP(
            answering,
            tls_context=None if implicit else tls,
            auth_required=login,
            authenticator=_known if login else None,
            loop=loop,
            enable_SMTPUTF8=False,
            hostname="mail.example.org",
        )

    server = await loop.create_server(serve, "127.0.0.1", 0, ssl=tls if implicit else None)
    answering.port = server.sockets[0].getsockname()[1]
    try:
        yield answering
    finally:
        server.close()
