"""Reads bulk bodies row by row, a JSON array, NDJSON or CSV; a bad row is refused by itself and never repeated."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json, to_json

from shared.errors import Fault, Malformed

R = TypeVar("R", bound=BaseModel)
T = TypeVar("T")
Line = tuple[int, R]

NDJSON = "application/x-ndjson"
JSON = "application/json"
CSV = "text/csv"
REFUSAL_COLUMNS = ("field", "reason")
"""Columns that a CSV of refused rows has beside its own; passed over when the mended rows come back."""
MOST_ROWS = 10_000  # in one request, so that it is answered within five seconds
RUN = 500  # rows in one bulk write

_WRONG = {
    "missing": ("missing", "this field is required"),
    "extra_forbidden": ("unknown-field", "the row has a field that does not belong in it; leave it out"),
    "string_type": ("not-text", "this field is text"),
    "string_too_short": ("empty", "this field may not be empty"),
    "string_too_long": ("too-long", "this field is too long"),
}
_UNREADABLE = ("malformed", "this row is no JSON object")
_UNFIT = ("malformed", "this field has no value that it can have; its description names them")
_UNEVEN = ("columns", "the row has more or fewer cells than the header; a comma inside a cell needs quotes around it")


class Refused(BaseModel):
    """One row that was not taken: where, by which rule, and what to do; never what stood there."""

    model_config = ConfigDict(frozen=True)

    line: int = Field(
        description="1 is the first row of an array, the first line of NDJSON, the header of CSV", examples=[3]
    )
    field: str = Field(description="JSON pointer into the row; empty for the row itself", examples=["/id_number"])
    rule: str = Field(description="stable slug of the rule that refused it", examples=["check_digit"])
    detail: str = Field(examples=["the last character does not fit the others"])


class RowsTaken(BaseModel):
    """What became of the rows of one request."""

    accepted: int
    refused: list[Refused]


def refused_by(line: int, fault: Fault) -> Refused:
    """A row that a rule refused."""
    return Refused(line=line, field=fault.field or "", rule=fault.rule or fault.slug, detail=fault.detail)


def rows_in(body: bytes, content_type: str, kind: type[R]) -> Iterator[Line[R] | Refused]:
    """Every row with its line, or why it cannot be read; `Malformed` when the body as a whole cannot."""
    match _media(content_type):
        case "application/x-ndjson":
            return _in_lines(body, kind)
        case "application/json":
            return (_row(line, row, kind) for line, row in enumerate(_array(body), start=1))
        case "text/csv":
            return _in_cells(body, kind)
    raise _unknown_media()


def as_sent(body: bytes, content_type: str, lines: frozenset[int]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The rows of these lines as they were sent, to be mended; what is no object comes back empty."""
    media = _media(content_type)
    if media == CSV:
        columns, rows = _table(body)
        sent: Iterator[tuple[int, Any]] = ((line, dict(zip(columns, cells, strict=False))) for line, cells in rows)
    elif media == NDJSON:
        sent = ((line, _readable(text)) for line, text in enumerate(body.split(b"\n"), start=1) if line in lines)
    else:
        sent = enumerate(_array(body), start=1)
    return ((line, row if isinstance(row, dict) else {}) for line, row in sent if line in lines)


