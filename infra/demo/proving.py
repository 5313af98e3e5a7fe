"""A subscriber proves at the end that it was told everything, by the code of `python -m infra.verify`."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from infra.drive.spine import until
from infra.drive.world import World
from infra.verify.holding import Finding, Holding
from infra.verify.report import named, told
from infra.verify.signed import Checkpoint, checked, keys_of
from shared.clock import set_offset

HOUR = 3600.0  # seconds
LOST = range(17, 20)
"""The places that are left out to see whether they are named."""
Event = dict[str, Any]


@dataclass(frozen=True)
class Proved:
    """What the verifier said of a whole line, and of the same line with a gap."""

    sentence: str
    complete: bool
    lost: str
    named: str


async def checkpoint_line(world: World) -> Proved:
    """An hour later the longest line has a checkpoint over all it has said: prove that all of it is there."""
    head = await longest(world)
    move_on(world, HOUR)
    line, keys = str(head["line"]), await world.center.get("notification", "/v1/checkpoints/keys")
    latest = await until(lambda: _covering(world, line, head["place"]), f"a checkpoint of line {line}")
    checkpoint = checked(latest["signed"], keys_of(json.dumps(keys)))
    events = await events_of(world, line, checkpoint.place)
    holding, finding = _held(checkpoint, events)
    lost = range(min(LOST.start, checkpoint.place), min(LOST.stop, checkpoint.place + 1))
    _, gap = _held(checkpoint, [event for event in events if event["place"] not in lost])
    return Proved("; ".join(told(line, holding, finding)), finding.complete, named([lost]), named(gap.missing))


async def longest(world: World) -> Event:
    """The line that has said most, and how far it has come."""
    rows: list[Event] = (await world.center.get("notification", "/v1/lines"))["rows"]
    return max(rows, key=lambda row: int(row["place"]))


def move_on(world: World, seconds: float) -> None:
    """Move the business clock of all services."""
    file = world.stack.clock_file
    set_offset(file, float(file.read_text(encoding="ascii")) + seconds)


async def events_of(world: World, line: str, last: int) -> list[Event]:
    """The events of a line up to a place."""
    events: list[Event] = []
    place: int | None = 1
    while place is not None:
        path = f"/v1/lines/{line}/events"
        run = await world.center.get("notification", path, from_place=place, to_place=last, limit=1000)
        events += run["rows"]
        place = run["next"]
    return events


async def _covering(world: World, line: str, place: int) -> Event | None:
    rows = (await world.center.get("notification", "/v1/lines"))["rows"]
    if not any(row["line"] == line and row["covered"] >= place for row in rows):
        return None
    latest: Event = await world.center.get("notification", "/v1/checkpoints/latest", line=line)
    return latest


def _held(checkpoint: Checkpoint, events: Iterable[Event]) -> tuple[Holding, Finding]:
    holding = Holding([checkpoint])
    for event in events:
        holding.take(event)
    return holding, holding.judged()
