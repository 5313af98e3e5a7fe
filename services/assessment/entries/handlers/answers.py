"""What those who enter candidates are told, row by row."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, Field

from shared.errors import Fault
from shared.http.rows import Refused, RowsTaken, refused_by


class EntriesTaken(RowsTaken):
    """What became of the candidates of one request; `entries` are the ids of those taken, in the rows' order."""

    entries: list[str]


class Person(BaseModel):
    """A candidate in clear."""

    name: str
    id_number: str
    id_type: str = Field(default="resident_id", description="which document the number is of")
    particulars: dict[str, Any] = Field(description="what else was told of the person")


@dataclass
class Outcome:
    """What became of each row of a request, by its line."""

    taken: dict[int, str] = field(default_factory=dict)
    faults: dict[int, Fault] = field(default_factory=dict)
    unread: list[Refused] = field(default_factory=list)
    enrolled: int = -1
    """How many are to be examined in the batch, as last counted or added up; -1 before it was counted."""

    def told(self) -> EntriesTaken:
        """The answer, refused rows by line."""
        refused = [*self.unread, *(refused_by(line, fault) for line, fault in self.faults.items())]
        refused.sort(key=lambda row: row.line)
        entries = [self.taken[line] for line in sorted(self.taken)]
        return EntriesTaken(accepted=len(entries), refused=refused, entries=entries)
