"""Free ports on the loopback address."""

import random
import socket
from contextlib import ExitStack
from pathlib import Path

LOOPBACK = "127.0.0.1"
EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST = 15_000


def free_ports(count: int) -> list[int]:
    """Choose that many different ports nobody listens on.

    They lie below the range the kernel lends to outgoing connections: a server that is killed and started
    again on its port must not find it lent, nor may a client that keeps trying connect to itself.
    """
    chosen: list[int] = []
    with ExitStack() as held:
        while len(chosen) < count:
            candidate = held.enter_context(socket.socket())
            port = random.randrange(LOWEST, _first_lent_port())  # noqa: S311 - no secret
            try:
                candidate.bind((LOOPBACK, port))
            except OSError:
                continue
            chosen.append(port)
    return chosen


def _first_lent_port() -> int:
    try:
        lowest_lent = int(EPHEMERAL_RANGE.read_text().split()[0])
    except OSError:
        lowest_lent = 32_768
    return lowest_lent if lowest_lent > LOWEST + 1_000 else 65_536


def listens(port: int) -> bool:
    """Whether a connection to this loopback port is accepted."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True
