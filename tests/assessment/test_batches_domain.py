"""A batch goes from planned to certified, skips nothing on the way, and stands still once it is frozen."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.assessment.batches.domain import (
    OPEN,
    UNTIL_PUBLICISED,
    Assignment,
    Batch,
    BatchFull,
    Busy,
    Frozen,
    NoEntries,
    NotReady,
    NotScored,
    PeriodOpen,
    Room,
    State,
    Tally,
    WrongDay,
    WrongState,
)
from shared.errors import Fault
from shared.events.assessment import (
    BatchArranged,
    BatchCancelled,
    BatchClosed,
    BatchFiled,
    BatchFrozen,
    BatchReleased,
    ResultsPublicised,
    Sitting,
)
from tests.assessment.examples import (
    ASSIGNED,
    BEGUN,
    EXAM,
    NOW,
    PERIOD,
    SEAL,
    UNIT,
    batch,
    closed,
    grant,
    in_exam,
    publicised,
)

TODAY = date(2019, 10, 14)
SCORED = Tally(passed=3, failed=1)
ROOMS = (Room(part="theory", name="一号考场", stations=20),)
PLANNED = batch(state=State.PLANNED, begun_on=None, plan="", moments={"planned": NOW})
ORDER = tuple(State)[: tuple(State).index(State.ARCHIVED)]


# -- from planned to arranged ---------------------------------------------------------------------------


def test_a_filed_batch_says_what_is_examined_by_which_edition_when_and_where() -> None:
    of, [said] = PLANNED.filed(grant(edition=2), NOW, BEGUN)
    at = {"on": EXAM, "begins": "09:00", "mode": "central", "site": "site-1"}
    assert said == BatchFiled(
        batch="batch-1",
        unit=UNIT,
        occupation="rebar_worker",
        level="5",
        standard="rebar_worker-2019p",
        exam_on=EXAM,
        ends_on=EXAM,
        mode="central",
        sittings=(Sitting(part="theory", **at), Sitting(part="practical", **at)),
        planned=20,
        begun_on=BEGUN,
        plan="plan-1",
        plan_edition=2,
    )
    assert (of.state, of.authority, of.moments["filed"]) == (State.FILED, "33", NOW)


def test_a_batch_is_filed_once_and_before_the_day_of_its_exam() -> None:
    with pytest.raises(WrongDay):
        PLANNED.filed(grant(), NOW, EXAM)
    filed, _ = PLANNED.filed(grant(), NOW, EXAM - timedelta(days=1))
    with pytest.raises(WrongState):
        filed.filed(grant(), NOW, BEGUN)


@pytest.mark.parametrize(("level", "parts"), [("5", ["theory", "practical"]), ("2", ["theory", "practical", "review"])])
def test_a_batch_keeps_the_parts_of_its_level_to_its_end(level: str, parts: list[str]) -> None:
    assert [part.id for part in batch(level).parts] == parts


@pytest.mark.parametrize("until", [BEGUN, EXAM])
def test_registration_ends_from_today_until_the_day_of_the_exam(until: date) -> None:
    of, [said] = batch(state=State.FILED).registering(until, NOW, BEGUN)
    assert (of.state, of.registration_until, said.model_dump()["until"]) == (State.REGISTERING, until, until)


@pytest.mark.parametrize("until", [BEGUN - timedelta(days=1), EXAM + timedelta(days=1)])
def test_registration_does_not_end_before_today_or_after_the_day_of_the_exam(until: date) -> None:
    with pytest.raises(WrongDay):
        batch(state=State.FILED).registering(until, NOW, BEGUN)


def test_a_candidate_is_entered_on_the_last_day_of_registration_and_not_on_the_next() -> None:
    of, _ = batch(state=State.FILED).registering(BEGUN, NOW, BEGUN)
    of.must_register(BEGUN)
    with pytest.raises(WrongDay) as refused:
        of.must_register(BEGUN + timedelta(days=1))
    assert refused.value.rule == "registration"
    with pytest.raises(WrongState):
        of.arranged(ROOMS, Tally(enrolled=1), NOW, 0)[0].must_register(BEGUN)


def test_an_arrangement_made_anew_takes_the_tickets_of_the_one_before() -> None:
    first, _ = batch().arranged(ROOMS, Tally(enrolled=4), NOW, 0)
    ticketed, events = first.ticketed(1, 4)
    assert (ticketed.tickets, events) == (4, [])
    second, [said] = ticketed.arranged(ROOMS, Tally(enrolled=5), NOW, 0)
    assert isinstance(said, BatchArranged)
    assert (said.arrangement, said.entries, second.tickets) == (2, 5, 0)
    assert second.ticketed(1, 4) == (second, []), "tickets of the arrangement before"


def test_no_more_are_arranged_than_the_batch_was_filed_for() -> None:
    of = batch()
    full = Tally(enrolled=of.planned, ineligible=1, withdrawn=1)
    assert of.arranged(ROOMS, full, NOW, 0)[0].state is State.ARRANGED
    with pytest.raises(BatchFull) as refused:
        of.arranged(ROOMS, Tally(enrolled=of.planned + 1), NOW, 0)
    assert refused.value.rule == "planned-number"


def test_nothing_is_arranged_without_candidates_or_while_they_are_being_entered() -> None:
    with pytest.raises(NoEntries):
        batch().arranged(ROOMS, Tally(ineligible=3, withdrawn=1), NOW, 0)
    with pytest.raises(Busy):
        batch(writers={"one": 50.0}).arranged(ROOMS, Tally(enrolled=1), NOW, 49.0)


# -- the exam -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"tickets": 0}, "tickets"),
        ({"assignment": Assignment(state="open")}, "assignment"),
        ({"assignment": ASSIGNED.model_copy(update={"state": "reopened"})}, "assignment"),
    ],
)
def test_an_exam_begins_with_tickets_and_a_confirmed_assignment(change: dict[str, object], refusal: str) -> None:
    of = in_exam(state=State.ARRANGED)
    assert of.begun(NOW, EXAM)[0].state is State.IN_EXAM
    with pytest.raises(NotReady) as refused:
        of.having(**change).begun(NOW, EXAM)
    assert refused.value.rule == refusal


def test_an_exam_begins_on_its_days_and_ends_on_the_last() -> None:
    of = in_exam(state=State.ARRANGED, ends_on=EXAM + timedelta(days=2))
    for day in (EXAM - timedelta(days=1), EXAM + timedelta(days=3)):
        with pytest.raises(WrongDay):
            of.begun(NOW, day)
    going, _ = of.begun(NOW, EXAM + timedelta(days=1))
    with pytest.raises(WrongDay):
        going.ended(NOW, EXAM + timedelta(days=1))
    assert going.ended(NOW, EXAM + timedelta(days=2))[0].state is State.MARKING


def test_sheets_are_sealed_once_every_entry_has_a_result_and_nobody_is_writing() -> None:
    marking = in_exam(state=State.MARKING)
    with pytest.raises(NotScored, match="2 of 5"):
        marking.marked(Tally(enrolled=2, passed=3), NOW, 0)
    with pytest.raises(NoEntries):
        marking.marked(Tally(withdrawn=2), NOW, 0)
    with pytest.raises(Busy):
        marking.having(writers={"one": 50.0}).marked(SCORED, NOW, 49.0)
    for change, slug in (({"state": "reopened"}, "assignment"), ({"judging": True}, "judging")):
        with pytest.raises(NotReady) as refused:
            marking.having(assignment=ASSIGNED.model_copy(update=change)).marked(SCORED, NOW, 0)
        assert refused.value.rule == slug
    scored, _ = marking.having(writers={"crashed": 50.0}).marked(SCORED, NOW, 50.0)
    assert (scored.state, scored.writers) == (State.SCORED, {})
    sealed, events = scored.sealed(SEAL, SCORED)
    assert (sealed.seal, len(events)) == (SEAL, 1)
    assert sealed.sealed(SEAL, SCORED) == (sealed, [])


# -- results --------------------------------------------------------------------------------------------


def _publicise(of: Batch) -> Batch:
    return of.publicised(SCORED, NOW, TODAY, PERIOD)[0]


def test_publicising_says_the_counts_and_the_period() -> None:
    of, [said] = in_exam(state=State.SCORED, seal=SEAL).publicised(SCORED, NOW, TODAY, PERIOD)
    assert isinstance(said, ResultsPublicised)
    assert (said.entries, said.passed, said.failed) == (4, 3, 1)
    assert (said.opens_on, said.closes_on, said.ends_at) == (TODAY, PERIOD.last_day, PERIOD.ends_at)
    assert of.state is State.PUBLICISED


def test_a_notice_is_counted_anew_once_the_calendar_is_known_and_said_when_its_days_moved() -> None:
    early = replace(PERIOD, last_day=TODAY, ends_at=PERIOD.ends_at - timedelta(days=3), provisional=True)
    of = in_exam(state=State.SCORED, seal=SEAL).publicised(SCORED, NOW, TODAY, early)[0]
    assert of.recounted(early) == (of, [])
    moved, [said] = of.recounted(PERIOD)
    assert isinstance(said, ResultsPublicised)
    assert (said.closes_on, said.ends_at, said.provisional) == (PERIOD.last_day, PERIOD.ends_at, False)
    assert moved.recounted(early) == (moved, []), "a calendar that was announced stands"
    assert closed().recounted(PERIOD) == (closed(), [])


def test_results_are_publicised_once_and_only_when_all_sheets_are_sealed() -> None:
    with pytest.raises(NotReady):
        _publicise(in_exam(state=State.SCORED))
    with pytest.raises(WrongState):
        _publicise(in_exam(state=State.MARKING, seal=SEAL))
    with pytest.raises(WrongState):
        _publicise(publicised())


def test_results_stay_open_until_the_last_second_of_the_period() -> None:
    with pytest.raises(PeriodOpen, match="2019-10-21T16:00:00Z"):
        publicised().closed(PERIOD.ends_at - timedelta(seconds=1), 3, 500)


@pytest.mark.parametrize(("passed", "chunks"), [(0, 0), (1, 1), (500, 1), (501, 2), (2000, 4)])
def test_a_closed_batch_says_in_how_many_chunks_its_results_follow(passed: int, chunks: int) -> None:
    of, [said] = publicised(passed).closed(PERIOD.ends_at, passed, 500)
    assert isinstance(said, BatchClosed)
    assert (said.passed, said.chunks, of.chunks, of.chunk_rows) == (passed, chunks, chunks, 500)


def test_a_batch_is_closed_once() -> None:
    with pytest.raises(WrongState):
        closed().closed(PERIOD.ends_at, 3, 500)


def test_a_closed_batch_is_finalised_and_stays_so() -> None:
    done, events = closed().finalised(PERIOD.ends_at)
    assert (done.state, events) == (State.FINALISED, [])
    assert done.finalised(PERIOD.ends_at) == (done, [])


def test_an_open_batch_is_not_finalised() -> None:
    with pytest.raises(WrongState):
        publicised().finalised(PERIOD.ends_at)


def test_a_batch_is_certified_when_each_qualified_entry_has_ended() -> None:
    done, _ = closed().finalised(PERIOD.ends_at)
    assert done.certified(Tally(passed=1, certified=2), NOW) == (done, [])
    over, events = done.certified(Tally(certified=2, rejected=1), NOW)
    assert (over.state, len(events)) == (State.CERTIFIED, 1)


# -- cancelled ------------------------------------------------------------------------------------------


def test_a_batch_is_cancelled_until_its_results_are_public_and_says_why() -> None:
    of, [said] = in_exam().cancelled("台风停工", NOW, 0)
    assert isinstance(said, BatchCancelled)
    assert (said.reason, of.state, of.reason) == ("台风停工", State.CANCELLED, "台风停工")
    for late in (publicised(), closed(), of):
        with pytest.raises(WrongState):
            late.cancelled("again", NOW, 0)


def test_a_batch_that_nobody_was_told_of_is_cancelled_in_silence() -> None:
    of, events = PLANNED.cancelled("no candidates", NOW, 0)
    assert (of.state, events) == (State.CANCELLED, [])


def test_a_batch_is_not_cancelled_while_candidates_are_being_entered() -> None:
    with pytest.raises(Busy):
        batch(writers={"one": 50.0}).cancelled("typhoon", NOW, 49.0)


def test_a_frozen_batch_can_be_given_up_and_is_not_frozen_any_more() -> None:
    frozen, _ = batch().freeze("dishonesty", 2)
    of, _ = frozen.cancelled("typhoon", NOW, 0)
    assert (of.frozen, of.frozen_for, of.release(3), of.freeze("again", 4)) == (False, "", (of, []), (of, []))


# -- frozen ---------------------------------------------------------------------------------------------


def test_freezing_says_why_and_only_once() -> None:
    of, [said] = batch().freeze("dishonesty", 2)
    assert isinstance(said, BatchFrozen)
    assert (said.reason, of.frozen, of.state) == ("dishonesty", True, State.REGISTERING)
    assert of.freeze("again", 3) == (of, [])


def test_a_finalised_batch_is_not_frozen() -> None:
    done, _ = closed().finalised(PERIOD.ends_at)
    assert done.freeze("late", 2) == (done, [])


def test_a_frozen_batch_refuses_every_change() -> None:
    frozen, _ = batch().freeze("dishonesty", 2)
    with pytest.raises(Frozen, match="dishonesty"):
        frozen.must_register(BEGUN)
    with pytest.raises(Frozen):
        frozen.arranged(ROOMS, Tally(enrolled=1), NOW, 0)
    with pytest.raises(Frozen):
        publicised().freeze("dishonesty", 2)[0].closed(PERIOD.ends_at, 3, 500)


def test_results_that_were_final_before_the_freeze_are_still_said_to_their_end() -> None:
    frozen, _ = closed().freeze("dishonesty", 2)
    assert frozen.finalised(PERIOD.ends_at)[0].state is State.FINALISED


@pytest.mark.parametrize("state", OPEN[1:])
def test_a_released_batch_goes_on_where_it_was_frozen(state: State) -> None:
    of = in_exam(state=state)
    frozen, _ = of.freeze("dishonesty", 2)
    released, [said] = frozen.release(3)
    assert isinstance(said, BatchReleased)
    assert said.state == of.state
    assert released == of.having(standing=3)
    assert released.release(3) == (released, [])


def test_a_planned_batch_is_frozen_and_released_in_silence_and_not_filed_meanwhile() -> None:
    frozen, events = PLANNED.freeze("dishonesty", 2)
    assert (frozen.frozen, events) == (True, [])
    with pytest.raises(Frozen):
        frozen.filed(grant(), NOW, BEGUN)
    assert frozen.release(3) == (PLANNED.having(standing=3), [])


def test_what_was_finalised_while_frozen_is_released_too() -> None:
    frozen, _ = closed().freeze("dishonesty", 2)
    released, [said] = frozen.finalised(PERIOD.ends_at)[0].release(3)
    assert (released.frozen, released.state, said.model_dump()["state"]) == (False, "finalised", "finalised")


@given(st.permutations([(2, True), (3, False), (4, True), (5, False), (6, True)]), st.integers(2, 6))
def test_the_newest_standing_counts_in_whichever_order_all_are_told(told: list[tuple[int, bool]], newest: int) -> None:
    of = batch()
    standings = [row for row in told if row[0] <= newest]
    for sequence, suspended in [*standings, (newest, newest % 2 == 0)]:
        of, _ = of.freeze("dishonesty", sequence) if suspended else of.release(sequence)
    assert of.frozen is (newest % 2 == 0)


# -- no order of commands skips a state -------------------------------------------------------------------

Command = Callable[[Batch, date, Tally], Batch]
COMMANDS: dict[State, Command] = {
    State.FILED: lambda of, today, _: of.filed(grant(), NOW, today)[0],
    State.REGISTERING: lambda of, today, _: of.registering(EXAM, NOW, today)[0],
    State.ARRANGED: lambda of, _, tally: of.arranged(ROOMS, tally, NOW, 0)[0],
    State.IN_EXAM: lambda of, today, _: of.begun(NOW, today)[0],
    State.MARKING: lambda of, today, _: of.ended(NOW, today)[0],
    State.SCORED: lambda of, _, tally: of.marked(tally, NOW, 0)[0],
    State.PUBLICISED: lambda of, today, tally: of.publicised(tally, NOW, today, PERIOD)[0],
    State.CLOSED: lambda of, today, tally: of.closed(PERIOD.ends_at + (today - TODAY), tally.passed, 500)[0],
    State.FINALISED: lambda of, _today, _tally: of.finalised(NOW)[0],
    State.CERTIFIED: lambda of, _, tally: of.certified(tally, NOW)[0],
}
SIDEWAYS: dict[str, Command] = {
    "tickets": lambda of, _, tally: of.ticketed(of.arrangement, tally.entries)[0],
    "old tickets": lambda of, _, tally: of.ticketed(of.arrangement - 1, tally.entries)[0],
    "assignment": lambda of, _today, _tally: of.staffed(ASSIGNED)[0],
    "assignment reopened": lambda of, _today, _tally: of.staffed(Assignment(state="reopened"))[0],
    "seal": lambda of, _, tally: of.sealed(SEAL, tally)[0] if of.state is State.SCORED else of,
    "put off": lambda of, _today, _tally: of.put_off()[0],
}
RIGHT_DAY = {State.FILED: BEGUN, State.REGISTERING: BEGUN, State.IN_EXAM: EXAM, State.MARKING: EXAM}
RIGHT_TALLY = {State.ARRANGED: Tally(enrolled=4), State.CERTIFIED: Tally(certified=3, failed=1)}
NEEDS = {State.IN_EXAM: ("tickets", "assignment"), State.PUBLICISED: ("seal",)}
DAYS = st.sampled_from([BEGUN, EXAM - timedelta(days=1), EXAM, EXAM + timedelta(days=1), TODAY])
TALLIES = st.builds(Tally, **dict.fromkeys(("enrolled", "withdrawn", "passed", "failed"), st.integers(0, 2)))


class Life(RuleBasedStateMachine):
    """Commands in any order, with good and bad days and counts; what the batch went through is kept beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.batch = PLANNED
        self.through = [State.PLANNED]
        self.sealed_with: Tally | None = None

    def take(self, command: Command, today: date, tally: Tally) -> None:
        before = self.batch
        try:
            self.batch = command(before, today, tally)
        except Fault:
            return
        if self.batch.state is not before.state:
            self.through.append(self.batch.state)
            self.judge(before, today, tally)

    def judge(self, before: Batch, today: date, tally: Tally) -> None:
        """What must have been so for the step just taken, in words of its own."""
        state = self.batch.state
        assert not before.frozen or state in (State.CANCELLED, State.FINALISED, State.CERTIFIED)
        if state is State.FILED:
            assert today < EXAM
        if state is State.IN_EXAM:
            assert (today, before.assignment.state) == (EXAM, "confirmed")
            assert before.tickets > 0
        if state is State.SCORED:
            assert tally.enrolled == 0 < tally.passed + tally.failed
            self.sealed_with = tally

    @initialize(steps=st.integers(0, len(ORDER) - 1))
    def some_way_on(self, steps: int) -> None:
        for _ in range(steps):
            self.rightly()

    @rule()
    def rightly(self) -> None:
        """The next command as it should be given, with what it needs."""
        state = self.batch.state
        if state in (State.CANCELLED, State.CERTIFIED):
            return
        following = ORDER[ORDER.index(state) + 1]
        for sideways in NEEDS.get(following, ()):
            self.take(SIDEWAYS[sideways], EXAM, Tally(enrolled=4))
        self.take(COMMANDS[following], RIGHT_DAY.get(following, TODAY), RIGHT_TALLY.get(following, SCORED))

    @rule(today=DAYS, tally=TALLIES)
    def hastily(self, today: date, tally: Tally) -> None:
        """The next command, whether what it needs is there or not."""
        if self.batch.state not in (State.CANCELLED, State.CERTIFIED):
            self.take(COMMANDS[ORDER[ORDER.index(self.batch.state) + 1]], today, tally)

    @rule(state=st.sampled_from(tuple(COMMANDS)), today=DAYS, tally=TALLIES)
    def anyhow(self, state: State, today: date, tally: Tally) -> None:
        self.take(COMMANDS[state], today, tally)

    @rule(name=st.sampled_from(tuple(SIDEWAYS)), tally=TALLIES)
    def sideways(self, name: str, tally: Tally) -> None:
        before = self.batch.state
        self.take(SIDEWAYS[name], EXAM, tally)
        assert self.batch.state is before

    @rule(suspended=st.booleans())
    def told(self, suspended: bool) -> None:
        newer = self.batch.standing + 1
        self.batch, _ = self.batch.freeze("dishonesty", newer) if suspended else self.batch.release(newer)

    @rule(wanted=st.integers(0, 9))
    def cancel(self, wanted: int) -> None:
        before = self.batch.state
        if wanted == 0:
            self.take(lambda of, _today, _tally: of.cancelled("typhoon", NOW, 0)[0], TODAY, SCORED)
            assert (self.batch.state is State.CANCELLED) is (before in (*UNTIL_PUBLICISED, State.CANCELLED))

    @invariant()
    def no_state_was_skipped(self) -> None:
        ordered = [state for state in self.through if state is not State.CANCELLED]
        assert tuple(ordered) == ORDER[: len(ordered)]
        assert self.through.count(State.CANCELLED) == (self.batch.state is State.CANCELLED)
        assert set(self.batch.moments) == {state.value for state in self.through}

    @invariant()
    def what_is_public_was_sealed_and_every_entry_had_a_result(self) -> None:
        if self.batch.notice is not None:
            assert self.batch.seal is not None
            assert self.sealed_with is not None


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)


def test_the_right_commands_in_order_lead_to_the_end() -> None:
    life = Life()
    for _ in ORDER[1:]:
        life.rightly()
    assert life.through == list(ORDER)
