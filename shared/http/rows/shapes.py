"""How a record becomes a row of a kind: the cells under their columns, or a line of JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, Self, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from shared.errors import Malformed
from shared.http.rows.told import Refused, uneven, unread

R = TypeVar("R", bound=BaseModel)
Line = tuple[int, R]

REFUSAL_COLUMNS = ("field", "reason")
"""Columns that a CSV of refused rows has beside its own; passed over when the mended rows come back."""
MOST_NAMED = 10  # columns in one error


@dataclass(frozen=True)
class Columns(Generic[R]):
    """The columns of a table of such rows, in their order; an empty name is a column that is passed over."""

    kind: type[R]
    names: tuple[str, ...]

    @classmethod
    def of(cls, header: Sequence[str], kind: type[R]) -> Self:
        """The columns that a header names; `Malformed` when the rows cannot be read by it."""
        fields = {*kind.model_fields, *REFUSAL_COLUMNS}
        # named by its place: what stands there is the sender's text, in a file without a header a person's data
        if unknown := [str(place) for place, name in enumerate(header, 1) if name.partition(".")[0] not in fields]:
            which, known = ", ".join(unknown[:MOST_NAMED]), ", ".join(kind.model_fields)
            raise Malformed(f"the header is not known in column {which}; the columns are: {known}", field="/0")
        if whole := {name.partition(".")[0] for name in header if "." in name} & {*header}:
            raise Malformed(f"the header names {min(whole)} both whole and in parts; choose one way", field="/0")
        passed_over = {*REFUSAL_COLUMNS} - {*kind.model_fields}
        return cls(kind, tuple("" if name in passed_over else name for name in header))

    def row(self, line: int, cells: Sequence[str]) -> Line[R] | Refused:
        """The row of these cells, or why it cannot be read."""
        if len(cells) != len(self.names):
            return uneven(line)
        row: dict[str, Any] = {}
        numbers = _numbers(self.kind)
        for column, cell in zip(self.names, cells, strict=True):
            if cell and column:  # an empty cell is a field that was not sent
                field, _, part = column.partition(".")
                place = row.setdefault(field, {}) if part else row
                place[part or field] = _number(cell) if field in numbers else _list(cell)
        try:  # all cells are text, so numbers and days are read from it
            return line, self.kind.model_validate(row, strict=False)
        except ValidationError as error:
            return unread(line, error)


def line_row(line: int, text: bytes, kind: type[R]) -> Line[R] | Refused:
    """The row of a line of JSON, or why it cannot be read."""
    try:
        return line, kind.model_validate_json(text)
    except ValidationError as error:
        return unread(line, error)


def object_row(line: int, row: Any, kind: type[R]) -> Line[R] | Refused:
    """The row of a JSON value, or why it cannot be read."""
    try:
        return line, kind.model_validate(row)
    except ValidationError as error:
        return unread(line, error)


@cache
def _numbers(kind: type[BaseModel]) -> frozenset[str]:
    """The fields described as numbers, or as objects of numbers, though any value is read for a rule to judge."""
    fields = kind.model_json_schema()["properties"].items()
    return frozenset(name for name, told in fields if "number" in (told.get("type"), _inner(told).get("type")))


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
