"""An import: one file of rows for a batch, gone through run by run; where it stands and whose turn is next."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple, Self

from shared.entity import Entity
from shared.errors import Fault
from shared.errors import Kind as FaultKind
from shared.events.assessment import ImportFinished
from shared.events.base import Event, Record

OLDEST_EVERY = 4
"""Every so many turns of a line its oldest import goes first, so that small ones cannot hold a big one up for ever."""


class Kind(StrEnum):
    """What the rows of a file are."""

    ENTRIES = "entries"
    SCORES = "scores"


class State(StrEnum):
    """Where an import stands."""

    RECEIVED = "received"
    """The whole file is here and can be read; no row was taken yet."""
    RUNNING = "running"
    """Some rows were gone through."""
    DONE = "done"
    """Every row was taken or refused."""
    FAILED = "failed"
    """It stopped at a row for a reason that is not the row's; it goes on from there once resumed."""


WAITING = (State.RECEIVED, State.RUNNING)


class NotStopped(Fault):
    """Only an import that stopped can be resumed."""

    slug, kind = "import-not-stopped", FaultKind.CONFLICT


class NotKept(Fault):
    """The file is not kept any more; send it again and the import goes on where it stopped."""

    slug, kind = "import-file-gone", FaultKind.CONFLICT


class ReportGone(Fault):
    """The refused rows are not kept any more."""

    slug, kind = "import-report-gone", FaultKind.CONFLICT


class GivenUp(Fault):
    """The same rows ended the work again and again."""

    slug, kind = "import-given-up", FaultKind.UNFORESEEN


class Sender(Record):
    """Who sent the file; its rows are taken in their name."""

    subject: str
    role: str
    organisation: str


class Cursor(Record):
    """The next row: where it begins in the file, and on which line."""

    offset: int
    line: int


class Import(Entity):
    """One file of one kind for one batch; `file` is where its pieces are kept, empty once they are not.

    `run` counts the runs of rows that were taken, `tries` the attempts at the next one since; `reached` are the rows
    gone through. `columns` are those of a table, in their order. `reported` says that its refused rows are kept.
    """

    batch: str
    unit: str
    occupation: str
    level: str
    kind: Kind
    dry_run: bool
    media: str
    digest: str
    size: int
    rows: int
    columns: tuple[str, ...]
    file: str
    sender: Sender
    correlation: str
    trace: str | None = None
    state: State = State.RECEIVED
    next: Cursor
    run: int = 0
    tries: int = 0
    reached: int = 0
    accepted: int = 0
    refused: int = 0
    reason: str = ""
    detail: str = ""
    reported: bool = True
    received_at: datetime
    ended_at: datetime | None = None

    @property
    def percent(self) -> int:
        """How much of it was gone through, in whole percent; 100 only when it is all."""
        return self.reached * 100 // self.rows

    def moved(self, run: int, to: Cursor, told: "Told", now: datetime) -> "tuple[Self, Sequence[Event]]":
        """A run of its rows was taken; one that was counted already, or that came too late, changes nothing."""
        if self.state not in WAITING or run != self.run:
            return self, []
        moved = self.having(
            state=State.RUNNING,
            next=to,
            run=run + 1,
            tries=0,
            reached=self.reached + told.rows,
            accepted=self.accepted + told.accepted,
            refused=self.refused + told.refused,
        )
        return moved.done(now) if moved.reached >= moved.rows else (moved, [])

    def done(self, now: datetime) -> "tuple[Self, Sequence[Event]]":
        """Every row was gone through; a dry run changed nothing, so it says nothing."""
        said = ImportFinished(
            batch=self.batch,
            unit=self.unit,
            occupation=self.occupation,
            level=self.level,
            import_id=self.id,
            kind=self.kind,
            rows=self.rows,
            accepted=self.accepted,
            refused=self.refused,
        )
        return self.having(state=State.DONE, file="", ended_at=now), [] if self.dry_run else [said]

    def failed(self, reason: str, detail: str, now: datetime) -> "tuple[Self, Sequence[Event]]":
        """It stops where it is."""
        if self.state not in WAITING:
            return self, []
        return self.having(state=State.FAILED, reason=reason, detail=detail, ended_at=now), []

    def resumed(self) -> "tuple[Self, Sequence[Event]]":
        """It goes on where it stopped."""
        if self.state is not State.FAILED:
            raise NotStopped(f"this import is {self.state}; only one that stopped is resumed")
        if not self.file:
            raise NotKept("its file is not kept any more; send it again to go on where it stopped")
        return self._going_on(self.file), []

    def sent_again(self, file: str) -> "tuple[Self, Sequence[Event]]":
        """The same file came again: it changes nothing, unless it stopped and the file was not kept."""
        if self.state is not State.FAILED or self.file:
            return self, []
        return self._going_on(file), []

    def let_go(self) -> "tuple[Self, Sequence[Event]]":
        """It stopped so long ago that the file is not kept any longer."""
        return (self.having(file=""), []) if self.state is State.FAILED and self.file else (self, [])

    def unreported(self) -> "tuple[Self, Sequence[Event]]":
        """It ended so long ago that its refused rows are not kept any longer."""
        over = self.reported and self.state not in WAITING
        return (self.having(reported=False), []) if over else (self, [])

    def must_be_reported(self) -> None:
        """Refuse to show an empty report where there was one."""
        if not self.reported:
            raise ReportGone("its refused rows are not kept any more; send the rows again as a dry run to see them")

    def _going_on(self, file: str) -> Self:
        state = State.RUNNING if self.run else State.RECEIVED
        return self.having(state=state, file=file, tries=0, reason="", detail="", reported=True, ended_at=None)


class Told(NamedTuple):
    """What became of the rows of one run."""

    rows: int
    accepted: int
    refused: int


def import_id(batch: str, kind: Kind, dry_run: bool, digest: str) -> str:
    """The same file for the same batch is the same import, whoever sends it and under whatever key."""
    named = f"{batch} {kind} {dry_run} {digest}"
    return f"import-{sha256(named.encode()).hexdigest()[:32]}"


# -- whose turn it is ----------------------------------------------------------------------------------


class Waiting(NamedTuple):
    """An import that is not at its end; `left` are the rows to go."""

    identity: str
    authority: str
    left: int
    received_at: datetime


class Served(NamedTuple):
    """When a line had its last turn, and how many it had."""

    at: datetime
    turns: int


def in_turn(waiting: Sequence[Waiting], served: Mapping[str, Served]) -> list[str]:
    """Imports in the order of their turns: the line that waited longest first, in a line the one with least to do."""
    lines: dict[str, list[Waiting]] = {}
    for row in waiting:
        lines.setdefault(row.authority, []).append(row)

    def since(line: str) -> tuple[bool, float, str]:
        last = served.get(line)
        return last is not None, last.at.timestamp() if last else 0, line

    return [row.identity for line in sorted(lines, key=since) for row in _within(lines[line], served.get(line))]


def _within(line: Sequence[Waiting], served: Served | None) -> list[Waiting]:
    oldest = sorted(line, key=lambda row: (row.received_at, row.identity))
    if served and served.turns % OLDEST_EVERY == OLDEST_EVERY - 1:
        return oldest
    return sorted(oldest, key=lambda row: row.left)
