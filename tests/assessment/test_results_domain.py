"""A chunk of results follows from its batch and entries alone."""

from services.assessment.entries.domain import Score
from services.assessment.results.domain import chunk_of
from shared.events.assessment import ResultsFinalised
from tests.assessment.examples import BEGUN, EXAM, PERIOD, closed, entry

SCORES = (Score(part="theory", points=80), Score(part="practical", points=75.5))


def test_a_chunk_carries_what_the_registry_needs_to_file() -> None:
    of = closed(passed=3, chunk_rows=2)
    rows = [entry(number).scored(SCORES, passed=True)[0] for number in (1, 2)]
    chunk, [said] = chunk_of(of, 1, rows)
    assert isinstance(said, ResultsFinalised)
    assert (chunk.id, chunk.authority, chunk.unit, chunk.results) == ("batch-1.1", "33", of.unit, 2)
    assert (said.chunk, said.chunks, said.exam_on, said.closed_at) == (1, 2, EXAM, PERIOD.ends_at)
    assert [(row.entry, row.holder, row.theory, row.practical) for row in said.results] == [
        (row.id, "测*", 80, 75.5) for row in rows
    ]


def test_a_chunk_carries_where_the_batch_comes_from_and_who_examined() -> None:
    of = closed().having(site="site-1", assessors=("card-1", "card-2"), supervisor="card-4")
    _, [said] = chunk_of(of, 1, [entry()])
    assert isinstance(said, ResultsFinalised)
    assert (said.begun_on, said.plan, said.plan_edition) == (BEGUN, "plan-1", 1)
    assert (said.site, said.assessors, said.supervisor) == ("site-1", ("card-1", "card-2"), "card-4")


def test_the_same_chunk_made_again_is_the_same() -> None:
    rows = [entry(number).scored(SCORES, passed=True)[0] for number in (1, 2)]
    assert chunk_of(closed(), 1, rows) == chunk_of(closed(), 1, rows)


def test_a_chunk_survives_its_way_over_the_bus() -> None:
    _, [said] = chunk_of(closed(), 1, [entry().scored(SCORES, passed=True)[0]])
    assert ResultsFinalised.model_validate_json(said.model_dump_json()) == said
