"""The parts of the bench that decide what its figures mean."""

import pytest

from infra.bench.__main__ import missed_bars
from infra.bench.asking import Pace, Unanswered, pace_of
from infra.bench.imports import Round as ImportRound
from infra.bench.imports import figures as import_figures
from infra.bench.lookup import Round, Sized, figures, peak_of
from infra.bench.stock import copies, number_at


def pace(per_s: float) -> Pace:
    return Pace(per_s, 1, 2)


def test_a_pace_is_what_the_generator_says_in_its_last_line() -> None:
    said = (
        'Running 1s test\n\n{"requests": 300, "microseconds": 2000000, "p50_us": 1500, "p99_us": 9000, "failed": 0}\n'
    )
    assert pace_of(said) == Pace(150, 1.5, 9)


@pytest.mark.parametrize(("requests", "failed"), [(300, 1), (0, 0)])
def test_a_pace_with_failed_requests_counts_for_nothing(requests: int, failed: int) -> None:
    said = f'{{"requests": {requests}, "microseconds": 1, "p50_us": 1, "p99_us": 1, "failed": {failed}}}'
    with pytest.raises(Unanswered):
        pace_of(said)


def test_growth_is_told_by_the_bare_rounds_beside_it() -> None:
    small = Sized([Round(pace(1000), pace(500))] * 3, peak=100_000, rows_per_s=1)
    slower_machine = Sized([Round(pace(500), pace(250))] * 3, peak=110_000, rows_per_s=1)
    found = figures(small, slower_machine, 10, 1000)
    assert (found["lookup.of_bare"], found["lookup.growth"], found["export.memory_growth"]) == (0.5, 1.0, 1.1)


def test_an_import_is_held_against_the_inserts_beside_it_and_its_memory_against_a_small_one() -> None:
    rounds = [ImportRound(3000, 20_000, 104_000), ImportRound(1000, 10_000, 120_000), ImportRound(1000, 5000, 90_000)]
    found = import_figures(ImportRound(5000, 20_000, 100_000), rounds, 10, 1000)
    assert (found["import.of_limit"], found["import.memory_growth"]) == (0.15, 1.2)
    assert missed_bars({**found, "import.of_limit": 0.09, "import.memory_growth": 1.31}) == [
        "import.of_limit",
        "import.memory_growth",
    ]
    assert missed_bars(found) == []


def test_the_peak_is_the_kernels() -> None:
    assert peak_of("Name:\tpython\nVmPeak:\t 900 kB\nVmHWM:\t  123456 kB\nVmRSS:\t 7 kB\n") == 123456


def test_a_figure_misses_its_bar_from_either_side_and_one_not_measured_misses_none() -> None:
    assert missed_bars({"lookup.of_bare": 0.39, "export.memory_growth": 1.31}) == [
        "lookup.of_bare",
        "export.memory_growth",
    ]
    assert missed_bars({"lookup.of_bare": 0.41, "export.memory_growth": 1.2}) == []


def test_a_million_numbers_differ_and_keep_the_format() -> None:
    places = [*range(5), 99_998, 99_999, 100_000, 999_999]
    numbers = [number_at(place) for place in places]
    assert len(set(numbers)) == len(places)
    assert {len(number) for number in numbers} == {16}
    assert numbers[5][-5:] == "99999"
    assert numbers[6][-5:] == "00001"


def test_copies_share_nothing_that_must_be_unique() -> None:
    rows = list(copies({"holder": "张*"}, 10, 40))
    for name in ("_id", "number", "person_index"):
        assert len({row[name] for row in rows}) == 30
    assert {row["holder"] for row in rows} == {"张*"}
    assert len({row["unit"] for row in rows}) > 1
