"""Reads bulk bodies row by row, a JSON array or NDJSON; a bad row is refused by itself and never repeated."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from shared.errors import Fault, Malformed

R = TypeVar("R", bound=BaseModel)
T = TypeVar("T")
Line = tuple[int, R]

NDJSON = "application/x-ndjson"
JSON = "application/json"
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


class Refused(BaseModel):
    """One row that was not taken: where, by which rule, and what to do; never what stood there."""

    model_config = ConfigDict(frozen=True)

    line: int = Field(description="1 is the first row of an array, the first line of NDJSON", examples=[3])
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
    media = content_type.partition(";")[0].strip().lower()
    if media == NDJSON:
        return _in_lines(body, kind)
    if media == JSON:
        return _in_array(body, kind)
    raise Malformed(f"send {JSON} with an array of rows, or {NDJSON}", field="Content-Type")


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


def _in_array(body: bytes, kind: type[R]) -> Iterator[Line[R] | Refused]:
    try:
        rows = from_json(body)
    except ValueError as error:
        raise Malformed("the body is no JSON") from error
    if not isinstance(rows, list):
        raise Malformed("the body is no JSON array")
    _must_be_few(len(rows))
    return (_row(line, row, kind) for line, row in enumerate(rows, start=1))


def _row(line: int, row: Any, kind: type[R]) -> Line[R] | Refused:
    try:
        return line, kind.model_validate(row)
    except ValidationError as error:
        return _refused(line, error)


def _must_be_few(rows: int) -> None:
    if rows > MOST_ROWS:
        raise Malformed(f"send at most {MOST_ROWS} rows at once; send the rest in further requests")


def _refused(line: int, error: ValidationError) -> Refused:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    rule, detail = _WRONG.get(first["type"], _UNFIT if first["loc"] else _UNREADABLE)
    # the name of an unknown field is the sender's text, which may be anybody's name or number
    place = () if rule == "unknown-field" else first["loc"]
    return Refused(line=line, field="".join(f"/{step}" for step in place), rule=rule, detail=detail)
