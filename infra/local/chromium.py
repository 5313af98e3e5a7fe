"""Shows a page in a browser without a screen: as a picture, or as the document it became."""

import subprocess
import tempfile
from pathlib import Path

from infra.local.install import chromium

PATIENCE = 60.0
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


class NotShown(Exception):  # noqa: N818 - says what is the matter
    """The browser did not show the page; what it said last is in the message."""


def screenshot(url: str, file: Path, width: int, height: int) -> Path:
    """A picture (PNG) of the page in a window of that many pixels, in `file`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    said = _run(url, f"--screenshot={file.resolve()}", f"--window-size={width},{height}")
    if not file.exists():
        raise NotShown(f"no picture of {url}: {said[-500:]}")
    return file


def dom(url: str, width: int = 1280, height: int = 900) -> str:
    """The page's document as the browser has it."""
    return _run(url, "--dump-dom", f"--window-size={width},{height}")


def _run(url: str, *options: str) -> str:
    with tempfile.TemporaryDirectory(prefix="chromium-") as profile:
        command = [str(chromium()), *FLAGS, f"--user-data-dir={profile}", *options, url]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired as late:
            raise NotShown(f"{url} was not shown within {PATIENCE:.0f} s") from late
    if done.returncode != 0:
        raise NotShown(f"{url} was not shown: {done.stderr[-500:]}")
    return done.stdout or done.stderr
