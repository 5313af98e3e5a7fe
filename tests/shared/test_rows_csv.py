"""Rows as CSV: read as the same rows in JSON would be, and handed back to be mended."""

import json
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from shared.command import Command
from shared.errors import Malformed
from shared.http.rows import CSV, JSON, MOST_ROWS, NDJSON, Refused, as_sent, flat, rows_in, table


class Row(Command):
    """A row of these tests."""

    name: Annotated[str, Field(min_length=1, max_length=20)]
    count: int = 0
    sheet: dict[str, float] | None = None


def read(text: str | bytes) -> list[Any]:
    return list(rows_in(text if isinstance(text, bytes) else text.encode(), f"{CSV}; charset=utf-8", Row))


def test_a_table_and_the_same_objects_read_the_same() -> None:
    objects = [{"name": "张三", "count": 2}, {"name": "李,四"}]
    cells = [row for _, row in read('name,count\r\n张三,2\r\n"李,四",\r\n')]
    assert cells == [row for _, row in rows_in(json.dumps(objects).encode(), JSON, Row)]


def test_a_byte_order_mark_old_line_ends_and_empty_lines_are_passed_over_but_counted() -> None:
    assert [line for line, _ in read(b"\xef\xbb\xbfname,count\r\n\r\na,1\r\n,\r\nb,2")] == [3, 5]


def test_a_cell_of_several_lines_keeps_the_count_of_lines() -> None:
    assert [line for line, _ in read('name,count\n"a\nb",1\nc,2\n')] == [2, 4]


def test_columns_with_a_point_form_an_inner_object() -> None:
    [(_, row)] = read("name,sheet.one,sheet.two\na,1.5,2\n")
    assert row.sheet == {"one": 1.5, "two": 2.0}


@pytest.mark.parametrize(
    ("row", "field", "rule"),
    [
        ("a", "", "columns"),
        ("a,1,2", "", "columns"),
        (",1", "/name", "missing"),
        ("a" * 21 + ",1", "/name", "too-long"),
    ],
)
def test_a_row_of_the_wrong_shape_is_refused_by_itself(row: str, field: str, rule: str) -> None:
    refused, good = read(f"name,count\n{row}\nb,2\n")
    assert isinstance(refused, Refused)
    assert (refused.line, refused.field, refused.rule, good[0]) == (2, field, rule, 3)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\r\n",
        b"name,name\na,b\n",
        b"name,secret\na,b\n",
        b'name\n"a\n',
        b"name\n\xff\n",
        "name\n名\n".encode("gbk"),
    ],
)
def test_a_table_that_cannot_be_read_as_a_whole_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(Malformed):
        read(body)


def test_too_many_rows_are_not_even_begun() -> None:
    with pytest.raises(Malformed, match="10000"):
        rows_in(b"name\n" + b"a\n" * (MOST_ROWS + 1), CSV, Row)


def test_a_table_of_refused_rows_is_taken_back_with_its_two_more_columns() -> None:
    [(_, row)] = read("name,count,field,reason\na,1,/count,why\n")
    assert (row.name, row.count) == ("a", 1)


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (b"name,count\na,1\nb,2\n", CSV),
        (b'\n{"name": "a", "count": "1"}\n{"name": "b", "count": "2"}', NDJSON),
        (b'[7, {"name": "a", "count": "1"}, {"name": "b", "count": "2"}]', JSON),
    ],
)
def test_the_rows_of_some_lines_come_back_as_they_were_sent(body: bytes, media: str) -> None:
    assert list(as_sent(body, media, frozenset({3}))) == [(3, {"name": "b", "count": "2"})]


def test_a_line_that_is_no_object_comes_back_empty() -> None:
    assert list(as_sent(b"nonsense\n[1]", NDJSON, frozenset({1, 2}))) == [(1, {}), (2, {})]


CELL = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(
    lambda text: text == text.strip()
)


@given(st.lists(CELL, min_size=1, max_size=5))
def test_whatever_is_written_as_a_table_reads_back_the_same(names: list[str]) -> None:
    rows = [{"name": name, "count": 1, "sheet": {"one": 2.5}} for name in names]
    text = table(["name", "count", "sheet.one"], map(flat, rows))
    assert [row.model_dump() for _, row in read(text)] == rows


def test_a_field_is_named_whole_or_in_parts_but_not_both_ways() -> None:
    with pytest.raises(Malformed, match="both whole and in parts"):
        rows_in(b"name,sheet,sheet.theory\na,b,c\n", CSV, Row)
