"""What becomes of a delivery by each attempt, and the schedule in the rule file."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notification import app
from services.notification.deliveries.domain import KEPT, Attempt, Delivery, Health, Schedule, State, identity
from shared.rulebook import Rulebook
from tests.notification.examples import NOON, delivery

DELAYS = [0, 5, 30]
REFUSALS = ["500", "302", "404", "timeout", "unreachable", "broken", "webhook-private-host"]


def attempt(answer: str, at: datetime = NOON) -> Attempt:
    return Attempt(at=at, answer=answer, ms=7)


def tried(answers: Sequence[str], delays: Sequence[float] = DELAYS) -> Delivery:
    row = delivery()
    for answer in answers:
        row = row.after(attempt(answer, row.due), Schedule(delays))
    return row


@pytest.mark.parametrize("answer", ["200", "202", "204"])
def test_an_answer_of_the_two_hundreds_ends_it(answer: str) -> None:
    row = tried([answer])
    assert (row.state, row.ended_at, row.tried) == (State.DELIVERED, NOON, 1)


@pytest.mark.parametrize("answer", REFUSALS)
def test_any_other_answer_puts_it_off_by_the_next_delay(answer: str) -> None:
    row = tried([answer])
    assert (row.state, row.due) == (State.WAITING, NOON + timedelta(seconds=5))
    assert tried([answer, answer]).due == NOON + timedelta(seconds=35)


def test_after_the_last_delay_it_has_failed() -> None:
    row = tried(["500", "timeout", "503"])
    assert (row.state, row.ended_at) == (State.FAILED, NOON + timedelta(seconds=35))
    assert [one.answer for one in row.attempts] == ["500", "timeout", "503"]


def test_gone_is_remembered_and_the_event_waits_for_the_endpoint_to_come_back() -> None:
    row = tried(["410"])
    assert row.gone
    assert row.state is State.WAITING
    assert not tried(["410", "500"]).gone


def test_a_longer_schedule_than_it_remembers_is_followed_to_its_end() -> None:
    row = tried(["500"] * (KEPT + 5), [1.0] * (KEPT + 5))
    assert (row.state, row.tried, len(row.attempts)) == (State.FAILED, KEPT + 5, KEPT)


@given(st.lists(st.sampled_from(["200", "500", "timeout", "410"]), max_size=6))
def test_it_ends_with_the_first_taken_attempt_or_the_last_of_the_schedule(answers: list[str]) -> None:
    row = delivery()
    for answer in answers:
        if row.state is not State.WAITING:
            break
        row = row.after(attempt(answer, row.due), Schedule(DELAYS))
    ended = row.state is not State.WAITING
    assert ended == (row.attempts != () and (row.attempts[-1].taken or row.tried == len(DELAYS)))
    assert (row.ended_at is not None) == ended


def test_ids_sort_as_positions_do() -> None:
    ids = [identity("subscription-1", position, replay) for position in (8, 10) for replay in ("", "replay-1")]
    assert ids == sorted(set(ids))
    ids = [identity("subscription-1", position) for position in (9, 10, 99, 100, 2_000_000_000)]
    assert ids == sorted(ids)


def rules() -> Rulebook:
    return Rulebook.load(Path(app.__file__).parent / "data" / "rules.json")


def test_the_schedule_begins_at_once_and_waits_longer_each_time() -> None:
    delays = rules().value("delivery.delays", list[float], on=date(2026, 1, 1))
    assert delays[0] == 0
    assert all(shorter < longer for shorter, longer in pairwise(delays))
    assert len(delays) == 10
    assert 74 <= sum(delays) / 3600 <= 76
    assert delays[-1] == 24 * 3600


@given(st.text(min_size=1, max_size=20), st.integers(min_value=0, max_value=2))
def test_jitter_makes_a_delay_longer_by_up_to_its_fraction_and_a_repeat_comes_to_the_same(name: str, at: int) -> None:
    schedule = Schedule(DELAYS, 0.1)
    wait = schedule.wait(name, at)
    assert timedelta(seconds=DELAYS[at]) <= wait <= timedelta(seconds=DELAYS[at] * 1.1)
    assert wait == schedule.wait(name, at)


def test_what_failed_together_does_not_come_again_together() -> None:
    assert len({Schedule(DELAYS, 0.1).wait(f"subscription-1/{at}", 2) for at in range(100)}) > 90


@pytest.mark.parametrize(("asked", "seconds"), [(None, 5), (2, 5), (20, 20), (10**9, 30)])
def test_an_endpoint_is_left_alone_as_long_as_it_asks_for_up_to_the_longest_delay(
    asked: float | None, seconds: float
) -> None:
    row = delivery().after(Attempt(at=NOON, answer="503", ms=7, retry_after=asked), Schedule(DELAYS))
    assert row.due == NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize(("days", "answer", "dead"), [(4.99, "500", False), (5, "500", True), (9, "204", False)])
def test_an_endpoint_is_dead_at_an_attempt_that_fails_five_days_after_the_first(
    days: float, answer: str, dead: bool
) -> None:
    last = attempt(answer, NOON + timedelta(days=days))
    assert Health(failing_since=NOON).is_dead(last, 5) is dead
    assert not Health().is_dead(last, 5)


def test_an_attempt_ends_before_the_claim_of_it_does() -> None:
    assert 0 < rules().number("delivery.timeout", on=date(2026, 1, 1)) <= 5
