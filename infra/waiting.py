"""Bounded waits for a server that is on its way up."""

import time
from collections.abc import Callable


class TookTooLong(Exception):  # noqa: N818 - named for what went wrong
    """What was waited for did not come true in time; the message says what it was."""


def wait_until(done: Callable[[], bool], deadline: float, otherwise: str, pause: float = 0.05) -> None:
    """Ask again and again until `done`; past the deadline (monotonic time) raise TookTooLong(otherwise).

    It asks at least once. `pause` is the seconds between two questions.
    """
    while not done():
        if time.monotonic() > deadline:
            raise TookTooLong(otherwise)
        time.sleep(pause)
