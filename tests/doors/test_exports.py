"""What an export looks like to those who read it, and what a cursor of another list is told."""

import csv
import json
from collections.abc import AsyncIterator
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Malformed, StorageUnavailable
from shared.http.exports import FORMULAS, Row, cell, csv_lines, ndjson_lines
from shared.http.pages import after, after_place, cursor_of, place

COLUMNS = ("id", "holder")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


async def runs(*given_: list[Row]) -> AsyncIterator[list[Row]]:
    for run in given_:
        yield run


async def text_of(lines: AsyncIterator[bytes]) -> str:
    return b"".join([block async for block in lines]).decode()


async def test_csv_reads_back_as_it_was_whatever_stands_in_it() -> None:
    rows = [{"id": "1", "holder": '张,"*'}, {"id": "2", "holder": "two\nlines"}, {"id": "3"}]
    text = await text_of(csv_lines(runs(rows[:2], rows[2:]), COLUMNS))
    assert list(csv.reader(StringIO(text, newline=""))) == [
        ["id", "holder"],
        ["1", '张,"*'],
        ["2", "two\nlines"],
        ["3", ""],
    ]


@given(TEXTS)
def test_no_cell_begins_a_formula_and_nothing_else_is_touched(text: str) -> None:
    written = cell(text)
    assert not written.startswith(FORMULAS)
    assert written == (f"'{text}" if text.startswith(FORMULAS) else text)


@pytest.mark.parametrize("start", ["\uff1d", "\uff0b", "\uff0d", "\uff20", "\n="])
def test_a_formula_in_full_width_or_on_a_later_line_is_none_either(start: str) -> None:
    assert cell(f"{start}1") == f"'{start}1"


async def test_ndjson_that_broke_off_has_no_line_of_the_end() -> None:
    async def breaking() -> AsyncIterator[list[Row]]:
        yield [{"id": "1"}]
        raise StorageUnavailable("gone")

    seen: list[bytes] = []

    async def read() -> None:
        async for block in ndjson_lines(breaking(), COLUMNS):
            seen.append(block)  # noqa: PERF401 - what was read before it broke off is wanted

    with pytest.raises(StorageUnavailable):
        await read()
    assert [json.loads(block) for block in seen] == [{"id": "1", "holder": None}]
    whole = await text_of(ndjson_lines(runs([{"id": "1"}], [{"id": "2"}]), COLUMNS))
    assert json.loads(whole.splitlines()[-1]) == {"end": True, "rows": 2}


@given(st.dates(), st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_a_place_comes_back_out_of_its_cursor(day: object, identity: str) -> None:
    assert after_place(cursor_of(place(day, identity))) == (str(day), identity)


@pytest.mark.parametrize("cursor", ["", "nonsense", cursor_of("plan-1")])
def test_a_cursor_of_another_list_is_refused(cursor: str) -> None:
    with pytest.raises(Malformed, match="cursor"):
        after_place(cursor)


def test_the_first_page_has_no_cursor() -> None:
    assert (after(None), after_place(None)) == ("", None)
