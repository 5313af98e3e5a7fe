"""Keeps a server process from outliving the Python process that started it, however that one ends.

Between owner and server stands a tiny process, the leash: this file, run as a script. It sleeps until either
of the two ends. When the owner is gone it kills the server; when the leash itself is killed, the kernel kills
the server. (The kernel's parent-death signal alone will not do: it fires when the *thread* that started the
server ends, and chaos tests restart servers from threads.)
"""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
HALTS_WITHIN = 5.0


class Leashed:
    """A running server process and its leash, as its owner sees them."""

    def __init__(self, command: Sequence[str | Path], environment: Mapping[str, str], log: Path) -> None:
        words = [sys.executable, "-I", "-S", __file__, str(os.getpid()), *map(str, command)]
        self.log = log
        with log.open("ab") as output:
            # A session of its own: Ctrl-C in the terminal is for the owner, which then stops its servers.
            self._leash = subprocess.Popen(
                words,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=output,
                start_new_session=True,
            )
        assert self._leash.stdout is not None
        with self._leash.stdout as announced:
            self.pid = int(announced.readline() or 0)

    def runs(self) -> bool:
        return self._leash.poll() is None

    def send(self, signum: signal.Signals) -> None:
        if self.runs() and self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signum)

    def halt(self) -> None:
        """Stop it in its tracks; returns when each of its threads stands still, which is not at once."""
        self.send(signal.SIGSTOP)
        end = time.monotonic() + HALTS_WITHIN
        while self.runs() and not _stands_still(self.pid) and time.monotonic() < end:
            time.sleep(0.005)

    def kill(self) -> None:
        """End it at once, without a chance to clean up; returns when it is gone."""
        self.send(signal.SIGKILL)
        self._leash.wait()

    def stop(self, grace: float) -> None:
        """Ask it to end and wait `grace` seconds; then end it."""
        self.send(signal.SIGTERM)
        try:
            self._leash.wait(grace)
        except subprocess.TimeoutExpired:
            self.kill()


def _stands_still(pid: int) -> bool:
    try:
        states = [stat.read_text().rpartition(")")[2].split()[0] for stat in Path(f"/proc/{pid}/task").glob("*/stat")]
    except OSError:  # a thread ended while we looked
        return False
    return all(state in ("T", "t") for state in states)


def _die_with_leash() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def hold(owner: int, command: Sequence[str]) -> int:
    """Run `command` until it ends or the process `owner` does; returns its exit code."""
    owner_end = os.pidfd_open(owner)
    if os.getppid() != owner:  # it died before we looked, and its number may be another's by now
        return 1
    # stdout tells the owner the process id; what the server says goes to the log, which is our stderr.
    server = subprocess.Popen(command, stdout=sys.stderr, preexec_fn=_die_with_leash)  # noqa: PLW1509 - one thread
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    print(server.pid, flush=True)
    select.select([owner_end, os.pidfd_open(server.pid)], [], [])
    server.kill()
    return server.wait()


if __name__ == "__main__":
    sys.exit(hold(int(sys.argv[1]), sys.argv[2:]))
