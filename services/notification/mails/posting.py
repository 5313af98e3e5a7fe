"""Hands one mail over to the mail server within a bound of time: the one place that speaks SMTP."""

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import parseaddr
from ipaddress import ip_address
from typing import Self
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPConnectError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from services.notification.mails.domain import Outcome
from shared.settings import Settings

TAKEN = "250"
PORTS = {"smtp": 587, "smtps": 465}
LOWEST_FINAL, HIGHEST_FINAL = 500, 599
FAREWELL = 1.0  # seconds
ANSWERS: tuple[tuple[type[Exception], str], ...] = (
    (SMTPTimeoutError, "timeout"),
    (SMTPServerDisconnected, "broken"),
    (SMTPConnectError, "unreachable"),
    (SMTPException, "unfit"),  # it offers no STARTTLS, or no way to log in
)


class SmtpUrlError(ValueError):
    """SMTP_URL is smtp://user:password@host:port or smtps://…; MAIL_FROM one address."""


@dataclass(frozen=True)
class Post:
    """A mail server. Without a user name in the URL nobody logs in.

    smtp:// demands STARTTLS, unless the server is on this machine and offers none, or the URL ends with
    `?starttls=no`; smtps:// begins with TLS.
    """

    host: str
    port: int
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    implicit: bool = False
    starttls: bool | None = True
    tls: ssl.SSLContext | None = field(default=None, repr=False)

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """As the settings say; None when they name no server or no sender."""
        if settings.smtp_url is None or settings.mail_from is None:
            return None
        return cls.at(settings.smtp_url.get_secret_value(), settings.mail_from)

    @classmethod
    def at(cls, url: str, sender: str, tls: ssl.SSLContext | None = None) -> Self:
        """By a URL; `SmtpUrlError` never shows it, for it holds a password."""
        try:
            parts = urlsplit(url)
            port = parts.port or PORTS[parts.scheme]
        except (ValueError, KeyError):
            raise SmtpUrlError(SmtpUrlError.__doc__) from None
        address = parseaddr(sender)[1]
        if not parts.hostname or "@" not in address or not sender.isprintable():
            raise SmtpUrlError(SmtpUrlError.__doc__)
        return cls(
            host=parts.hostname,
            port=port,
            sender=sender,
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password or "") if parts.username else None,
            implicit=parts.scheme == "smtps",
            starttls=_starttls(parts),
            tls=tls,
        )

    @property
    def domain(self) -> str:
        """The host part of the sender's address: what Message-IDs end with."""
        return parseaddr(self.sender)[1].rpartition("@")[2]

    async def send(self, message: EmailMessage, to: str, seconds: float) -> Outcome:
        """One attempt; whatever goes wrong is an answer."""
        try:
            async with asyncio.timeout(seconds):
                return await self._send(message, to, seconds)
        except TimeoutError:
            return Outcome("timeout")

    async def _send(self, message: EmailMessage, to: str, seconds: float) -> Outcome:
        server = self._server(seconds)
        try:
            await server.connect()
            await server.send_message(message, sender=parseaddr(self.sender)[1], recipients=[to])
            await _leave(server)
        except (SMTPException, OSError, ValueError) as wrong:
            return _answer(wrong)
        finally:
            server.close()
        return Outcome(TAKEN)

    def _server(self, seconds: float) -> SMTP:
        return SMTP(
            hostname=self.host,
            port=self.port,
            username=self.user,
            password=self.password,
            local_hostname=self.domain,
            timeout=seconds,
            use_tls=self.implicit,
            start_tls=self.starttls,
            tls_context=self.tls,
        )


async def _leave(server: SMTP) -> None:
    """It took the mail: whatever becomes of the farewell changes nothing."""
    with suppress(SMTPException, OSError, TimeoutError):
        async with asyncio.timeout(FAREWELL):
            await server.quit()


def _answer(wrong: Exception) -> Outcome:
    if isinstance(wrong, SMTPRecipientsRefused):
        wrong = wrong.recipients[0]
    if isinstance(wrong, SMTPResponseException):
        # What is said of this mail may be final; a server that wants nobody now, or no password of ours, is not.
        of_this = isinstance(wrong, SMTPSenderRefused | SMTPRecipientRefused | SMTPDataError)
        return Outcome(str(wrong.code), final=of_this and LOWEST_FINAL <= wrong.code <= HIGHEST_FINAL)
    return Outcome(next((answer for kind, answer in ANSWERS if isinstance(wrong, kind)), "broken"))


def _starttls(parts: SplitResult) -> bool | None:
    if parts.scheme == "smtps" or parse_qs(parts.query).get("starttls") == ["no"]:
        return False
    return None if _is_here(parts.hostname or "") else True


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
