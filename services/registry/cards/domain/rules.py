"""What a card must keep to: numbers, qualifications, scopes, days and grades, as the data has them on a day."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from services.registry.cards.domain.evidence import Alternative, CardKind, Evidence, Ladders
from shared.errors import Fault, Kind
from shared.events.base import Record
from shared.events.registry import Scope
from shared.workdays import years_later

Offered = Mapping[str, frozenset[str]]
"""Levels offered by the standard editions in force, by occupation."""


class NotQualified(Fault):
    """The papers shown do not qualify for this card."""

    slug, kind = "card-not-qualified", Kind.CONFLICT


class OutsideStandards(Fault):
    """The card names an occupation or level that no published standard offers or this kind of card does not reach."""

    slug, kind = "card-outside-standards", Kind.CONFLICT


class RepeatedScope(Fault):
    """The card names an occupation twice."""

    slug, kind = "card-scope-repeated", Kind.CONFLICT


class WrongDay(Fault):
    """The day is not one this can happen on."""

    slug, kind = "card-day", Kind.CONFLICT


class OutsideWindow(Fault):
    """A card is renewed around the end of its term only."""

    slug, kind = "card-renewal-window", Kind.CONFLICT


class UnknownGrade(Fault):
    """The list of grades does not have this one."""

    slug, kind = "card-grade", Kind.CONFLICT


class NoIssuerCode(Fault):
    """This issuer has no two-digit code for card numbers; it must be added to the data."""

    slug, kind = "card-issuer-code", Kind.CONFLICT


class SeriesExhausted(Fault):
    """The issuer's numbers of this year are used up; a longer form of number is needed."""

    slug, kind = "card-series-exhausted", Kind.CONFLICT


class BrokenCardNumber(Fault):
    """The parts of a card number do not make the form in the data; mend the data."""

    slug, kind = "card-number-format", Kind.UNFORESEEN


class Serial(Record):
    """The counted part of a number."""

    digits: int
    first: int
    last: int


class CardNumbers(Record):
    """How the numbers of one kind of card are built: prefix, issuer, year (2 digits), serial."""

    card: CardKind
    prefix: str
    pattern: str
    serial: Serial

    def number(self, issuer: str, year: int, serial: int) -> str:
        """The number of that serial; `SeriesExhausted` beyond the last."""
        if serial > self.serial.last:
            raise SeriesExhausted(f"{self.prefix} {issuer} {year} ends at {self.serial.last}", rule="card.number")
        number = f"{self.prefix}{issuer}{year % 100:02d}{serial:0{self.serial.digits}d}"
        if re.fullmatch(self.pattern, number) is None:
            raise BrokenCardNumber(f"{number} is not of the form {self.pattern}")
        return number


class Ladder(Record):
    """The steps of one kind of evidence, lowest first."""

    kind: str
    steps: tuple[str, ...]


class YearGrade(Record):
    """One grade of a year's work."""

    id: str
    zh: str


class Issuers(Record):
    """Two-digit codes of issuers whose line is not two digits itself."""

    codes: dict[str, str]


class CardData(Record):
    """The data file of cards."""

    ladders: tuple[Ladder, ...]
    qualifications: tuple[Alternative, ...]
    renewals: tuple[Alternative, ...]
    numbers: tuple[CardNumbers, ...]
    issuers: Issuers
    grades: tuple[YearGrade, ...]

    def issuer(self, line: str) -> str:
        """The two digits of an authority line."""
        code = self.issuers.codes.get(line, line)
        if re.fullmatch("[0-9]{2}", code) is None:
            raise NoIssuerCode(f"add a code of line {line} to the issuers of cards.json", rule="card.number")
        return code

    def numbers_of(self, kind: CardKind) -> CardNumbers:
        """How that kind is numbered."""
        return next(row for row in self.numbers if row.card is kind)

    def steps(self) -> Ladders:
        """The ladders by kind of evidence."""
        return {row.kind: row.steps for row in self.ladders}


