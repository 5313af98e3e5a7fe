"""Filing results: what is accepted gets the next numbers of its series, what is refused gets a reason."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from services.registry.certificates.domain import Certificate, Status
from services.registry.organisations.domain import Organisation
from services.registry.standings.domain import Standing
from shared.entity import Entity
from shared.errors import Fault, Kind
from shared.events.assessment import FinalResult, ResultsFinalised
from shared.events.base import Event, Record
from shared.events.registry import FilingRejected

ALREADY_CERTIFIED = "already-certified"
SERIES_EXHAUSTED = "series-exhausted"


class BrokenNumberFormat(Fault):
    """The number format and the issuer code do not go together; mend the data."""

    slug, kind = "number-format", Kind.UNFORESEEN


class NumberFormat(Record):
    """How a regime's numbers are built; `first` and `last` bound the serial of one year, issuer and level."""

    id: str
    pattern: str
    serial_digits: int
    first: int
    last: int

    def number(self, year: int, issuer: str, level: str, serial: int) -> str:
        """Year (2 digits), issuer, level, serial."""
        number = f"{year % 100:02d}{issuer}{level}{serial:0{self.serial_digits}d}"
        if re.fullmatch(self.pattern, number) is None:
            raise BrokenNumberFormat(f"{number} does not fit the format {self.id}")
        return number


class Refused(Record):
    """One result that is not filed."""

    entry: str
    reason: str
    detail: str


class Filing(Entity):
    """What became of one chunk of results, decided once; its numbers are `start` … `start + len(accepted) - 1`.

    The filings of a series follow each other without a gap: (series, start) is unique and each starts where
    the one before it ends.
    """

    unit: str
    batch: str
    series: str
    start: int | None
    count: int
    accepted: tuple[str, ...]
    refused: tuple[Refused, ...]
    issuer: str
    filed_on: date

    def numbers(self, format_: NumberFormat, level: str) -> dict[str, str]:
        """The number of each accepted entry."""
        first = self.start or 0
        return {
            entry: format_.number(self.filed_on.year, self.issuer, level, first + place)
            for place, entry in enumerate(self.accepted)
        }

    def rejections(self) -> Sequence[Event]:
        """What assessment must be told."""
        return [
            FilingRejected(entry=row.entry, batch=self.batch, unit=self.unit, reason=row.reason, detail=row.detail)
            for row in self.refused
        ]


def decide(
    identity: str,
    unit: Organisation,
    standing: Standing,
    said: ResultsFinalised,
    holding: frozenset[str],
    today: date,
) -> Filing:
    """Who of a chunk is filed; `holding` are entries whose person has that occupation and level already."""
    refusal = standing.refuses(said.occupation, said.level, said.exam_on, today, said.begun_on)
    refused = [_refused(row, refusal, holding) for row in said.results]
    out = tuple(row for row in refused if row is not None)
    names = {row.entry for row in out}
    accepted = tuple(row.entry for row in said.results if row.entry not in names)
    return Filing(
        id=identity,
        authority=unit.authority,
        unit=unit.id,
        batch=said.batch,
        series=f"{unit.issuer_code}-{today.year}-{said.level}",
        start=None,
        count=len(accepted),
        accepted=accepted,
        refused=out,
        issuer=unit.issuer_code,
        filed_on=today,
    )


def _refused(row: FinalResult, refusal: tuple[str, str] | None, holding: frozenset[str]) -> Refused | None:
    if refusal is not None:
        return Refused(entry=row.entry, reason=str(refusal[0]), detail=refusal[1])
    if row.entry in holding:
        return Refused(
            entry=row.entry,
            reason=ALREADY_CERTIFIED,
            detail="this person holds a valid certificate of the same occupation and level",
        )
    return None


def exhausted(filing: Filing, last: int) -> Filing:
    """The same filing with nothing accepted: the series has no numbers left."""
    detail = f"the series {filing.series} ends at {last}; the issuer needs a further code"
    more = tuple(Refused(entry=entry, reason=SERIES_EXHAUSTED, detail=detail) for entry in filing.accepted)
    return filing.having(accepted=(), count=0, refused=(*filing.refused, *more))


def certificates(
    said: ResultsFinalised, filing: Filing, numbers: Mapping[str, str], persons: Mapping[str, str], now: datetime
) -> list[Certificate]:
    """The certificates of a filing's accepted results; `persons` are the keyed indexes of their ID numbers."""
    common = Certificate.model_construct(
        id="",
        number="",
        regime="appraisal",
        series=filing.series,
        serial=0,
        filing=filing.id,
        place="",
        edition=1,
        prints=1,
        changes=(),
        filed_at=now,
        holder="",
        person="",
        person_index="",
        theory=0,
        practical=0,
        authority=filing.authority,
        unit=filing.unit,
        status=Status.VALID,
        occupation=said.occupation,
        level=said.level,
        standard=said.standard,
        batch=said.batch,
        exam_on=said.exam_on,
        filed_on=filing.filed_on,
    )
    # copies of one: building each by its fields takes four times as long, and a chunk has 500
    serials = {entry: (filing.start or 0) + place for place, entry in enumerate(filing.accepted)}
    return [
        common.having(
            id=row.entry,
            number=numbers[row.entry],
            serial=serials[row.entry],
            holder=row.holder,
            person=row.person,
            person_index=persons[row.entry],
            theory=row.theory,
            practical=row.practical,
        )
        for row in said.results
        if row.entry in numbers
    ]
