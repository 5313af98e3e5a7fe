"""The life of a card: its terms, suspensions and grades, and whether it holds on a day."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from services.registry.cards.commands import (
    ChangeEmployer,
    ChangeScopes,
    GradeCard,
    RenewCard,
    RevokeCard,
    SuspendCard,
)
from services.registry.cards.domain.evidence import CardKind, Evidence
from services.registry.cards.domain.history import (
    AlreadyGraded,
    Change,
    Grading,
    Refusal,
    Reveal,
    Status,
    Suspension,
    Term,
    WrongState,
)
from services.registry.cards.domain.rules import CardRules, Offered, WrongDay
from shared.entity import Entity
from shared.events.base import Event
from shared.events.registry import (
    CardChanged,
    CardGraded,
    CardLapsed,
    CardReinstated,
    CardRenewed,
    CardRevoked,
    CardStanding,
    CardSuspended,
    Scope,
)

Decision = tuple["Card", Sequence[Event]]
Said = TypeVar("Said", bound=CardStanding)


class Card(Entity):
    """A person's card of one kind; `held` until it is revoked or a new card took its place."""

    number: str
    series: str
    serial: int
    kind: CardKind
    holder: str
    id_number: str
    person: str
    person_index: str
    employer: str
    scopes: tuple[Scope, ...]
    terms: tuple[Term, ...]
    valid_from: date
    valid_until: date
    suspensions: tuple[Suspension, ...] = ()
    suspended_on: date | None = None
    ended_on: date | None = None
    lapsed_on: date | None = None
    held: bool = True
    reason: str = ""
    basis: str = ""
    gradings: tuple[Grading, ...] = ()
    changes: tuple[Change, ...] = ()
    reveals: tuple[Reveal, ...] = ()

    # -- what it is on a day -----------------------------------------------------------------------------

    def status(self, on: date) -> Status:
        """What the card is on a day, past or to come, by what is known now."""
        if self.ended_on is not None and self.ended_on <= on:
            return Status.REVOKED
        if not any(term.valid_from <= on <= term.valid_until for term in self.terms):
            return Status.UPCOMING if on < self.terms[0].valid_from else Status.LAPSED
        if any(row.since <= on and (row.until is None or on < row.until) for row in self.suspensions):
            return Status.SUSPENDED
        return Status.VALID

    def refuses(self, on: date, occupation: str, level: str) -> tuple[Refusal, str] | None:
        """Why the holder may not act on that day for an occupation and level, or None."""
        status = self.status(on)
        if status is not Status.VALID:
            return Refusal(f"card-{status}"), f"on {on} the card is {status}; its term: {self._days()}"
        levels = {scope.occupation: scope.levels for scope in self.scopes}
        if occupation not in levels:
            return Refusal.OCCUPATION_OUT_OF_SCOPE, f"{occupation} is not on the card"
        if level not in levels[occupation]:
            return Refusal.LEVEL_OUT_OF_SCOPE, f"level {level} of {occupation} is not on the card"
        return None

    # -- terms -------------------------------------------------------------------------------------------

    def renewed(self, asked: RenewCard, rules: CardRules, by: str) -> Decision:
        """A further term, from the day after the last one or, when it is late, from today."""
        self._must_be_held()
        if self.suspended_on is not None:
            raise WrongState(f"it is suspended since {self.suspended_on}; reinstate it before renewing it")
        first = rules.next_first_day(self.valid_until)
        rules.check_retrained(asked.evidence, self.terms[-1].valid_from)
        last = rules.last_day(first)
        term = Term(valid_from=first, valid_until=last, granted_on=rules.today, by=by, evidence=asked.evidence)
        follows = first == self.valid_until + timedelta(days=1)
        card = self.having(
            terms=(*self.terms, term),
            valid_from=self.valid_from if follows else first,
            valid_until=last,
            lapsed_on=None,
            employer=self.employer if asked.employer is None else asked.employer,
        )
        return card, [card.saying(CardRenewed)]

    def lapsed(self, today: date) -> Decision:
        """The clock passed the last day, suspended or not; said once for each term that was not followed."""
        if not self.held or self.lapsed_on is not None or today <= self.valid_until:
            return self, []
        card = self.having(lapsed_on=self.valid_until + timedelta(days=1))
        return card, [card.saying(CardLapsed)]

    def gives_way(self, rules: CardRules) -> Decision:
        """A new card takes its place, for it can be renewed no more."""
        if not rules.is_too_late(self.valid_until):
            detail = f"this person has a card of this kind, valid until {self.valid_until}; renew or change that one"
            raise WrongState(detail, field="/id_number", rule="card.late_renewal_days")
        card, events = self.lapsed(rules.today)
        return card.having(held=False), events

    # -- suspension and end ------------------------------------------------------------------------------

    def suspended(self, asked: SuspendCard, today: date, by: str) -> Decision:
        """No work from that day on."""
        self._must_be_held()
        if self.suspended_on is not None:
            raise WrongState(f"it is suspended since {self.suspended_on} already")
        since = asked.since or today
        if not today <= since <= self.valid_until:
            detail = f"a suspension begins today or later, within the term: {self._days()}"
            raise WrongDay(detail, field="/since")
        row = Suspension(since=since, reason=asked.reason, basis=asked.basis, by=by)
        card = self.having(
            suspensions=(*self.suspensions, row), suspended_on=since, reason=asked.reason, basis=asked.basis
        )
        return card, [card.saying(CardSuspended)]

    def reinstated(self, reason: str, today: date) -> Decision:
        """The suspension ends; what lay before today stays suspended, one still to come never begins."""
        self._must_be_held()
        if self.suspended_on is None:
            raise WrongState("it is not suspended")
        row = self.suspensions[-1]
        lifted = row.model_copy(update={"until": max(today, row.since), "lifted": reason})
        card = self.having(suspensions=(*self.suspensions[:-1], lifted), suspended_on=None, reason="", basis="")
        return card, [card.saying(CardReinstated)]

    def revoked(self, asked: RevokeCard, today: date) -> Decision:
        """Withdrawn for good; a card whose term is over can be, too."""
        if self.ended_on is not None:
            raise WrongState(f"it is revoked since {self.ended_on}")
        card = self.having(ended_on=today, held=False, reason=asked.reason, basis=asked.basis)
        return card, [card.saying(CardRevoked)]

    # -- grades and changes ------------------------------------------------------------------------------

    def graded(self, asked: GradeCard, rules: CardRules, by: str) -> Decision:
        """The grade of a year; as many refusals as the rule names end the card."""
        self._must_be_held()
        rules.check_grade(asked.grade, asked.year)
        self._must_take_grade(asked)
        content = asked.model_dump(exclude={"corrects"})
        card = self.having(gradings=(*self.gradings, Grading(**content, by=by, on=rules.today)))
        more: Sequence[Event] = ()
        if rules.refusals is not None and asked.refusals >= rules.refusals:
            why = f"refused {asked.refusals} assignments in {asked.year}"
            card, more = card.revoked(RevokeCard(reason=why, basis=f"{self.kind}.refusals_per_year"), rules.today)
        # the grade's event carries the end as well: whoever hears only one of the two knows the whole card
        return card, [card.saying(CardGraded, year=asked.year, grade=asked.grade), *more]

    def _must_take_grade(self, asked: GradeCard) -> None:
        if not self.terms[0].valid_from.year <= asked.year <= self.valid_until.year:
            raise WrongDay(f"the card did not hold in {asked.year}: {self._days()}", field="/year")
        known = any(row.year == asked.year for row in self.gradings)
        if known and not asked.corrects:
            raise AlreadyGraded(f"{asked.year} is graded; send corrects: true to replace it", field="/corrects")
        if asked.corrects and not known:
            raise AlreadyGraded(f"{asked.year} has no grade to correct", field="/corrects")

    def rescoped(self, asked: ChangeScopes, rules: CardRules, offered: Offered, by: str) -> Decision:
        """Other occupations and levels from now on."""
        self._must_be_held()
        rules.check_scopes(asked.scopes, offered)
        change = self._change(asked.reason, by, rules.today, asked.evidence)
        card = self.having(scopes=asked.scopes, changes=(*self.changes, change))
        return card, [card.saying(CardChanged)]

    def employed(self, asked: ChangeEmployer, today: date, by: str) -> Decision:
        """Another employer from now on; the former one stays on record."""
        self._must_be_held()
        card = self.having(employer=asked.employer, changes=(*self.changes, self._change(asked.reason, by, today)))
        return card, [card.saying(CardChanged)]

    def revealed(self, at: datetime, by: str, reason: str) -> Decision:
        """The holder was shown in clear; nobody else is told."""
        return self.having(reveals=(*self.reveals, Reveal(at=at, by=by, reason=reason))), []

    # -- saying ------------------------------------------------------------------------------------------

    def saying(self, kind: type[Said], **more: Any) -> Said:
        """The event of that kind, with the whole card."""
        own = {name: getattr(self, name) for name in CardStanding.model_fields if name != "card"}
        return kind(card=self.id, **own, **more)

    def _change(self, reason: str, by: str, on: date, evidence: tuple[Evidence, ...] = ()) -> Change:
        return Change(scopes=self.scopes, employer=self.employer, reason=reason, evidence=evidence, by=by, on=on)

    def _days(self) -> str:
        return f"{self.valid_from} to {self.valid_until}"

    def _must_be_held(self) -> None:
        if self.ended_on is not None:
            raise WrongState(f"it is revoked since {self.ended_on}; nothing more can be done with it")
        if not self.held:
            raise WrongState("a newer card took its place; look for that one")
