"""Lists to the end, as CSV or NDJSON: written as they are read, in constant memory whatever their length."""

import csv
from collections.abc import AsyncIterator, Iterable, Sequence
from enum import StrEnum
from io import StringIO
from typing import Any

from fastapi.responses import StreamingResponse
from pydantic_core import to_json

Row = dict[str, Any]
Runs = AsyncIterator[list[Row]]
FORMULAS = (
    *"=+-@\t\r\n",
    *"\uff1d\uff0b\uff0d\uff20",
)  # full-width too: what spreadsheets take for the beginning of a formula
BOM = "\ufeff"


class Format(StrEnum):
    """How an export is written."""

    CSV = "csv"
    NDJSON = "ndjson"


MEDIA = {Format.CSV: "text/csv; charset=utf-8", Format.NDJSON: "application/x-ndjson"}


def exported(
    runs: Runs, columns: Sequence[str], format_: Format, *, name: str, total: int, bom: bool = False
) -> StreamingResponse:
    """A download of these columns; `total` is how many rows there were when it began.

    One that breaks off is never mistaken for a whole one: the connection ends without its last chunk, NDJSON
    without its line of the end, and CSV with fewer rows than `X-Total-Count` names.
    """
    lines = csv_lines(runs, columns, bom=bom) if format_ is Format.CSV else ndjson_lines(runs, columns)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{format_}"', "X-Total-Count": str(total)}
    return StreamingResponse(lines, media_type=MEDIA[format_], headers=headers)


async def csv_lines(runs: Runs, columns: Sequence[str], *, bom: bool = False) -> AsyncIterator[bytes]:
    """A header and the rows, by RFC 4180; `bom` tells a spreadsheet that it is UTF-8."""
    yield ((BOM if bom else "") + _csv([columns])).encode()
    async for run in runs:
        yield _csv([cell(row.get(column)) for column in columns] for row in run).encode()


def _csv(rows: Iterable[Sequence[str]]) -> str:
    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def cell(value: object) -> str:
    """A value as text that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULAS) else text


async def ndjson_lines(runs: Runs, columns: Sequence[str]) -> AsyncIterator[bytes]:
    """The rows, and a last line that says how many they were."""
    count = 0
    async for run in runs:
        yield b"".join(to_json({column: row.get(column) for column in columns}) + b"\n" for row in run)
        count += len(run)
    yield to_json({"end": True, "rows": count}) + b"\n"
