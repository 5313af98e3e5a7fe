"""An import moves run by run, stops, goes on; lines take turns, and no import waits for ever."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.assessment.imports.domain import (
    OLDEST_EVERY,
    Cursor,
    Import,
    Kind,
    NotKept,
    NotStopped,
    Sender,
    Served,
    State,
    Told,
    Waiting,
    import_id,
    in_turn,
)
from shared.events.assessment import ImportFinished

NOW = datetime(2019, 9, 20, 4, tzinfo=UTC)
START, FURTHER = Cursor(offset=20, line=2), Cursor(offset=900, line=31)


def made(**changes: Any) -> Import:
    about: dict[str, Any] = {
        "id": "import-1",
        "authority": "33",
        "batch": "batch-1",
        "unit": "unit-33-001",
        "occupation": "rebar_worker",
        "level": "5",
        "kind": Kind.ENTRIES,
        "dry_run": False,
        "media": "text/csv",
        "digest": "0" * 64,
        "size": 4000,
        "rows": 50,
        "columns": ("name", "id_number"),
        "file": "file-1",
        "sender": Sender(subject="someone", role="unit", organisation="unit-33-001"),
        "correlation": "correlation",
        "next": START,
        "received_at": NOW,
    }
    return Import(**{**about, **changes})


def test_it_moves_run_by_run_and_says_at_the_end_what_became_of_its_rows() -> None:
    moved, said = made().moved(0, FURTHER, Told(30, 28, 2), NOW)
    assert (moved.state, moved.next, moved.percent, said) == (State.RUNNING, FURTHER, 60, [])
    done, [finished] = moved.moved(1, Cursor(offset=4000, line=52), Told(20, 20, 0), NOW)
    assert (done.state, done.percent, done.file, done.ended_at) == (State.DONE, 100, "", NOW)
    assert isinstance(finished, ImportFinished)
    assert (finished.rows, finished.accepted, finished.refused) == (50, 48, 2)


def test_a_run_that_was_counted_is_not_counted_again() -> None:
    moved, _ = made().moved(0, FURTHER, Told(30, 28, 2), NOW)
    assert moved.moved(0, FURTHER, Told(30, 28, 2), NOW) == (moved, [])
    failed, _ = moved.failed("batch-frozen", "frozen", NOW)
    assert failed.moved(1, FURTHER, Told(20, 20, 0), NOW) == (failed, [])


def test_a_dry_run_says_nothing() -> None:
    done, said = made(dry_run=True).moved(0, FURTHER, Told(50, 50, 0), NOW)
    assert (done.state, said) == (State.DONE, [])


def test_it_stops_where_it_is_and_goes_on_from_there() -> None:
    moved, _ = made().moved(0, FURTHER, Told(30, 28, 2), NOW)
    failed, _ = moved.failed("batch-frozen", "frozen: safety", NOW)
    assert (failed.state, failed.reason, failed.next) == (State.FAILED, "batch-frozen", FURTHER)
    resumed, _ = failed.resumed()
    assert resumed == moved
    for other in (made(), moved, made(state=State.DONE)):
        with pytest.raises(NotStopped):
            other.resumed()


def test_the_same_file_again_changes_nothing_unless_it_is_needed_to_go_on() -> None:
    for standing in (made(), made(state=State.DONE, file=""), made(state=State.FAILED)):
        assert standing.sent_again("file-2") == (standing, [])
    gone, _ = made(state=State.FAILED, run=1, reached=30, reason="batch-state").let_go()
    with pytest.raises(NotKept):
        gone.resumed()
    again, _ = gone.sent_again("file-2")
    assert (again.state, again.file, again.reason, again.reached) == (State.RUNNING, "file-2", "", 30)


def test_its_name_follows_from_the_file_and_what_it_is_for() -> None:
    named = {
        import_id(batch, kind, dry_run, digest)
        for batch in ("batch-1", "batch-2")
        for kind in Kind
        for dry_run in (True, False)
        for digest in ("0", "1")
    }
    assert len(named) == 16
    assert import_id("batch-1", Kind.SCORES, False, "0") in named


def row(name: str, line: str, left: int, minutes: int = 0) -> Waiting:
    return Waiting(name, line, left, NOW + timedelta(minutes=minutes))


def served(turns: int, minutes: int) -> Served:
    return Served(NOW + timedelta(minutes=minutes), turns)


def test_the_line_that_waited_longest_goes_first_and_one_that_never_had_a_turn_before_it() -> None:
    waiting = [row("a", "33", 9), row("b", "34", 99_000), row("c", "66", 500)]
    assert in_turn(waiting, {"33": served(1, 5), "34": served(900, 4)}) == ["c", "b", "a"]


def test_within_a_line_the_one_with_least_to_do_goes_first_and_now_and_then_the_oldest() -> None:
    waiting = [row("big", "33", 90_000, 0), row("small", "33", 10, 3), row("smaller", "33", 5, 4)]
    order = [in_turn(waiting, {"33": served(turns, 0)})[0] for turns in range(OLDEST_EVERY)]
    assert order == [*["smaller"] * (OLDEST_EVERY - 1), "big"]
    assert in_turn([row("later", "33", 5, 1), row("first", "33", 5, 0)], {}) == ["first", "later"]


def test_lines_that_all_wait_are_served_in_turn_whatever_the_size_of_their_files() -> None:
    left = {"big": 20, "mid": 5, "small": 2}
    lines = {"big": "33", "mid": "34", "small": "66"}
    turns: dict[str, Served] = {}
    order = []
    for minute in range(27):
        name = in_turn([row(one, lines[one], rows) for one, rows in left.items() if rows], turns)[0]
        order.append(name)
        left[name] -= 1
        turns[lines[name]] = served(1, minute)
    assert order.index("small", 1) <= 5
    assert order[:6].count("small") == 2
    assert not any(left.values())
