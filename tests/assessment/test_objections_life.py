"""Any life of an entry's objections, with crashes between their two writes and words heard late, twice or not yet."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.assessment.entries.domain import Entry
from services.assessment.entries.domain import State as EntryState
from services.assessment.objections.commands import DecideObjection, Kind, RaisedBy, ReviewScore
from services.assessment.objections.domain import (
    Correction,
    Disqualified,
    Held,
    NotOnSheet,
    Objection,
    Review,
    State,
    TooLate,
    WrongKind,
    WrongState,
    corrected,
    disqualified,
    held,
    is_disqualified,
    last_day,
    raised,
    settled,
)
from shared.events.assessment import ObjectionDecided, ObjectionOverdue
from shared.events.base import Event
from tests.assessment.objecting import LIMITS, RAISED_AT, examined, on_notice, papers, review

BY = "subject-1"
CHANGES = (
    review(),
    review(changes=()),
    review(changes=[{"part": "theory", "points": {"points": 59}}]),
    review(changes=[{"part": "theory", "points": {"points": 99.5}}]),
)


class Life(RuleBasedStateMachine):
    """One entry on public notice; what is written is kept in `objections` and `entry`, each write by itself.

    No act is remembered, as the store does for a while: whatever is done twice must bear it by the state alone.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = RAISED_AT
        self.entry: Entry = examined()
        self.objections: dict[str, Objection] = {}
        self.reviews: dict[str, ReviewScore] = {}
        self.said: list[Event] = []
        self.decided: dict[str, tuple[Entry, ObjectionDecided]] = {}

    # -- what the handlers do: the objection first, the entry at once or, after a crash, later ----------

    def written(self, objection: Objection, said: Sequence[Event]) -> None:
        self.objections[objection.id] = objection
        self.said += said

    def hold(self, identity: str) -> None:
        if not self.objections[identity].is_open:
            return
        if self.entry.objection not in ("", identity):
            self.follow(self.entry.objection)
        self.entry = held(self.entry, identity)[0]

    def follow(self, identity: str) -> None:
        found = self.objections[identity]
        if not found.is_open:
            self.entry = settled(self.entry, identity, found.verdict, self.correction(found))[0]

    def correction(self, objection: Objection) -> Correction:
        if objection.state is State.CHANGED:
            return self.carried_out(self.reviews[objection.id])
        if objection.state is State.UPHELD:
            return partial(disqualified, reason=objection.reason)
        return lambda entry: entry

    def carried_out(self, asked: ReviewScore) -> Correction:
        of = Review.model_validate(asked, from_attributes=True)
        return partial(corrected, batch=on_notice(), papers=papers(), review=of, reason=asked.reason, at=RAISED_AT)

    @property
    def open(self) -> list[Objection]:
        return [row for row in self.objections.values() if row.is_open]

    # -- what people and machines do -------------------------------------------------------------------

    @rule(kind=st.sampled_from(Kind), crash=st.booleans())
    def raise_one(self, kind: Kind, crash: bool) -> None:
        identity = f"objection-{len(self.objections) + 1}"
        if self.open:  # the unique index refuses it
            return
        by, over = (RaisedBy.CANDIDATE, BY), self.now >= last_day(kind, on_notice(), LIMITS)[1]
        try:
            made = raised(identity, self.entry, on_notice(), kind, "?", by, LIMITS, self.now)
        except TooLate:
            assert over
            return
        except Disqualified:
            assert kind is Kind.SCORE
            return
        assert not over
        self.written(*made)
        if not crash:
            self.hold(identity)

    @precondition(lambda self: self.open)
    @rule()
    def accept(self) -> None:
        (found,) = self.open
        self.hold(found.id)
        try:
            self.written(*found.accepted(LIMITS, BY, self.now))
        except WrongState:
            assert found.state is State.ACCEPTED

    @precondition(lambda self: self.open)
    @rule(crash=st.booleans())
    def refuse(self, crash: bool) -> None:
        (found,) = self.open
        self.hold(found.id)
        try:
            self.written(*found.refused("无关。", BY, self.now))
        except WrongState:
            assert found.state is State.ACCEPTED
            return
        if not crash:
            self.follow(found.id)

    @precondition(lambda self: self.open)
    @rule(asked=st.sampled_from(CHANGES), crash=st.booleans())
    def review_it(self, asked: ReviewScore, crash: bool) -> None:
        (found,) = self.open
        self.hold(found.id)
        try:
            ended, said = found.reviewed(asked, self.entry, self.carried_out(asked), BY, self.now)
        except (WrongState, WrongKind):
            assert found.state is State.RAISED or found.kind is not Kind.SCORE
            return
        except Disqualified:
            assert is_disqualified(self.entry)
            return
        except NotOnSheet:  # the sheet stands so already
            assert asked in self.reviews.values()
            return
        self.reviews[found.id] = asked
        self.end(ended, said, crash)

    @precondition(lambda self: self.open)
    @rule(outcome=st.sampled_from(["upheld", "rejected"]), crash=st.booleans())
    def decide(self, outcome: str, crash: bool) -> None:
        (found,) = self.open
        self.hold(found.id)
        try:
            asked = DecideObjection.model_validate({"outcome": outcome, "reason": "经查。"})
            ended, said = found.decided(asked, self.entry, BY, self.now)
        except (WrongState, WrongKind):
            assert found.state is State.RAISED or found.kind is Kind.SCORE
            return
        self.end(ended, said, crash)

    def end(self, ended: Objection, said: Sequence[Event], crash: bool) -> None:
        *late, decided = said  # who decides too late says so first
        assert all(isinstance(event, ObjectionOverdue) for event in late)
        assert isinstance(decided, ObjectionDecided)
        self.decided[ended.id] = self.entry, decided
        self.written(ended, said)
        if not crash:
            self.follow(ended.id)

    @precondition(lambda self: self.objections)
    @rule(data=st.data())
    def hear(self, data: st.DataObject) -> None:
        """Any word on any objection, whenever it was said, once more."""
        identity = data.draw(st.sampled_from(sorted(self.objections)))
        self.hold(identity)
        self.follow(identity)

    @precondition(lambda self: not self.entry.objection and self.entry.state is EntryState.PASSED)
    @rule()
    def say(self) -> None:
        """The result is said to the registry, as the period is over: never while it is held back."""
        self.entry = self.entry.having(filings=self.entry.filings + 1)

    @precondition(lambda self: self.entry.state is EntryState.PASSED and self.entry.filings)
    @rule(state=st.sampled_from([EntryState.CERTIFIED, EntryState.REJECTED]))
    def answer(self, state: EntryState) -> None:
        self.entry = self.entry.having(state=state)

    @rule(days=st.integers(1, 9))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule()
    def look(self) -> None:
        for found in self.open:
            self.written(*found.looked_at(self.now))

    # -- what always holds -----------------------------------------------------------------------------

    @invariant()
    def no_word_brings_back_what_has_ended_and_all_heals(self) -> None:
        entry = self.entry
        for identity in self.objections:
            try:
                self.hold(identity)
                self.follow(identity)
            except Held:  # repeated by the bus, once the one before has been followed
                continue
        for identity in (*self.objections, *reversed(self.objections)):
            self.hold(identity)
            self.follow(identity)
        assert self.entry.objection == next((row.id for row in self.open), "")
        self.entry = entry

    @invariant()
    def sheets_are_only_added_and_what_was_said_is_never_edited(self) -> None:
        first = examined()
        assert self.entry.sheets[: len(first.sheets)] == first.sheets
        for before, said in self.decided.values():
            if said.certified:
                assert said.before == said.after == before.state
                assert before.filings

    @invariant()
    def who_was_disqualified_does_not_come_back(self) -> None:
        upheld = [name for name, (_, said) in self.decided.items() if said.outcome == "upheld" and not said.certified]
        if [name for name in upheld if self.entry.objection != name]:
            assert is_disqualified(self.entry)

    @invariant()
    def no_review_is_carried_out_twice(self) -> None:
        changed = [name for name, (_, said) in self.decided.items() if not said.certified and name in self.reviews]
        most = sum(len(self.reviews[name].changes) for name in changed)
        assert len(self.entry.sheets) <= len(examined().sheets) + most

    @invariant()
    def an_entry_stands_as_the_last_decision_that_it_followed_says(self) -> None:
        followed = [
            name for name in self.decided if self.entry.objection != name and not self.decided[name][1].certified
        ]
        if followed and self.entry.filings == self.decided[followed[-1]][0].filings:
            said = self.decided[followed[-1]][1]
            assert {score.part: score.points for score in self.entry.scores} == said.scores
            assert (self.entry.state in (EntryState.PASSED, EntryState.CERTIFIED, EntryState.REJECTED)) == said.passes

    @invariant()
    def each_step_is_overdue_at_most_once(self) -> None:
        late = [(said.objection, said.step) for said in self.said if isinstance(said, ObjectionOverdue)]
        assert len(late) == len(set(late))


TestLife = Life.TestCase
