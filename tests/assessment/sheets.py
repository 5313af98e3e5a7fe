"""Example work pieces and sheets: one of theory, and a practical one of each of three assessors."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from services.assessment.batches.domain import Batch
from services.assessment.entries.domain import Entry, Place
from services.assessment.scores.commands import SheetRow
from services.assessment.scores.domain import Paper, part_of, plain_paper, scored, signed
from tests.assessment.examples import CARDS, SHEET, entry, in_exam

THEORY = {"part": "theory", "points": 78.5, "scorer": "阅卷一组", "checker": "阅卷二组"}
CHECKER = "核分员"
HALF = 0.5
NOW = datetime(2019, 10, 12, 3, 0, 0, 123456, tzinfo=UTC)


def work_piece(part: str, candidate: str) -> str:
    """Any number that is the candidate's own."""
    return f"{part[0].upper()}{candidate[-12:]}"


def places(candidate: str, parts: Sequence[str] = ("theory", "practical"), turn: int = 1) -> tuple[Place, ...]:
    return tuple(
        Place(part=part, room=f"{part}-1", station=1, turn=turn, work_piece=work_piece(part, candidate))
        for part in parts
    )


def placed(number: int = 1, parts: Sequence[str] = ("theory", "practical"), **changes: Any) -> Entry:
    """A candidate with a place for each part."""
    found = entry(number)
    return found.having(places=places(found.id, parts), ticket=f"ticket-{number}", **changes)


def theory(candidate: str, points: Any = 78.5, **changes: Any) -> dict[str, Any]:
    """The row of a theory paper."""
    return {**THEORY, "work_piece": work_piece("theory", candidate), "points": points, **changes}


def practical(
    candidate: str, card: str = CARDS[0], points: Mapping[str, Any] = SHEET, **changes: Any
) -> dict[str, Any]:
    """The row of one assessor's practical sheet."""
    about = {"part": "practical", "work_piece": work_piece("practical", candidate), "scorer": card, "checker": CHECKER}
    return {**about, "points": dict(points), **changes}


def rows_of(candidate: str, theory_points: float = 80, points: Mapping[str, Any] = SHEET) -> list[dict[str, Any]]:
    """Every row that a candidate needs."""
    return [theory(candidate, theory_points), *(practical(candidate, card, points) for card in CARDS)]


def row(asked: Mapping[str, Any]) -> SheetRow:
    return SheetRow.model_validate(asked)


def paper(batch: Batch, part: str) -> Paper:
    return plain_paper(batch, part_of(batch, part), HALF)


def sign(entry: Entry, asked: dict[str, Any], batch: Batch | None = None, at: datetime = NOW) -> Entry:
    """The entry with a sheet more."""
    batch = batch or in_exam()
    return scored(entry, batch, signed(batch, paper(batch, asked["part"]), row(asked), at))


def sign_all(entry: Entry, rows: Sequence[dict[str, Any]], batch: Batch | None = None) -> Entry:
    for asked in rows:
        entry = sign(entry, asked, batch)
    return entry
