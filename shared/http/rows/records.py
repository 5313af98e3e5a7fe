"""Finds the rows in bytes, each with its line and its end, in a whole body or in the piece of a file that is there."""

import csv
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

BOM = b"\xef\xbb\xbf"


class Record(NamedTuple):
    """One row as it stands there: the cells of CSV, stripped, or the bytes of a line; nothing for an empty line.

    `line` is its first physical line, `end` the bytes up to its end and `next_line` the line after it.
    """

    line: int
    content: Any
    end: int
    next_line: int


def cells_in(data: bytes, line: int = 1, *, last: bool = True) -> Iterator[Record]:
    """The records of CSV; a quoted cell may hold line ends. Unless `last`, one that is not whole yet is left out.

    Raises csv.Error for what no reader gets through, UnicodeDecodeError for what is not UTF-8.
    """
    feed = _Feed(_whole(data.splitlines(keepends=True), last=last), line)
    reader = csv.reader(feed, strict=True)
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            yield Record(line, stripped if any(stripped) else [], feed.end, feed.line)
            line = feed.line
    except csv.Error:
        if last or not feed.spent:
            raise


def lines_in(data: bytes, line: int = 1, *, last: bool = True) -> Iterator[Record]:
    """The lines of NDJSON; unless `last`, the one that is not whole yet is left out."""
    end = 0
    while (found := data.find(b"\n", end)) >= 0:
        yield Record(line, data[end:found].strip(), found + 1, line + 1)
        line, end = line + 1, found + 1
    if last and end < len(data):
        yield Record(line, data[end:].strip(), len(data), line + 1)


class _Feed:
    """Physical lines one by one, counted in lines and bytes as the reader asks for them; it never asks too early."""

    def __init__(self, lines: Sequence[bytes], line: int) -> None:
        self._lines = iter(lines)
        self.line = line
        self.end = 0
        self.spent = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines, None)
        if line is None:
            self.spent = True
            raise StopIteration
        self.end += len(line)
        self.line += 1
        return line.decode()


def _whole(lines: list[bytes], *, last: bool) -> list[bytes]:
    """The lines that have ended; a carriage return at the very end may be the first half of a line end."""
    return lines[:-1] if lines and not last and not lines[-1].endswith(b"\n") else lines
