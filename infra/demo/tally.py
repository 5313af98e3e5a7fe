"""What the demo sent and what it was told; the checks compare it with what the services hold."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from infra.demo.correction import Corrected
from infra.drive.people import Person
from infra.drive.world import Unit


@dataclass
class Batch:
    """One batch of the demo."""

    id: str
    unit: Unit
    occupation: str
    people: list[Person]
    entries: list[str] = field(default_factory=list)


class Failed(NamedTuple):
    """Somebody who failed the theory part."""

    batch: Batch
    entry: str
    person: Person


@dataclass
class Tally:
    """Counts of what was sent, what was refused by which rule, and whose stories are told."""

    accepted: int = 0
    passed: int = 0
    failed: int = 0
    publicised: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    batches: list[Batch] = field(default_factory=list)
    failures: list[Failed] = field(default_factory=list)
    mended: str = ""
    objected: str = ""
    resat: str = ""
    frozen: str = ""
    evaluated: str = ""
    corrected: Corrected = field(init=False)
