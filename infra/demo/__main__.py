"""`python -m infra.demo [N]`: the whole spine for N workers on a private stack; last line `OK …` or what failed."""

import asyncio
import sys
import time
from datetime import datetime
from datetime import time as hour
from typing import Annotated

from cyclopts import Parameter, run
from cyclopts.validators import Number
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from infra.demo.checks import Findings, completeness, examine
from infra.demo.pictures import Gallery, pictures
from infra.demo.proving import Proved, checkpoint_line
from infra.demo.story import START, Story
from infra.demo.tally import Tally
from infra.demo.telling import table_of
from infra.demo.traces import tree_of
from infra.drive.world import build_folder, world
from infra.local.install import ServersUnavailable
from infra.local.stack import ROOT, Stack, stack
from shared.clock import SHANGHAI

BEGIN = datetime.combine(START, hour(9), SHANGHAI)
STEPS = 60  # plans, sites and cards, batches, exams, results, certificates, the stories at the end


async def _told(running: Stack, count: int, console: Console) -> tuple[Tally, Gallery, Findings, Proved]:
    columns = (TextColumn("{task.description:60}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    async with world(running) as around:
        with Progress(*columns, console=console) as progress:
            bar = progress.add_task("", total=STEPS)
            tally = await Story(around, count, lambda text: progress.update(bar, advance=1, description=text)).run()
            progress.update(bar, description="证书与核验页 the certificate on paper, and its page")
            gallery = await pictures(around, tally.corrected, build_folder("demo"))
            progress.update(bar, completed=STEPS, description="核对 every number in four services")
            found = await examine(around, tally)
            progress.update(bar, description="完整性证明 what a subscriber proves to hold")
            return tally, gallery, found, await checkpoint_line(around)


def _print(console: Console, tally: Tally, gallery: Gallery, found: Findings, proved: Proved) -> list[str]:
    """Everything there is to see; the names of the numbers that do not agree."""
    checks = [*found.checks, *gallery.checks, *completeness(proved)]
    console.print(tree_of(found.spans))
    console.print(table_of(found.timeline))
    refused = Table("what was refused", "times", title="refusals, each with its rule")
    for rule, times in sorted(tally.refused.items()):
        refused.add_row(rule, str(times))
    console.print(refused)
    table = Table("number", "as each party knows it", "agrees", title="the four services compared")
    for check in checks:
        values = " · ".join(f"{name} {value}" for name, value in check.values.items())
        table.add_row(check.name, values, "yes" if check.agrees else "[bold red]NO[/]")
    console.print(table)
    for line in (*(f"see {file.relative_to(ROOT)}" for file in gallery.files), *gallery.missing):
        console.print(line, soft_wrap=True)
    console.print(f"a subscriber's proof: {proved.sentence}", soft_wrap=True)
    return [check.name for check in checks if not check.agrees]


def demo(n: Annotated[int, Parameter(help="workers to examine", validator=Number(gte=1))] = 200) -> int:
    """Run the main job for N workers and check every result."""
    console = Console(width=None if sys.stdout.isatty() else 160)
    started = time.monotonic()
    try:
        with console.status("starting RabbitMQ, MongoDB and the four services…"), stack(at=BEGIN) as running:
            tally, gallery, found, proved = asyncio.run(_told(running, n, console))
    except ServersUnavailable as unavailable:
        console.print(str(unavailable))
        return 1
    if wrong := _print(console, tally, gallery, found, proved):
        console.print(f"FAILED: these numbers do not agree: {', '.join(wrong)}")
        return 1
    certificates = len(found.certificates)
    console.print(
        f"OK {n} workers: {certificates} certificates, {tally.failed} failed, "
        f"{sum(tally.refused.values())} refused; evaluation {tally.evaluated}; {time.monotonic() - started:.0f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(run(demo))
