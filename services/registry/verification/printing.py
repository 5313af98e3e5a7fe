"""A page of HTML becomes a PDF: in a thread and few at a time, so that no other request waits for it."""

import asyncio
from functools import partial
from typing import Any, NoReturn

from shared.errors import Fault, Kind

AT_ONCE = 2


class NoPrinting(Fault):
    """PDFs cannot be made on this machine; ask for HTML and print that."""

    slug, kind = "no-printing", Kind.UNAVAILABLE


class Press:
    """Makes PDFs; WeasyPrint and its libraries are loaded with the first one."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def pdf(self, html: str) -> bytes:
        """The page as PDF, its fonts inside."""
        async with self._turn:
            return await asyncio.to_thread(_pdf, html)


def _pdf(html: str) -> bytes:
    try:
        # Here: it takes a second and Debian's pango, which a worker or an API without it should not need to start.
        from weasyprint import HTML  # noqa: PLC0415
    except OSError as missing:
        raise NoPrinting("Debian's libpangoft2-1.0-0 is not installed; ask for HTML, or ask the operator") from missing
    fetch: Any = partial(_refuse)
    made: bytes = HTML(string=html, url_fetcher=fetch).write_pdf()
    return made


def _refuse(url: str, **_: Any) -> NoReturn:
    raise ValueError(f"a certificate loads nothing from elsewhere: {url[:100]}")
