"""The seal over all sheets: each digest is folded into the one before, so that a run can go on where one ended."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from services.assessment.entries.domain import Entry, Sheet
from services.assessment.scores.domain.sheets import sealed_by
from shared.events.base import Record


class Mismatch(Record):
    """A sheet that is not what was signed."""

    entry: str
    part: str
    assessor: str
    version: int
    rule: str


@dataclass(frozen=True, slots=True)
class Folded:
    """How far the sheets of a batch are folded."""

    digest: str = ""
    sheets: int = 0

    def with_digests(self, digests: Iterable[str]) -> "Folded":
        """The same with further sheets."""
        digest, sheets = self.digest, self.sheets
        for one in digests:
            digest, sheets = sha256(f"{digest}{one}".encode()).hexdigest(), sheets + 1
        return Folded(digest, sheets)


def sealed_sheets(sheets: Sequence[Sheet]) -> tuple[Sheet, ...]:
    """Of one entry: the newest version of each sheet before the seal, by part and assessor."""
    before = sorted((sheet for sheet in sheets if not sheet.amends), key=lambda row: row.version)
    newest = {(sheet.part, sheet.assessor): sheet for sheet in before}
    return tuple(newest[key] for key in sorted(newest))


def mismatches(entry: Entry) -> list[Mismatch]:
    """Sheets of an entry, in any version, that are not what was signed or are not its own."""
    pieces = {place.part: place.work_piece for place in entry.places}
    digests = {sheet.digest for sheet in entry.sheets} | {""}
    found = []
    for sheet in entry.sheets:
        rule = (
            ("digest" if sheet.digest != sealed_by(sheet) else "")
            or ("work-piece" if pieces.get(sheet.part) != sheet.work_piece else "")
            or ("version-missing" if sheet.replaces not in digests else "")
        )
        if rule:
            about = {"part": sheet.part, "assessor": sheet.assessor, "version": sheet.version}
            found.append(Mismatch(entry=entry.id, **about, rule=rule))
    return found
