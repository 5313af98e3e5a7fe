"""Asks a server as fast as it answers, by wrk: keep-alive connections, numbers at random, only answers counted."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from infra.local.install import wrk

SCRIPT = Path(__file__).with_name("numbers.lua")
CONNECTIONS = 32


class Unanswered(Exception):  # noqa: N818 - named for what went wrong
    """Some requests were refused or lost, so that the rate would mean nothing."""


@dataclass(frozen=True)
class Pace:
    """How fast a server answered."""

    per_s: float
    p50_ms: float
    p99_ms: float


def ask(base: str, path: str, numbers: Path, seconds: int) -> Pace:
    """Ask `base + path + number` for so many seconds, with numbers of the file; raises Unanswered."""
    command = [
        str(wrk()),
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{seconds}s",
        "-s",
        str(SCRIPT),
        base,
        "--",
        path,
        str(numbers),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return pace_of(done.stdout)


def pace_of(said: str) -> Pace:
    """What the script said in its last line."""
    told = json.loads(said.strip().splitlines()[-1])
    if told["failed"] or not told["requests"]:
        raise Unanswered(f"{told['failed']} of {told['requests']} requests were not answered")
    return Pace(
        per_s=told["requests"] / (told["microseconds"] / 1e6),
        p50_ms=told["p50_us"] / 1000,
        p99_ms=told["p99_us"] / 1000,
    )
