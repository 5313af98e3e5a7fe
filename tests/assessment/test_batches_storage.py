"""Batches kept from before there were sittings and registration are read as what they are today."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.assessment.batches.domain import Batch, State
from services.assessment.batches.storage import Wanted, _with_sittings
from tests.assessment.examples import EXAM, LINE, UNIT, standard

OLD: dict[str, Any] = {
    "schema": 1,
    "authority": LINE,
    "version": 3,
    "unit": UNIT,
    "occupation": "rebar_worker",
    "level": "5",
    "standard": "rebar_worker-2019p",
    "exam_on": "2019-10-12",
    "planned": 20,
    "parts": [part.model_dump() for part in standard().parts_of("5")],
    "state": "filed",
    "begun_on": "2019-09-20",
    "plan": "plan-1",
    "plan_edition": 2,
    "site": "site-1",
    "assessors": ["card-1", "card-2", "card-3"],
    "supervisor": "card-9",
    "frozen": False,
    "frozen_for": "",
    "standing": 0,
    "notice": None,
    "chunks": 0,
    "chunk_rows": 0,
    "writers": {},
}


def read(**changes: Any) -> Batch:
    return Batch.model_validate({**_with_sittings({**OLD, **changes}), "id": "batch-1"})


def test_a_batch_that_took_candidates_still_does_until_the_day_of_its_exam() -> None:
    of = read()
    assert (of.state, of.registration_until, of.ends_on) == (State.REGISTERING, EXAM, EXAM)
    of.must_register(EXAM)


@pytest.mark.parametrize("state", ["publicised", "closed", "finalised"])
def test_a_batch_that_was_further_on_stays_there(state: str) -> None:
    notice = {
        "entries": 4,
        "passed": 3,
        "failed": 1,
        "opens_on": "2019-10-14",
        "closes_on": "2019-10-21",
        "ends_at": datetime(2019, 10, 21, 16, tzinfo=UTC),
        "provisional": False,
    }
    of = read(state=state, notice=notice, chunks=1, chunk_rows=500)
    assert (of.state, of.chunks, of.notice and of.notice.closes_on) == (State(state), 1, date(2019, 10, 21))


def test_each_part_has_its_sitting_on_the_one_day_at_the_one_site() -> None:
    of = read()
    assert [(row.part, row.on, row.mode, row.site) for row in of.sittings] == [
        ("theory", EXAM, "central", "site-1"),
        ("practical", EXAM, "central", "site-1"),
    ]
    assert of.site == "site-1"


def test_who_was_assigned_is_the_group_of_the_practical_part() -> None:
    of = read()
    assert (of.assessors, of.supervisor) == (("card-1", "card-2", "card-3"), "card-9")
    assert of.assignment.group("theory") is None
    nobody = read(site="", assessors=[], supervisor="")
    assert (nobody.site, nobody.assessors, nobody.supervisor, nobody.assignment.groups) == ("", (), "", ())


def test_a_batch_from_before_assignments_is_read_too() -> None:
    plain = {name: value for name, value in OLD.items() if name not in ("site", "assessors", "supervisor")}
    of = Batch.model_validate({**_with_sittings(plain), "id": "batch-1"})
    assert (of.site, of.assessors, of.plan_edition) == ("", (), 2)


def test_a_list_never_reaches_beyond_what_was_asked() -> None:
    days = {"$gte": date(2019, 10, 1), "$lte": EXAM}
    wanted = Wanted("unit-1", "mason", State.FILED, date(2019, 10, 1), EXAM)
    assert wanted.query() == {
        "$and": [{"unit": "unit-1"}], "occupation": "mason", "state": State.FILED, "exam_on": days,
    }  # fmt: skip
    assert Wanted().query() == {}
