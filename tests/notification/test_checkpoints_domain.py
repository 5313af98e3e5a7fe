"""When a checkpoint is due, and how each binds the one before it."""

from datetime import timedelta
from hashlib import sha256

import pytest

from services.notification.checkpoints.domain import Checkpoint, is_due
from services.notification.checkpoints.handlers import TYPE, sees
from shared.act import EVERYTHING, NATIONAL, Scope
from shared.errors import Fault
from tests.notification.examples import NOON
from tests.notification.lines import KEYRING, STRANGER, checkpoints_of, head_of, rows_of

ROWS = rows_of(9)
HOURLY = 60


def test_the_first_is_number_one_and_follows_nothing() -> None:
    (first,) = checkpoints_of(ROWS, 4)
    assert (first.name, first.place, first.position, first.previous) == ("33/1", 4, 4, "")
    assert first.chain == ROWS[3].chain


def test_each_binds_the_signed_text_of_the_one_before() -> None:
    first, second, third = checkpoints_of(ROWS, 2, 5, 9)
    assert [row.number for row in (first, second, third)] == [1, 2, 3]
    assert second.previous == sha256(first.signed.encode()).hexdigest()
    assert third.previous == sha256(second.signed.encode()).hexdigest()


def test_what_is_signed_is_all_of_it_and_no_other_key_signs_it() -> None:
    (made,) = checkpoints_of(ROWS, 9)
    assert KEYRING.read(made.signed, TYPE) == made.claims()
    assert set(made.claims()) == {"line", "number", "place", "position", "chain", "at", "previous"}
    with pytest.raises(Fault, match="no key of ours"):
        STRANGER.read(made.signed, TYPE)


@pytest.mark.parametrize(
    ("grown", "later", "due"),
    [
        (True, timedelta(minutes=59), False),
        (True, timedelta(minutes=60), True),
        (False, timedelta(minutes=60), False),
        (False, timedelta(days=9), False),
        (True, timedelta(days=9), True),
        (True, -timedelta(days=9), False),
    ],
)
def test_one_is_due_by_the_hour_and_only_of_a_line_that_grew(grown: bool, later: timedelta, due: bool) -> None:
    (last,) = checkpoints_of(ROWS, 5)
    head = head_of(ROWS, 6 if grown else 5)
    assert is_due(last, head, NOON + later, HOURLY) is due


def test_a_line_without_any_gets_its_first() -> None:
    assert is_due(None, head_of(ROWS, 1), NOON, HOURLY)


def test_the_instant_is_kept_to_the_second_in_utc() -> None:
    made = Checkpoint.following(None, head_of(ROWS), NOON.replace(microsecond=999_999))
    assert made.claims()["at"] == "2026-03-02T04:00:00Z"


@pytest.mark.parametrize(
    ("scope", "line", "seen"),
    [
        (EVERYTHING, "33", True),
        (Scope("33"), "33", True),
        (Scope("33"), NATIONAL, True),
        (Scope("33"), "32", False),
        (Scope("33", "unit-33-001"), "33", False),
        (Scope("33", "unit-33-001"), NATIONAL, False),
    ],
)
def test_a_line_is_seen_by_whoever_may_read_all_of_it(scope: Scope, line: str, seen: bool) -> None:
    assert sees(scope, line) is seen
