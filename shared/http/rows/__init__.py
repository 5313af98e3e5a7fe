"""Rows in bulk: read from bodies and from files, a bad one refused by itself and never repeated."""

from shared.http.rows.bodies import (
    CSV,
    JSON,
    MOST_ROWS,
    NDJSON,
    RUN,
    as_sent,
    at_most,
    flat,
    media_of,
    rows_in,
    runs,
    table,
)
from shared.http.rows.shapes import REFUSAL_COLUMNS, Line
from shared.http.rows.told import Refused, RowsTaken, refused_by

__all__ = [
    "CSV",
    "JSON",
    "MOST_ROWS",
    "NDJSON",
    "REFUSAL_COLUMNS",
    "RUN",
    "Line",
    "Refused",
    "RowsTaken",
    "as_sent",
    "at_most",
    "flat",
    "media_of",
    "refused_by",
    "rows_in",
    "runs",
    "table",
]
