"""How the rows of a file go to the rooms that own them: candidates to entries, sheets to scores."""

from collections.abc import Mapping

from services.assessment.entries.commands import EnrolRow
from services.assessment.entries.domain import known_by
from services.assessment.entries.handlers import Entries
from services.assessment.imports.domain import Kind
from services.assessment.imports.handlers import Taker
from services.assessment.scores.commands import SheetRow
from services.assessment.scores.handlers import Scoring
from shared.privacy import Sealer


def takers_of(entries: Entries, scoring: Scoring, sealer: Sealer) -> Mapping[Kind, Taker]:
    """By kind of file who takes its rows; a person stands in a file once, a sheet is replaced by a later row."""
    return {
        Kind.ENTRIES: Taker(
            row=EnrolRow,
            take=entries.enrol,
            check=lambda act, batch, rows, ahead: entries.check(batch, rows, act.scope, ahead=ahead),
            key=lambda row: sealer.index(known_by(row)),
            field="/id_number",
        ),
        Kind.SCORES: Taker(
            row=SheetRow,
            take=scoring.score,
            check=lambda act, batch, rows, _: scoring.check(batch, rows, act.caller, act.scope),
            key=lambda row: str(row.sheet),
            field="/work_piece",
            replaces=True,
        ),
    }
