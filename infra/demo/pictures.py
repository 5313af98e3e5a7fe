"""What people see, kept as files: the corrected certificate on paper, and the page that its QR code leads to."""

import asyncio
import struct
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from pypdf import PdfReader

from infra.demo.checks import Check
from infra.demo.correction import EDITION, Corrected
from infra.drive.world import World
from infra.local.chromium import NotShown, screenshot
from infra.local.install import ServersUnavailable, chromium, printing
from shared.privacy import Sealer

PDF, SHEET = "certificate.pdf", "certificate.png"
PAGES = {"verification-phone.png": (390, 1500), "verification-desk.png": (1280, 1430)}
SIZES = {SHEET: (860, 1190), **PAGES}  # pixels; the whole sheet, and the whole page on a phone and on a desk
SMALLEST = 10_000  # bytes; a picture of nothing is smaller


@dataclass
class Gallery:
    """The files that were made, what was missing for the others, and what the files were found to say."""

    folder: Path
    files: list[Path] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)

    async def take(self, names: list[str], make: Callable[[], Awaitable[None]]) -> None:
        """Make some files, or say in one line why there are none."""
        for name in names:
            (self.folder / name).unlink(missing_ok=True)  # of an earlier run
        try:
            await make()
        except (ServersUnavailable, NotShown) as reason:
            self.missing.append(f"not made: {', '.join(names)}: {' '.join(str(reason).split())}")

    def keep(self, name: str, *checks: Check) -> None:
        """A file is there, and was looked into."""
        self.files.append(self.folder / name)
        self.checks += checks


class Subject(NamedTuple):
    """The certificate, and what its QR code says."""

    world: World
    corrected: Corrected
    code: str

    @property
    def address(self) -> str:
        """Where the QR code leads."""
        return f"{self.world.stack.url('registry')}/verify/{self.corrected.number}?c={self.code}"

    async def printed(self, form: str) -> bytes:
        """The certificate as its unit prints it, html or pdf."""
        path = f"/v1/certificates/{self.corrected.id}/print"
        return await self.world.caller(self.corrected.unit).read("registry", path, format=form)


async def pictures(world: World, corrected: Corrected, folder: Path) -> Gallery:
    """Make all of them, as far as this machine can."""
    keys = world.stack.services["registry"].environment
    code = Sealer(keys["SEAL_KEYS"], keys["INDEX_KEY"]).code(corrected.number)
    subject, gallery = Subject(world, corrected, code), Gallery(folder)
    await gallery.take([PDF], lambda: _paper(subject, gallery))
    await gallery.take(list(SIZES), lambda: _shots(subject, gallery))
    page = (await world.http.get(subject.address)).text
    seen: dict[str, object] = {"registry": corrected.number, "in it": _read(corrected.number, page)}
    gallery.checks.append(Check("page of the QR code", seen))
    return gallery


async def _paper(subject: Subject, gallery: Gallery) -> None:
    await asyncio.to_thread(printing)
    content = await subject.printed("pdf")
    (gallery.folder / PDF).write_bytes(content)
    document = PdfReader(BytesIO(content))
    text = "".join("".join(page.extract_text() for page in document.pages).split())
    number, holder = subject.corrected.number, subject.corrected.holder
    gallery.keep(
        PDF,
        Check(f"{PDF}: pages", {"expected": 1, "in it": len(document.pages)}),
        Check(f"{PDF}: number", {"registry": number, "in it": _read(number, text)}),
        Check(f"{PDF}: edition", {"expected": EDITION, "in it": EDITION if f"第{EDITION}版" in text else "none"}),
        Check(f"{PDF}: name", {"corrected": holder.name, "in it": _read(holder.name, text)}),
        Check(f"{PDF}: check code", {"registry": subject.code, "in it": _read(subject.code, text)}),
    )


async def _shots(subject: Subject, gallery: Gallery) -> None:
    await asyncio.to_thread(chromium)
    with tempfile.TemporaryDirectory() as folder:
        sheet = Path(folder) / "certificate.html"
        sheet.write_bytes(await subject.printed("html"))
        for name, url in {SHEET: sheet.as_uri(), **dict.fromkeys(PAGES, subject.address)}.items():
            file = await asyncio.to_thread(screenshot, url, gallery.folder / name, *SIZES[name])
            gallery.keep(name, size_check(file, SIZES[name]))


def _read(wanted: str, text: str) -> str:
    return wanted if wanted in text else "not there"


def size_check(file: Path, asked: tuple[int, int]) -> Check:
    """Whether a PNG has the size that was asked for, and something on it."""
    content = file.read_bytes()
    width, height = struct.unpack(">II", content[16:24])  # PNG: signature and IHDR's head, then both sizes
    more = "over" if len(content) > SMALLEST else "under"
    return Check(
        file.name,
        {"asked": f"{asked[0]}x{asked[1]}, over 10 kB", "in it": f"{width}x{height}, {more} 10 kB"},
    )
