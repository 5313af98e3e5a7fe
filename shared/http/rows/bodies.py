"""Reads bulk bodies row by row, a JSON array, NDJSON or CSV; a bad row is refused by itself and never repeated."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from pydantic import BaseModel
from pydantic_core import from_json, to_json

from shared.errors import Malformed
from shared.http.rows.records import BOM, cells_in, lines_in
from shared.http.rows.shapes import Columns, Line, line_row, object_row
from shared.http.rows.told import Refused

R = TypeVar("R", bound=BaseModel)
T = TypeVar("T")

NDJSON = "application/x-ndjson"
JSON = "application/json"
CSV = "text/csv"
MOST_ROWS = 10_000  # in one request, so that it is answered within five seconds
RUN = 500  # rows in one bulk write


def rows_in(body: bytes, content_type: str, kind: type[R]) -> Iterator[Line[R] | Refused]:
    """Every row with its line, or why it cannot be read; `Malformed` when the body as a whole cannot."""
    match media_of(content_type):
        case "application/x-ndjson":
            _must_be_few(body.rstrip().count(b"\n") + 1)
            return (line_row(row.line, row.content, kind) for row in lines_in(body) if row.content)
        case "application/json":
            return (object_row(line, row, kind) for line, row in enumerate(_array(body), start=1))
        case "text/csv":
            header, rows = _table(body)
            columns = Columns.of(header, kind)
            return (columns.row(line, cells) for line, cells in rows)
    raise Malformed(f"send {JSON} with an array of rows, {NDJSON}, or {CSV} with a header", field="Content-Type")


def as_sent(body: bytes, content_type: str, lines: frozenset[int]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The rows of these lines as they were sent, to be mended; what is no object comes back empty."""
    media = media_of(content_type)
    if media == CSV:
        columns, rows = _table(body)
        sent: Iterator[tuple[int, Any]] = ((line, dict(zip(columns, cells, strict=False))) for line, cells in rows)
    elif media == NDJSON:
        sent = ((row.line, _readable(row.content)) for row in lines_in(body) if row.line in lines)
    else:
        sent = enumerate(_array(body), start=1)
    return ((line, row if isinstance(row, dict) else {}) for line, row in sent if line in lines)


def media_of(content_type: str) -> str:
    """The media type without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as CSV with a header; a field that a row lacks is an empty cell."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """An object's fields as CSV columns: what lies in an inner object is named `field.part`, a list is JSON."""
    cells: dict[str, Any] = {}
    for name, value in row.items():
        cells |= {f"{name}.{part}": cell for part, cell in value.items()} if isinstance(value, dict) else {name: value}
    return {name: to_json(cell).decode() if isinstance(cell, list) else cell for name, cell in cells.items()}


def runs(rows: Iterable[T]) -> Iterator[Sequence[T]]:
    """The rows in runs that are written at once."""
    remaining = iter(rows)
    while run := list(islice(remaining, RUN)):
        yield run


def at_most(most: int, rows: Iterable[T], told: str) -> Sequence[T]:
    """The rows of a request that does more with each of them than most do; `told` is what else can be done."""
    found = list(islice(rows, most + 1))
    if len(found) > most:
        raise Malformed(f"send at most {most} rows at once; {told}")
    return found


def header_of(cells: Sequence[str]) -> list[str]:
    """The names in the first record of a table; `Malformed` when they cannot be columns."""
    if not cells or len(set(cells)) < len(cells):
        raise Malformed("the first line names the columns, each once", field="/0")
    return list(cells)


def _array(body: bytes) -> list[Any]:
    try:
        rows = from_json(body)
    except ValueError as error:
        raise Malformed("the body is no JSON") from error
    if not isinstance(rows, list):
        raise Malformed("the body is no JSON array")
    _must_be_few(len(rows))
    return rows


def _readable(text: bytes) -> Any:
    try:
        return from_json(text)
    except ValueError:
        return None


def _table(body: bytes) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The names in the header and, one after the other, the line and cells of each row that is not empty."""
    try:
        rows = sum(1 for _ in _numbered(body))  # read once to find what no reader gets through, before any row counts
    except UnicodeDecodeError as error:
        raise Malformed("the body is not UTF-8; save the file as CSV UTF-8") from error
    except csv.Error as error:
        raise Malformed("the body is no CSV: a quote is not closed or a cell is far too long") from error
    _must_be_few(rows - 1)
    numbered = _numbered(body)
    return header_of(next(numbered, (0, list[str]()))[1]), numbered


def _numbered(body: bytes) -> Iterator[tuple[int, list[str]]]:
    return ((row.line, row.content) for row in cells_in(body.removeprefix(BOM)) if row.content)


def _must_be_few(rows: int) -> None:
    if rows > MOST_ROWS:
        raise Malformed(f"send at most {MOST_ROWS} rows at once; send the rest in further requests")
