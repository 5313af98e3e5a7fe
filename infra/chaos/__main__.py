"""`python -m infra.chaos`: faults during the spine for 2,000 entries; prints a table, writes `build/chaos.json`."""

import asyncio
import json
import time
from collections import Counter, defaultdict
from dataclasses import asdict
from datetime import datetime
from datetime import time as hour
from typing import Annotated

from cyclopts import Parameter, run
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from infra.chaos.faults import Faults
from infra.chaos.ledger import Ledger, again, balance, noticed, unannounced, unnoticed, untold
from infra.chaos.waves import START, Waves
from infra.demo.checks import feed_of
from infra.drive.spine import NeverCame, until
from infra.drive.world import build_folder, world
from infra.local.stack import Stack, stack
from shared.clock import SHANGHAI

BATCH = 25


async def _under_faults(running: Stack, entries: int, faults: Faults, least: int, console: Console) -> Ledger:
    columns = (TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    async with world(running) as around:
        waves = Waves(around, BATCH)
        await waves.prepare()
        with Progress(*columns, console=console) as progress:
            injecting = asyncio.create_task(faults.run())
            showing = asyncio.create_task(_shown(progress, waves, faults, entries, least))
            await waves.run(entries, faults, least)
            faults.stopping = True
            await injecting
            showing.cancel()
        with console.status("everything runs again; waiting for the rest…"):
            unsettled = await waves.unsettled()
            await _told_everything(waves)
            return await balance(around, waves.passed, unsettled, waves.replay)


async def _shown(progress: Progress, waves: Waves, faults: Faults, entries: int, least: int) -> None:
    examined, injected = progress.add_task("entries examined", total=entries), progress.add_task("faults", total=least)
    while True:
        progress.update(examined, completed=len(waves.passed))
        progress.update(injected, completed=len(faults.done))
        await asyncio.sleep(0.5)


async def _told_everything(waves: Waves) -> None:
    """Until every event was announced and, of a feed that no longer grows, delivered; or it is given up.

    The business clock moves on by a day: a delivery that met a fault waits for its next attempt.
    """
    waves.a_day_on()

    around, received = waves.world, waves.world.receiver.verified

    async def told() -> bool | None:
        before = {event["id"] for event in await feed_of(around)}
        await asyncio.sleep(1)
        feed = await feed_of(around)
        after = {event["id"] for event in feed}
        if not before == after <= received.keys() or untold(await again(around, waves.replay), feed, received):
            return None
        return not (unnoticed(feed, await noticed(around)) or unannounced(around.stack)) or None

    try:
        await until(told, "the last webhook", within=180)
    except NeverCame:
        return  # the ledger names what is missing


def chaos(
    entries: Annotated[int, Parameter(help="entries to examine at least")] = 2000,
    faults: Annotated[int, Parameter(help="faults to inject at least")] = 24,
    seed: Annotated[int | None, Parameter(help="repeat the faults of a run")] = None,
) -> int:
    """Inject faults while the spine runs; nothing may be lost, doubled or stuck."""
    console = Console()
    chosen = seed if seed is not None else time.time_ns() % 1_000_000
    console.print(f"seed {chosen}")
    begin = datetime.combine(START, hour(9), SHANGHAI)
    with stack(at=begin) as running:
        injected = Faults(running, chosen)
        ledger = asyncio.run(_under_faults(running, entries, injected, faults, console))
    return _report(console, injected, ledger)


def _report(console: Console, faults: Faults, ledger: Ledger) -> int:
    healed: dict[str, list[float]] = defaultdict(list)
    for kind, seconds in faults.done:
        healed[kind].append(seconds)
    table = Table("fault", "times", "longest recovery, s", title=f"{len(faults.done)} faults")
    for kind, recoveries in sorted(healed.items()):
        table.add_row(kind, str(len(recoveries)), f"{max(recoveries):.1f}")
    console.print(table)
    wrong = {name: getattr(ledger, name) for name in ("lost", "doubled", "stuck")}
    for name, rows in wrong.items():
        for row in rows[:20]:
            console.print(f"{name}: {row}")
    counts = {**asdict(ledger), **{name: len(rows) for name, rows in wrong.items()}}
    result = {"faults": len(faults.done), "seed": faults.seed, **counts}
    result["kills_of_notification"] = faults.tellers
    result["kinds"] = Counter(kind for kind, _ in faults.done)
    build_folder("").joinpath("chaos.json").write_text(json.dumps(result, indent=1) + "\n")
    console.print(json.dumps(result))
    return 1 if any(wrong.values()) else 0


if __name__ == "__main__":
    raise SystemExit(run(chaos))
