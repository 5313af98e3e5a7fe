"""`python -m infra.bench [filing] [load] …`: measures what is named or all, prints it, writes `build/bench.json`."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from infra.bench import fanout, filing, imports, latency, lookup, mosip
from infra.drive.world import build_folder
from infra.local.install import ServersUnavailable
from infra.local.stack import ROOT

MEASURES: Mapping[str, Callable[[], dict[str, Any]]] = {
    "filing": filing.measure,
    "lookup": lookup.measure,
    "imports": imports.measure,
    "fanout": fanout.measure,
    "latency": latency.measure,
    "load": mosip.measure,
}
AT_LEAST = {
    "filing.of_limit": 0.40,
    "filing.of_textbook": 3.0,
    "lookup.of_bare": 0.40,
    "lookup.growth": 0.85,
    "import.of_limit": 0.10,
    "fanout.of_limit": 0.50,
}
AT_MOST = {
    "export.memory_growth": 1.3,
    "import.memory_growth": 1.3,
    "latency.of_raw": 6.0,
    "load.amqp_p99_ms": 1_000.0,
}


def main(asked: Sequence[str]) -> None:
    """Measure what is asked, or everything; what misses its bar is said, and the exit code tells."""
    console = Console()
    if unknown := set(asked) - MEASURES.keys():
        raise SystemExit(f"no such figure: {', '.join(sorted(unknown))}; there are: {', '.join(MEASURES)}")
    figures: dict[str, Any] = {}
    for name in asked or MEASURES:
        console.print(f"measuring {name}, in rounds with its limits…")
        figures |= MEASURES[name]()
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    build_folder("").joinpath("bench.json").write_text(
        json.dumps({"commit": commit, "at": datetime.now(UTC).isoformat(), **figures}, indent=1) + "\n"
    )
    _show(console, commit, figures)
    if missed := missed_bars(figures):
        console.print(f"misses the bar: {', '.join(missed)}")
        raise SystemExit(1)


def _show(console: Console, commit: str, figures: Mapping[str, Any]) -> None:
    table = Table("figure", "value", "bar", title=f"skillcert bench, commit {commit[:10]}")
    bars = {name: f"≥ {bar}" for name, bar in AT_LEAST.items()} | {name: f"≤ {bar}" for name, bar in AT_MOST.items()}
    for name, value in figures.items():
        table.add_row(name, str(value), bars.get(name, ""))
    console.print(table)


def missed_bars(figures: Mapping[str, Any]) -> list[str]:
    """Which of the measured figures miss their bars."""
    low = [name for name, bar in AT_LEAST.items() if name in figures and figures[name] < bar]
    high = [name for name, bar in AT_MOST.items() if name in figures and figures[name] > bar]
    return low + high


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except ServersUnavailable as unavailable:
        sys.exit(str(unavailable))
