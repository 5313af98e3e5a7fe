"""Waiting for a local server to be ready, or saying why it is not."""

import time
from collections.abc import Callable

from infra.local.install import ServersUnavailable
from infra.local.leash import Leashed
from infra.waiting import TookTooLong, wait_until

START_TIMEOUT = 90.0  # seconds; five do on an idle machine, a busy one can take a minute


def await_ready(name: str, process: Leashed, ready: Callable[[], bool]) -> None:
    """Wait until `ready`; raises ServersUnavailable with the end of the log if the server ends or takes too long."""
    deadline = time.monotonic() + START_TIMEOUT
    try:
        wait_until(lambda: not process.runs() or ready(), deadline, "is not ready in time")
    except TookTooLong as late:
        raise _unavailable(name, f"{late} ({START_TIMEOUT:.0f} s)", process) from late
    if not process.runs():
        raise _unavailable(name, "ended while it was starting", process)


def _unavailable(name: str, what: str, process: Leashed) -> ServersUnavailable:
    said = process.log.read_text(errors="replace").strip().splitlines()[-5:]
    return ServersUnavailable("\n".join([f"The local {name} {what}; its log ends:", *said]))
