"""Looks at a page the way people do: on a phone, and on the paper a browser prints."""

import re
import subprocess
import tempfile
from html import escape
from io import BytesIO
from pathlib import Path
from unicodedata import normalize

from pypdf import PdfReader

from infra.local.chromium import FLAGS, dom
from infra.local.install import chromium

PHONE = (390, 844)
MM = 25.4 / 72


def widths(page: str, folder: Path, width: int = PHONE[0]) -> tuple[int, int]:
    """The width of the window and of what is in it, in pixels: the second is larger where something sticks out."""
    # In a frame, because the browser's own window is never narrower than 500 pixels.
    look = "document.title = this.contentWindow.innerWidth + '/' + this.contentDocument.documentElement.scrollWidth"
    frame = f'<iframe width="{width}" height="844" frameborder="0" onload="{look}" srcdoc="{escape(page)}"></iframe>'
    file = folder / "frame.html"
    file.write_text(frame, encoding="utf-8")
    found = re.search(r"<title>(\d+)/(\d+)</title>", dom(file.as_uri(), *PHONE))
    assert found
    return int(found[1]), int(found[2])


def printed(page: str, file: Path) -> list[tuple[tuple[int, int], str]]:
    """The sheets of paper a browser prints of a page, in `file` as PDF: their size in millimetres and their text."""
    file.parent.mkdir(parents=True, exist_ok=True)
    source = file.with_suffix(".html")
    source.write_text(page, encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="chromium-") as profile:
        options = ("--no-pdf-header-footer", f"--print-to-pdf={file.resolve()}", f"--user-data-dir={profile}")
        command = [str(chromium()), *FLAGS, *options, source.resolve().as_uri()]
        subprocess.run(command, capture_output=True, timeout=60, check=True)  # noqa: S603 - our own browser
    sheets = PdfReader(BytesIO(file.read_bytes())).pages
    return [(_millimetres(sheet.mediabox), _plain(sheet.extract_text())) for sheet in sheets]


def _plain(text: str) -> str:
    """Without spaces, and with characters in place of the radicals that look the same."""
    return "".join(normalize("NFKC", text).split())


def _millimetres(box: list[float]) -> tuple[int, int]:
    return round(float(box[2]) * MM), round(float(box[3]) * MM)
