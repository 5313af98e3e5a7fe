"""What an entry is explained from: it, its batch, and what is stored beside them; and the shape of a check."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import Field

from services.assessment.batches.domain import Batch
from services.assessment.entries.domain import Entry, Sheet
from services.assessment.mirrors.domain import Card, Standard
from services.assessment.results.domain import Chunk
from shared.events.base import Record
from shared.events.registry import Part

THEORY = "theory"
"""The one part that may be marked with a common sheet, without a group."""


class Check(Record):
    """One rule, whether it holds, and by what."""

    rule: str
    holds: bool
    evidence: str = Field(description="what is stored that shows it, or what is missing")
    source: str = Field(description="whose rule it is")


class Limits(NamedTuple):
    """How large a group of assessors is, by the rules of the day."""

    group_min: int = 3
    odd: bool = True


DEFAULT = Limits()


@dataclass(frozen=True)
class Known:
    """What is stored beside the entry and its batch.

    `objections` are those of the entry as they are stored; `sealed_by` makes the digest of a sheet anew.
    """

    edition: Standard | None = None
    cards: Mapping[str, Card] = field(default_factory=dict)
    chunks: Sequence[Chunk] = ()
    objections: Sequence[Mapping[str, Any]] = ()
    limits: Limits = DEFAULT
    sealed_by: Callable[[Sheet], str] | None = None


class Case(NamedTuple):
    """An entry with its batch and all that is known of both."""

    entry: Entry
    batch: Batch
    known: Known

    @property
    def sat(self) -> tuple[Part, ...]:
        """The parts that were examined, not carried over."""
        return self.entry.to_sit(self.batch.parts)