class CardRules(Record):
    """What holds for one kind of card on a day."""

    kind: CardKind
    today: date
    term_years: int
    levels: tuple[str, ...]
    opens_days: int
    late_days: int
    backdated_days: int
    ahead_days: int
    refusals: int | None
    data: CardData

    def check_first_day(self, day: date) -> None:
        """A term begins around the day it is granted."""
        if day < self.today - timedelta(days=self.backdated_days):
            detail = f"a card may begin at most {self.backdated_days} days back"
            raise WrongDay(detail, field="/valid_from", rule="card.backdated_days")
        if day > self.today + timedelta(days=self.ahead_days):
            detail = f"a card may begin at most {self.ahead_days} days ahead"
            raise WrongDay(detail, field="/valid_from", rule="card.issued_ahead_days")

    def last_day(self, first: date) -> date:
        """The last day of a term."""
        return years_later(first, self.term_years) - timedelta(days=1)

    def next_first_day(self, last: date) -> date:
        """When a further term begins after one that ends on `last`; `OutsideWindow` when it is not the time."""
        opens = last - timedelta(days=self.opens_days)
        if self.today < opens:
            raise OutsideWindow(f"it can be renewed from {opens} on", rule="card.renewal_opens_days")
        if self.is_too_late(last):
            detail = f"its term ended on {last}, more than {self.late_days} days ago; issue a new card"
            raise OutsideWindow(detail, rule="card.late_renewal_days")
        return max(last + timedelta(days=1), self.today)

    def is_too_late(self, last: date) -> bool:
        """Whether a card whose last term ended on `last` can be renewed no more."""
        return self.today > last + timedelta(days=self.late_days)

    def check_qualified(self, shown: Sequence[Evidence]) -> None:
        """The papers meet one alternative of the kind."""
        self._check(self.data.qualifications, shown, "qualification")

    def check_retrained(self, shown: Sequence[Evidence], since: date) -> None:
        """The papers, those after the day given, are enough for a further term."""
        self._check(self.data.renewals, [paper for paper in shown if paper.since > since], "renewal")

    def _check(self, alternatives: Sequence[Alternative], shown: Sequence[Evidence], what: str) -> None:
        mine = [row for row in alternatives if row.card is self.kind]
        if not any(row.met_by(shown, self.data.steps(), self.today) for row in mine):
            needed = "; or ".join(map(str, mine))
            raise NotQualified(f"{what} of a {self.kind} needs {needed}", field="/evidence", rule=f"card.{what}")

    def check_scopes(self, scopes: Sequence[Scope], offered: Offered) -> None:
        """Occupations that standards offer, each once, at levels this kind of card reaches."""
        named: set[str] = set()
        for place, scope in enumerate(scopes):
            pointer = f"/scopes/{place}"
            if scope.occupation in named:
                raise RepeatedScope(f"{scope.occupation} is named before", field=f"{pointer}/occupation")
            named.add(scope.occupation)
            self._check_scope(scope, offered, pointer)

    def _check_scope(self, scope: Scope, offered: Offered, pointer: str) -> None:
        if scope.occupation not in offered:
            raise OutsideStandards(f"no standard of {scope.occupation} is published", field=f"{pointer}/occupation")
        if not scope.levels:
            raise OutsideStandards("name at least one level", field=f"{pointer}/levels")
        if beyond := set(scope.levels) - set(self.levels):
            detail = f"the kind {self.kind} does not reach level {', '.join(sorted(beyond))}"
            raise OutsideStandards(detail, field=f"{pointer}/levels", rule=f"{self.kind}.levels")
        if beyond := set(scope.levels) - offered[scope.occupation]:
            detail = f"level {', '.join(sorted(beyond))} is not offered for {scope.occupation}"
            raise OutsideStandards(detail, field=f"{pointer}/levels")

    def check_grade(self, grade: str, year: int) -> None:
        """A grade of the list, for a year that has begun."""
        known = [row.id for row in self.data.grades]
        if grade not in known:
            raise UnknownGrade(f"the grades are {', '.join(known)}", field="/grade", rule="card.grades")
        if year > self.today.year:
            raise WrongDay(f"{year} has not begun", field="/year")
