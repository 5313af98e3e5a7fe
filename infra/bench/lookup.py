"""The figures of reading: lookups among many against few and against a bare endpoint, and the memory of an export."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from infra.bench.asking import Pace, ask
from infra.bench.stock import fill, sample
from infra.local.leash import Leashed
from infra.local.stack import ROOT, ServiceProcess, Stack, stack
from infra.waiting import wait_until

FEW, MANY = 10_000, 1_000_000
ROUNDS = 5
SECONDS = 4  # of one run; the first second of each server is not counted
EXPORT_WITHIN = 600


@dataclass(frozen=True)
class Round:
    """A bare endpoint and ours, one after the other."""

    bare: Pace
    ours: Pace

    @property
    def of_bare(self) -> float:
        return self.ours.per_s / self.bare.per_s


@dataclass(frozen=True)
class Sized:
    """What was measured among so many certificates; `peak` is the service's memory during an export, in KiB."""

    rounds: list[Round]
    peak: int
    rows_per_s: float

    @property
    def of_bare(self) -> float:
        return median(row.of_bare for row in self.rounds)


def measure(few: int = FEW, many: int = MANY) -> dict[str, Any]:
    """Rounds of bare and ours among few and among many; each size is held against the bare rounds beside it."""
    with stack(only=("registry",)) as running, _bare(running.folder) as bare:
        small = _sized(running, bare, few)
        large = _sized(running, bare, many)
    return figures(small, large, few, many)


def figures(small: Sized, large: Sized, few: int, many: int) -> dict[str, Any]:
    """The ratios, and the rates they are made of."""
    return {
        "lookup.of_bare": round(small.of_bare, 3),
        "lookup.growth": round(large.of_bare / small.of_bare, 3),
        "lookup.per_s": round(median(row.ours.per_s for row in small.rounds)),
        "lookup.bare_per_s": round(median(row.bare.per_s for row in small.rounds)),
        "lookup.p99_ms": round(median(row.ours.p99_ms for row in large.rounds), 1),
        "lookup.rounds": len(small.rounds),
        "lookup.certificates": [few, many],
        "export.memory_growth": round(large.peak / small.peak, 3),
        "export.peak_mib": round(large.peak / 1024),
        "export.rows_per_s": round(large.rows_per_s),
    }


def _sized(running: Stack, bare: str, count: int) -> Sized:
    fill(running.servers, count)
    numbers = sample(running.servers, running.folder / "numbers")
    ours = running.url("registry")
    for base, path in ((bare, "/verify/"), (ours, "/v1/verify/")):
        ask(base, path, numbers, 1)
    rounds = [_round(bare, ours, numbers) for _ in range(ROUNDS)]
    started = time.perf_counter()
    peak = _export(running, count)
    return Sized(rounds, peak, count / (time.perf_counter() - started))


def _round(bare: str, ours: str, numbers: Path) -> Round:
    return Round(ask(bare, "/verify/", numbers, SECONDS), ask(ours, "/v1/verify/", numbers, SECONDS))


def _export(running: Stack, count: int) -> int:
    """Read all certificates as CSV; the most memory the service held while it wrote them."""
    service = running.services["registry"]
    headers = {"Authorization": f"Bearer {running.issuer.token('center', 'center', None)}"}
    process = Path(f"/proc/{_pid(service)}")
    process.joinpath("clear_refs").write_text("5", encoding="ascii")  # the peak is counted from now on
    url = f"{service.url}/v1/certificates/export?format=csv"
    lines = 0
    with httpx.stream("GET", url, headers=headers, timeout=EXPORT_WITHIN) as answer:
        for block in answer.iter_bytes():
            lines += block.count(b"\n")
    assert lines == count + 1, f"{lines} lines of {count} certificates"
    return peak_of(process.joinpath("status").read_text(encoding="ascii"))


def peak_of(status: str) -> int:
    """The peak of resident memory, KiB, that the kernel tells of a process."""
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))


def _pid(service: ServiceProcess) -> int:
    assert service.process is not None
    return service.process.pid


@contextmanager
def _bare(folder: Path) -> Iterator[str]:
    ready = folder / "bare.url"
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT)}
    process = Leashed([sys.executable, "-m", "infra.bench.bare", ready], environment, folder / "bare.log")
    try:
        wait_until(ready.exists, time.monotonic() + 20, "the bare endpoint does not start")
        yield ready.read_text(encoding="ascii")
    finally:
        process.stop(grace=3)
