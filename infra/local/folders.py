"""Temporary folders for the servers' data that do not outlive their owner for long."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

PREFIX = "skillcert-"
OWNER = "owner.lock"


@contextmanager
def working_folder() -> Iterator[Path]:
    """Lend a fresh folder, readable by this user only, and remove it afterwards.

    Folders whose owner was killed are removed first. An owner holds a lock on a file in its folder: the
    kernel lets go of it when the process dies, however it dies, and a reused process id means nothing.
    """
    remove_abandoned(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    with _hold(folder):
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _hold(folder: Path) -> Iterator[None]:
    # Locked before it gets its name, so that nobody ever sees a lock file without its lock.
    unnamed = folder / f"{OWNER}.new"
    with unnamed.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        unnamed.rename(folder / OWNER)
        yield


def remove_abandoned(parent: Path) -> None:
    """Remove every folder of ours in `parent` that nobody owns any more."""
    for owner in parent.glob(f"{PREFIX}*/{OWNER}"):
        try:
            with owner.open("r+") as lock:
                if _is_free(lock):
                    shutil.rmtree(owner.parent, ignore_errors=True)
        except OSError:  # another user's, or its owner has just removed it
            continue


def _is_free(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def write_private(path: Path, text: str) -> Path:
    """Write a file only this user may read (keys, cookies, password hashes)."""
    path.touch(mode=0o600)
    path.write_text(text)
    path.chmod(0o400)
    return path


def private_environment(home: Path) -> dict[str, str]:
    """The environment of a local server: nothing of ours, which may hold secrets or another server's settings."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
