"""A batch goes from filed to finalised, and stands still once it is frozen."""

from datetime import date, timedelta

import pytest

from services.assessment.batches.commands import FileBatch
from services.assessment.batches.domain import (
    Batch,
    Busy,
    Frozen,
    NoEntries,
    NotScored,
    PeriodOpen,
    State,
    Tally,
    WrongState,
    filed,
)
from shared.events.assessment import BatchClosed, BatchFiled, BatchFrozen, ResultsPublicised
from tests.assessment.examples import BEGUN, EXAM, PERIOD, UNIT, batch, closed, publicised, standard, unit

TODAY = date(2019, 10, 14)
SCORED = Tally(passed=3, failed=1)


def _publicise(of: Batch, tally: Tally = SCORED) -> Batch:
    return of.publicised(tally, TODAY, PERIOD, 0)[0]


def test_a_filed_batch_says_what_is_examined_by_which_edition() -> None:
    asked = FileBatch(occupation="rebar_worker", level="5", exam_on=EXAM, planned=20)
    of, [said] = filed("batch-1", unit(), standard(), asked, today=BEGUN, cards={})
    assert said == BatchFiled(
        batch="batch-1",
        unit=UNIT,
        occupation="rebar_worker",
        level="5",
        standard="rebar_worker-2019p",
        exam_on=EXAM,
        planned=20,
        begun_on=BEGUN,
        plan="plan-1",
        plan_edition=1,
    )
    assert (of.state, of.authority) == (State.FILED, "33")


@pytest.mark.parametrize(("level", "parts"), [("5", ["theory", "practical"]), ("2", ["theory", "practical", "review"])])
def test_a_batch_keeps_the_parts_of_its_level_to_its_end(level: str, parts: list[str]) -> None:
    assert [part.id for part in batch(level).parts] == parts


def test_publicising_says_the_counts_and_the_period() -> None:
    of, [said] = batch().publicised(SCORED, TODAY, PERIOD, 0)
    assert isinstance(said, ResultsPublicised)
    assert (said.entries, said.passed, said.failed) == (4, 3, 1)
    assert (said.opens_on, said.closes_on, said.ends_at) == (TODAY, PERIOD.last_day, PERIOD.ends_at)
    assert of.state is State.PUBLICISED


def test_results_with_unscored_entries_are_not_publicised_and_their_number_is_named() -> None:
    with pytest.raises(NotScored, match="2 of 5"):
        _publicise(batch(), Tally(enrolled=2, passed=3))


def test_a_batch_without_entries_has_no_results() -> None:
    with pytest.raises(NoEntries):
        _publicise(batch(), Tally())


def test_results_are_publicised_once() -> None:
    with pytest.raises(WrongState):
        _publicise(publicised())


def test_results_are_not_publicised_while_rows_are_being_written() -> None:
    with pytest.raises(Busy):
        batch().having(writers={"one": 50.0}).publicised(SCORED, TODAY, PERIOD, 49.0)


def test_a_writer_that_crashed_holds_nothing_up_for_ever() -> None:
    of, _ = batch().having(writers={"one": 50.0}).publicised(SCORED, TODAY, PERIOD, 50.0)
    assert of.writers == {}


def test_rows_are_taken_until_results_are_publicised() -> None:
    batch().must_take_rows()
    with pytest.raises(WrongState):
        publicised().must_take_rows()


def test_results_stay_open_until_the_last_second_of_the_period() -> None:
    with pytest.raises(PeriodOpen, match="2019-10-21T16:00:00Z"):
        publicised().closed(PERIOD.ends_at - timedelta(seconds=1), 500)


@pytest.mark.parametrize(("passed", "chunks"), [(0, 0), (1, 1), (500, 1), (501, 2), (2000, 4)])
def test_a_closed_batch_says_in_how_many_chunks_its_results_follow(passed: int, chunks: int) -> None:
    of, [said] = publicised(passed).closed(PERIOD.ends_at, 500)
    assert isinstance(said, BatchClosed)
    assert (said.passed, said.chunks, of.chunks, of.chunk_rows) == (passed, chunks, chunks, 500)


def test_a_batch_is_closed_once() -> None:
    with pytest.raises(WrongState):
        closed().closed(PERIOD.ends_at, 500)


def test_a_closed_batch_is_finalised_and_stays_so() -> None:
    done, events = closed().finalised()
    assert (done.state, events) == (State.FINALISED, [])
    assert done.finalised() == (done, [])


def test_an_open_batch_is_not_finalised() -> None:
    with pytest.raises(WrongState):
        publicised().finalised()


def test_freezing_says_why_and_only_once() -> None:
    of, [said] = batch().freeze("dishonesty", 2)
    assert isinstance(said, BatchFrozen)
    assert (said.reason, of.frozen, of.state) == ("dishonesty", True, State.FILED)
    assert of.freeze("again", 3) == (of, [])


def test_a_finalised_batch_is_not_frozen() -> None:
    done, _ = closed().finalised()
    assert done.freeze("late", 2) == (done, [])


def test_a_frozen_batch_refuses_every_change() -> None:
    frozen, _ = batch().freeze("dishonesty", 2)
    with pytest.raises(Frozen, match="dishonesty"):
        frozen.must_take_rows()
    with pytest.raises(Frozen):
        _publicise(frozen)
    with pytest.raises(Frozen):
        publicised().freeze("dishonesty", 2)[0].closed(PERIOD.ends_at, 500)


def test_results_that_were_final_before_the_freeze_are_still_said_to_their_end() -> None:
    frozen, _ = closed().freeze("dishonesty", 2)
    assert frozen.finalised()[0].state is State.FINALISED
