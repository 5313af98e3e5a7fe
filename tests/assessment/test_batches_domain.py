"""A batch goes from filed to finalised, and stands still once it is frozen."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessment.batches.commands import AssignBatch, FileBatch
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
from services.assessment.mirrors.domain import CardRefused
from shared.events.assessment import BatchClosed, BatchFiled, BatchFrozen, BatchReleased, ResultsPublicised
from tests.assessment.examples import BEGUN, EXAM, PERIOD, UNIT, batch, card, closed, publicised, standard, unit

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


# -- released -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("of", [batch(), publicised(), closed()], ids=lambda of: of.state)
def test_a_released_batch_goes_on_where_it_was_frozen(of: Batch) -> None:
    frozen, _ = of.freeze("dishonesty", 2)
    released, [said] = frozen.release(3)
    assert isinstance(said, BatchReleased)
    assert said.state == of.state
    assert released == of.having(standing=3)
    assert released.release(3) == (released, [])


def test_what_was_finalised_while_frozen_is_released_too() -> None:
    frozen, _ = closed().freeze("dishonesty", 2)
    released, [said] = frozen.finalised()[0].release(3)
    assert (released.frozen, released.state, said.model_dump()["state"]) == (False, "finalised", "finalised")


@given(st.permutations([(2, True), (3, False), (4, True), (5, False), (6, True)]), st.integers(2, 6))
def test_the_newest_standing_counts_in_whichever_order_all_are_told(told: list[tuple[int, bool]], newest: int) -> None:
    of = batch()
    standings = [row for row in told if row[0] <= newest]
    for sequence, suspended in [*standings, (newest, newest % 2 == 0)]:
        of, _ = of.freeze("dishonesty", sequence) if suspended else of.release(sequence)
    assert of.frozen is (newest % 2 == 0)


# -- assigned -------------------------------------------------------------------------------------------

CARDS = {
    **{f"card-{place}": card(card=f"card-{place}", kind="assessor") for place in (1, 2)},
    "card-3": card(card="card-3", kind="senior_assessor"),
    "card-4": card(card="card-4", kind="supervisor"),
    "card-5": card(card="card-5", valid_until=date(2019, 10, 11)),
}


def test_a_filed_batch_is_assigned_and_assigned_anew() -> None:
    asked = AssignBatch(site="site-1", assessors=("card-1", "card-2", "card-3"), supervisor="card-4")
    of, events = batch().assigned(asked, CARDS)
    assert (of.site, of.assessors, of.supervisor, events) == ("site-1", asked.assessors, "card-4", [])
    assert of.assigned(AssignBatch(), CARDS)[0] == batch()


@pytest.mark.parametrize(
    ("assessors", "supervisor", "field", "rule"),
    [
        (("card-1", "card-1"), "", "/assessors/1", "assessor-repeated"),
        (("card-1", "card-9"), "", "/assessors/1", "card-unknown"),
        (("card-4",), "", "/assessors/0", "card-kind"),
        (("card-5",), "", "/assessors/0", "card-term"),
        (("card-1",), "card-1", "/supervisor", "supervisor-assesses"),
        ((), "card-2", "/supervisor", "card-kind"),
    ],
)
def test_an_assignment_that_cannot_be_is_refused(
    assessors: tuple[str, ...], supervisor: str, field: str, rule: str
) -> None:
    with pytest.raises(CardRefused) as refused:
        batch().assigned(AssignBatch(assessors=assessors, supervisor=supervisor), CARDS)
    assert (refused.value.field, refused.value.rule) == (field, rule)


def test_a_batch_is_not_filed_with_a_card_that_does_not_hold() -> None:
    asked = FileBatch(occupation="rebar_worker", level="5", exam_on=EXAM, planned=20, supervisor="card-9")
    with pytest.raises(CardRefused):
        filed("batch-1", unit(), standard(), asked, today=BEGUN, cards=CARDS)


def test_nobody_is_assigned_once_results_are_publicised() -> None:
    with pytest.raises(WrongState):
        publicised().assigned(AssignBatch(site="site-1"), CARDS)