def _media(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _unknown_media() -> Malformed:
    return Malformed(f"send {JSON} with an array of rows, {NDJSON}, or {CSV} with a header", field="Content-Type")


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


def _in_lines(body: bytes, kind: type[R]) -> Iterator[Line[R] | Refused]:
    _must_be_few(body.rstrip().count(b"\n") + 1)
    return (_line(line, text, kind) for line, text in enumerate(body.split(b"\n"), start=1) if text.strip())


def _line(line: int, text: bytes, kind: type[R]) -> Line[R] | Refused:
    try:
        return line, kind.model_validate_json(text)
    except ValidationError as error:
        return _refused(line, error)


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


def _row(line: int, row: Any, kind: type[R]) -> Line[R] | Refused:
    try:
        return line, kind.model_validate(row)
    except ValidationError as error:
        return _refused(line, error)


def _in_cells(body: bytes, kind: type[R]) -> Iterator[Line[R] | Refused]:
    columns, rows = _table(body)
    if unknown := {name.partition(".")[0] for name in columns} - {*kind.model_fields, *REFUSAL_COLUMNS}:
        known = ", ".join(kind.model_fields)
        raise Malformed(f"{len(unknown)} columns of the header are unknown; those known are: {known}", field="/0")
    if whole := {name.partition(".")[0] for name in columns if "." in name} & {*columns}:
        raise Malformed(f"the header names {min(whole)} both whole and in parts; choose one way", field="/0")
    columns = ["" if name in REFUSAL_COLUMNS and name not in kind.model_fields else name for name in columns]
    numbers = _numbers(kind)
    return (_cells(line, columns, cells, numbers, kind) for line, cells in rows)


def _cells(line: int, columns: Sequence[str], cells: Sequence[str], numbers: set[str], kind: type[R]) -> Any:
    if len(cells) != len(columns):
        return Refused(line=line, field="", rule=_UNEVEN[0], detail=_UNEVEN[1])
    row: dict[str, Any] = {}
    for column, cell in zip(columns, cells, strict=True):
        field, _, part = column.partition(".")
        if cell and field:  # an empty cell is a field that was not sent
            place = row.setdefault(field, {}) if part else row
            place[part or field] = _number(cell) if field in numbers else _list(cell)
    try:
        return line, kind.model_validate(row, strict=False)  # all cells are text, so numbers and days are read from it
    except ValidationError as error:
        return _refused(line, error)


def _numbers(kind: type[BaseModel]) -> set[str]:
    """The fields described as numbers, or as objects of numbers, though any value is read for a rule to judge."""
    fields = kind.model_json_schema()["properties"].items()
    return {name for name, told in fields if "number" in (told.get("type"), _inner(told).get("type"))}


def _inner(told: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = told.get("additionalProperties")
    return inner if isinstance(inner, dict) else {}


def _list(cell: str) -> Any:
    if not cell.startswith("["):
        return cell
    try:
        return from_json(cell)
    except ValueError:
        return cell


def _number(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def _table(body: bytes) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The names in the header and, one after the other, the line and cells of each row that is not empty."""
    try:
        text = body.decode("utf-8-sig")
        rows = sum(1 for _ in _numbered(text))  # read once to find what no reader gets through, before any row counts
    except UnicodeDecodeError as error:
        raise Malformed("the body is not UTF-8; save the file as CSV UTF-8") from error
    except csv.Error as error:
        raise Malformed("the body is no CSV: a quote is not closed or a cell is far too long") from error
    _must_be_few(rows - 1)
    numbered = _numbered(text)
    columns = [name.strip() for name in next(numbered, (0, list[str]()))[1]]
    if not columns or len(set(columns)) < len(columns):
        raise Malformed("the first line names the columns, each once", field="/0")
    return columns, numbered


def _numbered(text: str) -> Iterator[tuple[int, list[str]]]:
    reader, line = csv.reader(io.StringIO(text, newline=""), strict=True), 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield line, [cell.strip() for cell in cells]
        line = reader.line_num + 1


def _must_be_few(rows: int) -> None:
    if rows > MOST_ROWS:
        raise Malformed(f"send at most {MOST_ROWS} rows at once; send the rest in further requests")


def _refused(line: int, error: ValidationError) -> Refused:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    rule, detail = _WRONG.get(first["type"], _UNFIT if first["loc"] else _UNREADABLE)
    # the name of an unknown field is the sender's text, which may be anybody's name or number
    place = () if rule == "unknown-field" else first["loc"]
    return Refused(line=line, field="".join(f"/{step}" for step in place), rule=rule, detail=detail)
