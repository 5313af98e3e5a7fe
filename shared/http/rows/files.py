"""Checks a file of rows piece by piece as it comes in, in constant memory: what cannot be read as a whole is refused.

Nothing is known of its rows but where they begin and how many they are; each is read later, from the stored pieces.
"""

import codecs
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel
from pydantic_core import from_json

from shared.errors import Malformed
from shared.http.rows.bodies import CSV, NDJSON, header_of
from shared.http.rows.records import BOM, Record, cells_in, lines_in
from shared.http.rows.shapes import Columns, Line, line_row
from shared.http.rows.told import Refused

R = TypeVar("R", bound=BaseModel)
LONGEST_ROW = 256 * 1024  # bytes; what is longer is a quote that was never closed


class UnknownMedia(Malformed):
    """Files are taken as CSV or NDJSON."""

    slug = "file-media"


class NotText(Malformed):
    """The file is not UTF-8."""

    slug = "file-not-utf8"


class WrongColumns(Malformed):
    """The header does not fit the rows of this kind."""

    slug = "file-columns"


class NotClosed(Malformed):
    """A quote in the file is not closed, or text stands beside one."""

    slug = "file-quotes"


class CutOff(Malformed):
    """The file ends in the middle."""

    slug = "file-cut-off"


class WrongLength(Malformed):
    """The file has too many rows, or none."""

    slug = "file-rows"


@dataclass(frozen=True)
class Layout:
    """How the rows of a file lie in it: the first begins at `offset`, on `line`; `columns` are those of a table."""

    media: str
    columns: tuple[str, ...]
    offset: int
    line: int
    rows: int


class Scan(Generic[R]):
    """One file on its way in: `read` each piece, then `end` it; each raises what makes it unusable as a whole."""

    def __init__(self, media: str, kind: type[R], most_rows: int) -> None:
        if media not in (CSV, NDJSON):
            raise UnknownMedia(f"send {CSV} with a header, or {NDJSON}", field="Content-Type")
        self._media, self._kind, self._most = media, kind, most_rows
        self._text = codecs.getincrementaldecoder("utf-8")()
        self._left = b""
        self._at, self._line = 0, 1
        self._rows, self._empty = 0, 0
        self._header: Columns[R] | None = None
        self._begins = (0, 1)

    def read(self, piece: bytes) -> None:
        """Take the next bytes of the file."""
        self._read(piece, last=False)
        if len(self._left) > LONGEST_ROW:
            raise NotClosed(f"the row on line {self._line} has no end; close its quotes")

    def end(self) -> Layout:
        """The file is over; how it is laid out."""
        ends_a_line = self._left == b""
        self._read(b"", last=True, ends_a_line=ends_a_line)
        if not self._rows:
            raise WrongLength("the file has no rows")
        columns = self._header.names if self._header else ()
        return Layout(self._media, columns, *self._begins, self._rows)

    def _read(self, piece: bytes, *, last: bool, ends_a_line: bool = True) -> None:
        try:
            self._text.decode(piece, final=last)
        except UnicodeDecodeError as error:
            if last:
                raise CutOff("it ends within a character; send the whole file, as UTF-8") from error
            raise NotText("save the file as UTF-8 (in a spreadsheet: CSV UTF-8) and send it again") from error
        data = self._left + piece
        if self._at == 0 and data.startswith(BOM):
            self._skip(len(BOM))
            data = data.removeprefix(BOM)
        begins, end = self._at, 0
        for record in self._records(data, last=last):
            end = record.end
            self._at, self._line = begins + end, record.next_line
            self._take(record, whole=ends_a_line or end < len(data))
        self._left = data[end:]

    def _skip(self, size: int) -> None:
        self._at = size
        self._begins = (size, 1)

    def _records(self, data: bytes, *, last: bool) -> Iterator[Record]:
        try:
            yield from records(self._media, data, self._line, last=last)
        except csv.Error as error:
            told = f"the row on line {self._line} has a quote that is not closed, or text beside one"
            raise NotClosed(f"{told}; mend it, or send the whole file if it was cut off") from error

    def _take(self, record: Record, *, whole: bool) -> None:
        if not record.content:
            self._empty += 1
        elif self._media == CSV and self._header is None:
            self._header = _columns(record.content, self._kind)
            self._begins = (self._at, self._line)
        else:
            self._rows += 1
            if not (whole or self._is_complete(record)):
                raise CutOff(f"its last row, on line {record.line}, is incomplete; send the whole file")
        if max(self._rows, self._empty) > self._most:
            raise WrongLength(f"a file has at most {self._most} rows; send the rest as another file")

    def _is_complete(self, record: Record) -> bool:
        if self._header is not None:
            return len(record.content) >= len(self._header.names)
        try:
            from_json(record.content)
        except ValueError:
            return False
        return True


def records(media: str, data: bytes, line: int, *, last: bool) -> Iterator[Record]:
    """The rows in a part of a file; unless it is the `last`, what is not whole yet is left out."""
    return (cells_in if media == CSV else lines_in)(data, line, last=last)


def read_rows(layout: Layout, kind: type[R], found: Sequence[Record]) -> list[Line[R] | Refused]:
    """Records of a file as rows, or why each cannot be read."""
    if layout.media == NDJSON:
        return [line_row(record.line, record.content, kind) for record in found]
    columns = Columns(kind, layout.columns)
    return [columns.row(record.line, record.content) for record in found]


def _columns(cells: Sequence[str], kind: type[R]) -> Columns[R]:
    try:
        columns = Columns.of(header_of(cells), kind)
    except Malformed as fault:
        raise WrongColumns(fault.detail, field=fault.field) from fault
    there = {name.partition(".")[0] for name in columns.names}
    for name, field in kind.model_fields.items():
        if field.is_required() and name not in there:
            raise WrongColumns(f"the column {name} is missing in the header", field=f"/{name}")
    return columns
