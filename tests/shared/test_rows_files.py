"""A file of rows is checked piece by piece as it would be in one, and its rows are found from wherever one begins."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from shared.errors import Malformed
from shared.http.rows import CSV, NDJSON, Refused, rows_in
from shared.http.rows.files import LONGEST_ROW, Layout, Scan, read_rows, records


class Row(BaseModel):
    """Something that is sent in bulk."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    note: str | None = None


MEDIA = (CSV, NDJSON)
TEXT = st.text('张王"\n\r,ab ', max_size=6)
ROWS = st.lists(st.fixed_dictionaries({"name": TEXT, "note": TEXT}), min_size=1, max_size=12)
MARK = b"\xef\xbb\xbf"


def written(rows: list[dict[str, str]], media: str, *, mark: bool = False) -> bytes:
    if media == NDJSON:
        return (MARK if mark else b"") + b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, ["name", "note"])
    writer.writeheader()
    writer.writerows(rows)
    return (MARK if mark else b"") + out.getvalue().encode()


def scanned(file: bytes, media: str = CSV, size: int = 7, most: int = 100) -> Layout:
    scan = Scan(media, Row, most)
    for start in range(0, len(file), size):
        scan.read(file[start : start + size])
    return scan.end()


def gone_through(file: bytes, layout: Layout, turn: int, size: int) -> Iterator[Any]:
    """The rows of a file, some at a time, each time from where the row before ended, out of parts of the file."""
    at, line = layout.offset, layout.line
    while at < len(file):
        part = size
        while not (found := list(records(layout.media, file[at : at + part], line, last=at + part >= len(file)))):
            if at + part >= len(file):
                return
            part += size
        found = found[:turn]
        yield from read_rows(layout, Row, [row for row in found if row.content])
        at, line = at + found[-1].end, found[-1].next_line


@given(ROWS, st.sampled_from(MEDIA), st.booleans(), st.integers(1, 40), st.integers(1, 5), st.integers(1, 40))
def test_rows_are_the_same_however_a_file_is_cut_up(
    rows: list[dict[str, str]], media: str, mark: bool, size: int, turn: int, part: int
) -> None:
    file = written(rows, media, mark=mark)
    whole = list(rows_in(file.removeprefix(MARK), media, Row))
    if not whole:
        return
    layout = scanned(file, media, size)
    assert layout.rows == len(whole)
    assert list(gone_through(file, layout, turn, part)) == whole


@pytest.mark.parametrize("size", [1, 5, 1000])
@pytest.mark.parametrize(
    ("file", "media", "slug"),
    [
        (b"", CSV, "file-rows"),
        (b"name\r\n", CSV, "file-rows"),
        (b"\n \n", NDJSON, "file-rows"),
        (b"name\n" + b"a\n" * 101, CSV, "file-rows"),
        (b"name\na\n" + b"\n" * 101, CSV, "file-rows"),
        (b"{}\n" * 101, NDJSON, "file-rows"),
        (b"note\na\n", CSV, "file-columns"),
        (b"name,name\na,b\n", CSV, "file-columns"),
        (b"name,other\na,b\n", CSV, "file-columns"),
        (b'name\n"a\nb\n', CSV, "file-quotes"),
        (b'name\n"a"b\nc\n', CSV, "file-quotes"),
        (b"name,note\na,b\nc", CSV, "file-cut-off"),
        ("name\n张\n张".encode()[:-1], CSV, "file-cut-off"),
        (b'{"name": "a"}\n{"name": "b"', NDJSON, "file-cut-off"),
        ("name\n张三\nb\n".encode("gbk"), CSV, "file-not-utf8"),
        ("name\na\n".encode("utf-16"), CSV, "file-not-utf8"),
        (b'{"name": "\xff"}\n', NDJSON, "file-not-utf8"),
        (b"[]", "application/json", "file-media"),
    ],
)
def test_what_cannot_be_read_as_a_whole_is_one_error(file: bytes, media: str, slug: str, size: int) -> None:
    with pytest.raises(Malformed) as refused:
        scanned(file, media, size)
    assert refused.value.slug == slug


def test_a_missing_column_is_named_and_an_unknown_one_by_its_place() -> None:
    with pytest.raises(Malformed, match="column name is missing"):
        scanned(b"note\na\n")
    with pytest.raises(Malformed, match="in column 2; the columns are: name, note"):
        scanned("name,张三\na,b\n".encode())


def test_a_last_row_without_a_line_end_counts_when_it_is_whole() -> None:
    assert scanned(b"name,note\na,b").rows == 1
    assert scanned(b'{"name": "a"}', NDJSON).rows == 1


def test_a_row_without_end_is_refused_before_it_fills_the_memory() -> None:
    with pytest.raises(Malformed, match="on line 2 has no end"):
        scanned(b"name\n" + b"a" * 2 * LONGEST_ROW, size=10_000)


@given(st.binary(max_size=60), st.sampled_from(MEDIA), st.integers(1, 9))
def test_any_bytes_are_a_file_or_one_error(file: bytes, media: str, size: int) -> None:
    try:
        layout = scanned(b"name\n" + file if media == CSV else file, media, size)
    except Malformed:
        return
    assert all(isinstance(row, Refused | tuple) for row in gone_through(file, layout, 3, size))
