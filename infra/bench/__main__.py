"""`python -m infra.bench`: measures, prints a table, writes `build/bench.json`."""

import json
import subprocess
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from infra.bench import filing
from infra.drive.world import build_folder
from infra.local.stack import ROOT

BARS = {"filing.of_limit": 0.40, "filing.of_textbook": 3.0}


def main() -> None:
    """Measure everything; what is below its bar is said, and the exit code tells."""
    console = Console()
    with console.status("measuring filing: raw limit, textbook chain, ours, three rounds…"):
        figures = filing.measure()
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    build_folder("").joinpath("bench.json").write_text(
        json.dumps({"commit": commit, "at": datetime.now(UTC).isoformat(), **figures}, indent=1) + "\n"
    )
    table = Table("figure", "value", "bar", title=f"skillcert bench, commit {commit[:10]}")
    for name, value in figures.items():
        table.add_row(name, str(value), str(BARS.get(name, "")))
    console.print(table)
    below = [name for name, bar in BARS.items() if figures[name] < bar]
    if below:
        console.print(f"below the bar: {', '.join(below)}")
        raise SystemExit(1)


if __name__ == "__main__":
    main()
