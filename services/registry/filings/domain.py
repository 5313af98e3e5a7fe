"""Filing results: what is accepted gets the next numbers of its series, what is refused gets a reason."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from services.registry.certificates.domain import Certificate, Grounds, NumberFormat, OnRecord, Status
from services.registry.organisations.domain import Organisation
from shared.entity import Entity
from shared.events.assessment import ResultsFinalised
from shared.events.base import Event, Record
from shared.events.registry import FilingRejected

ALREADY_CERTIFIED = "already-certified"
SANCTIONED = "sanctioned"
SERIES_EXHAUSTED = "series-exhausted"
LEVEL_WITHOUT_NUMBER = "level-without-number"
ISSUER_WITHOUT_CODE = "issuer-without-code"
ONE_PLACE = "this person holds a certificate of the same occupation and level"


class Refusal(NamedTuple):
    """Why something is not filed: a stable slug, and the rule in words."""

    reason: str
    detail: str


class Terms(Record):
    """Under what a chunk is filed: in which line, under which regime, by which issuer, with which numbers."""

    authority: str
    regime: str
    issuer: str
    """The unit's code under the regime; empty when it has none."""
    format: NumberFormat

    def refuses(self, level: str) -> Refusal | None:
        """Why no result of that level can be numbered, or None."""
        if level not in self.format.levels:
            levels = ", ".join(self.format.levels)
            detail = f"the {self.format.id} has numbers for the levels {levels}; level {level} has no code"
            return Refusal(LEVEL_WITHOUT_NUMBER, detail)
        if not self.issuer:
            detail = f"the unit has no issuer code of the regime {self.regime}; have it entered and file again"
            return Refusal(ISSUER_WITHOUT_CODE, detail)
        return None


class Refused(Record):
    """One result that is not filed."""

    entry: str
    reason: str
    detail: str


class Filing(Entity):
    """What became of one chunk of results, decided once; its numbers are `start` … `start + len(accepted) - 1`.

    The filings of a series follow each other without a gap: (series, start) is unique and each starts where
    the one before it ends. It also keeps what its certificates rest on, so that they are found by it.
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
    regime: str = "appraisal"
    occupation: str = ""
    level: str = ""
    standard: str = ""
    exam_on: date | None = None
    begun_on: date | None = None
    plan: str = ""
    plan_edition: int = 1
    site: str = ""
    assessors: tuple[str, ...] = ()
    supervisor: str = ""

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


KEPT = (
    *("unit", "batch", "occupation", "level", "standard", "exam_on", "begun_on"),
    *("plan", "plan_edition", "site", "assessors", "supervisor"),
)
"""What a filing keeps of the results it was decided on."""


def issuer(unit: Organisation, regime: str) -> str:
    """The unit's code under a regime; empty when it has none. `issuer_code` is the one of appraisal."""
    return unit.issuer_codes.get(regime) or (unit.issuer_code if regime == "appraisal" else "")


def decide(
    identity: str,
    unit: Organisation,
    said: ResultsFinalised,
    terms: Terms,
    personal: Mapping[str, Refusal],
    today: date,
) -> Filing:
    """Who of a chunk is filed; `personal` are the entries whose person cannot be."""
    refusal = unit.refuses(said.occupation, said.level, said.exam_on, today) or terms.refuses(said.level)
    reasons = {row.entry: refusal or personal.get(row.entry) for row in said.results}
    accepted = tuple(entry for entry, reason in reasons.items() if reason is None)
    return Filing(
        id=identity,
        authority=terms.authority,
        regime=terms.regime,
        issuer=terms.issuer,
        series=f"{terms.issuer}-{today.year}-{said.level}",
        start=None,
        count=len(accepted),
        accepted=accepted,
        refused=tuple(
            Refused(entry=entry, reason=str(reason[0]), detail=reason[1]) for entry, reason in reasons.items() if reason
        ),
        filed_on=today,
        **{name: getattr(said, name) for name in KEPT},
    )


def personal_refusals(
    said: ResultsFinalised, persons: Mapping[str, str], records: Iterable[OnRecord], today: date
) -> dict[str, Refusal]:
    """The entries whose person is sanctioned, has that occupation and level already, or comes twice in the chunk."""
    return dict(_personal_refusals(said, persons, list(records), today))


def _personal_refusals(
    said: ResultsFinalised, persons: Mapping[str, str], records: Sequence[OnRecord], today: date
) -> Iterator[tuple[str, Refusal]]:
    dated = sorted((row.sanctioned_until, row.person) for row in records if row.sanctioned_until)
    sanctions = {person: until for until, person in dated}  # of several the longest
    taken = {row.person: row.certificate for row in records if row.holds(said.occupation, said.level)}
    for row in said.results:
        person = persons[row.entry]
        until = sanctions.get(person)
        if until is not None and today <= until:
            yield row.entry, Refusal(SANCTIONED, f"a fraud of this person is on record until {until}; file it after")
        elif taken.setdefault(person, row.entry) != row.entry:
            yield row.entry, Refusal(ALREADY_CERTIFIED, ONE_PLACE)


def exhausted(filing: Filing, last: int) -> Filing:
    """The same filing with nothing accepted: the series has no numbers left."""
    detail = f"the series {filing.series} ends at {last}; the issuer needs a further code"
    more = tuple(Refused(entry=entry, reason=SERIES_EXHAUSTED, detail=detail) for entry in filing.accepted)
    return filing.having(accepted=(), count=0, refused=(*filing.refused, *more))


def certificates(
    said: ResultsFinalised, filing: Filing, numbers: Mapping[str, str], persons: Mapping[str, str], now: datetime
) -> list[Certificate]:
    """The certificates of a filing's accepted results; `persons` are the keyed indexes of their ID numbers."""
    common = _common(said, filing, now)
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


def _common(said: ResultsFinalised, filing: Filing, now: datetime) -> Certificate:
    return Certificate(
        **dict.fromkeys(("id", "number", "holder", "person", "person_index"), ""),
        **dict.fromkeys(("serial", "theory", "practical"), 0),
        regime=filing.regime,
        series=filing.series,
        filing=filing.id,
        authority=filing.authority,
        unit=filing.unit,
        status=Status.VALID,
        occupation=said.occupation,
        level=said.level,
        standard=said.standard,
        batch=said.batch,
        exam_on=said.exam_on,
        filed_on=filing.filed_on,
        filed_at=now,
    )


def void_from_birth(certificate: Certificate) -> tuple[Certificate, Sequence[Event]]:
    """One whose place another chunk took while this one was decided: its number is on file and worth nothing."""
    grounds = Grounds(
        reason=ONE_PLACE, basis="one for each occupation and level", actor="system", at=certificate.filed_at
    )
    void, _ = certificate.voided(grounds)
    rejected = FilingRejected(
        entry=void.id, batch=void.batch, unit=void.unit, reason=ALREADY_CERTIFIED, detail=ONE_PLACE
    )
    return void, [rejected]
