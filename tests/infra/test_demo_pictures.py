"""The demo's pictures are looked at, and what cannot be made is said in one line with its reason."""

import struct
from pathlib import Path

import pytest

from infra.demo.pictures import SMALLEST, Gallery, size_check
from infra.local.install import chromium

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png(file: Path, width: int, height: int, size: int = SMALLEST + 1) -> Path:
    """A file that begins as a PNG of these sides does, padded to `size` bytes."""
    head = SIGNATURE + struct.pack(">I4sII", 13, b"IHDR", width, height)
    file.write_bytes(head.ljust(size, b"\0"))
    return file


def test_a_picture_has_the_size_that_was_asked_for(tmp_path: Path) -> None:
    file = png(tmp_path / "phone.png", 390, 844)
    assert size_check(file, (390, 844)).agrees
    assert not size_check(file, (390, 845)).agrees
    assert not size_check(file, (844, 390)).agrees


def test_a_picture_of_nothing_is_no_picture(tmp_path: Path) -> None:
    assert not size_check(png(tmp_path / "empty.png", 390, 844, SMALLEST), (390, 844)).agrees


async def test_what_is_missing_is_said_in_one_line_and_no_earlier_picture_is_passed_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # neither Chromium nor apt-get
    earlier = png(tmp_path / "phone.png", 390, 844)
    gallery = Gallery(tmp_path)

    async def shot() -> None:
        chromium()

    await gallery.take(["phone.png"], shot)
    (line,) = gallery.missing
    assert line.startswith("not made: phone.png: chromium cannot be installed here (it takes apt-get and root)")
    assert "\n" not in line
    assert gallery.files == []
    assert not earlier.exists()
