"""Reads a file of events line by line into what is held of each line."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from json import loads
from pathlib import Path

from infra.verify.holding import Holding, readable
from infra.verify.signed import Checkpoint

SHOWN = 5


@dataclass
class Read:
    """What a file holds: of each line that has a checkpoint, and how much else."""

    lines: dict[str, Holding]
    events: int = 0
    others: int = 0
    """Events of lines without a checkpoint here."""
    unreadable: list[int] = field(default_factory=list)
    """The first rows of the file that are no event; they count as not held."""


def read(file: Path, checkpoints: Mapping[str, Sequence[Checkpoint]], moved: Callable[[int], None]) -> Read:
    """Read all of it once; `moved` is told of bytes done."""
    found = Read({line: Holding(rows) for line, rows in checkpoints.items()})
    for row, text in enumerate(_rows(file), start=1):
        moved(len(text))
        if text.strip():
            _take(found, row, text)
    return found


def _rows(file: Path) -> Iterator[bytes]:
    with file.open("rb") as lines:
        yield from lines


def _take(found: Read, row: int, text: bytes) -> None:
    try:
        event = loads(text)
    except (ValueError, RecursionError):
        event = None
    if not readable(event):
        found.unreadable = [*found.unreadable, row][:SHOWN]
        return
    found.events += 1
    holding = found.lines.get(event.get("authority")) if isinstance(event.get("authority"), str) else None
    if holding is None:
        found.others += 1
    else:
        holding.take(event)
