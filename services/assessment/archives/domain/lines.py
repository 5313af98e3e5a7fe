"""The canonical lines of what is stored of a batch, and their SHA-256 one after the other in constant memory.

A line is JSON with sorted keys, without spaces, in UTF-8, and ends in a line feed; what is empty is left out, so that
a field which a later version of this software adds changes none. In a line stands only what no later word changes: a
certificate's number does, its standing does not. So a hash that differs later tells of tampering.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from hashlib import sha256
from typing import Any

from pydantic import Field

from services.assessment.batches.domain import Batch
from services.assessment.entries.domain import QUALIFIED
from shared.events.base import Record

Row = Mapping[str, Any]
EMPTY: tuple[Any, ...] = (None, "", [], {})


class Hashed(Record):
    """An item of the stored data with its hash."""

    item: str
    sha256: str = Field(description="SHA-256 over its canonical lines, hexadecimal")
    lines: int


class Sums:
    """The hashes of several items, growing line by line."""

    def __init__(self, items: Iterable[str]) -> None:
        self._sums = {item: sha256() for item in items}
        self._lines = dict.fromkeys(self._sums, 0)

    def add(self, item: str, row: Any) -> None:
        """One line more of an item."""
        self._sums[item].update(line_of(row))
        self._lines[item] += 1

    def hashed(self) -> list[Hashed]:
        """What they came to."""
        return [
            Hashed(item=item, sha256=found.hexdigest(), lines=self._lines[item]) for item, found in self._sums.items()
        ]


def line_of(row: Any) -> bytes:
    """The canonical line of a row."""
    text = json.dumps(_bare(row), sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_text)
    return f"{text}\n".encode()


def _bare(value: Any) -> Any:
    if isinstance(value, Mapping):
        bare = {name: _bare(item) for name, item in value.items()}
        return {name: item for name, item in bare.items() if item not in EMPTY}
    if isinstance(value, list | tuple):
        return [_bare(item) for item in value]
    return value


def _text(value: Any) -> str:
    if isinstance(value, date):  # instants are dates, too
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _picked(*fields: str) -> Callable[[Row], Row]:
    return lambda row: {"entry": row["_id"], **{name: row.get(name) for name in fields}}


def _result(row: Row) -> Row:
    passed = row["state"] in [state.value for state in QUALIFIED]
    return {"entry": row["_id"], "scores": row.get("scores"), "result": "passed" if passed else row["state"]}


def _certificate(row: Row) -> Row:
    known: Row = row.get("certificate") or {}
    of = {name: known.get(name) for name in ("regime", "filed_on")}
    return {"entry": row["_id"], "number": row.get("number"), "rejected_for": row.get("reason"), **of}


OF_ENTRY: Mapping[str, Callable[[Row], Row]] = {
    "name_list": _picked("holder", "id_masked", "employer"),
    "eligibility": _picked("eligibility", "reviewed", "resit"),
    "arrangement": _picked("ticket", "arrangement", "places"),
    "attendance": _picked("attendance"),
    "sheets": _picked("sheets"),
    "results": _result,
    "certificates": _certificate,
    "filings": _picked("filings", "chunk", "rejections"),
}
"""The line of each item that an entry has, of the entry as it is stored."""

FIELDS = (
    *("state", "holder", "id_masked", "employer", "eligibility", "reviewed", "resit", "ticket", "arrangement"),
    *("places", "attendance", "sheets", "scores", "number", "reason", "certificate", "filings", "chunk", "rejections"),
)


def _only(batch: Batch, *fields: str) -> Row:
    found: dict[str, Any] = batch.model_dump(mode="json", include=set(fields))
    return found


OF_BATCH: Mapping[str, Callable[[Batch], Row]] = {
    "announcement": lambda batch: batch.announcement().model_dump(mode="json"),
    "plan": lambda batch: _only(batch, "plan", "plan_edition", "begun_on", "standard", "authority"),
    "assignment": lambda batch: _only(batch, "assignment"),
    "arrangement": lambda batch: _only(batch, "rooms", "sittings", "arrangement", "tickets"),
    "sheets": lambda batch: _only(batch, "seal"),
    "notice": lambda batch: _only(batch, "notice"),
    "filings": lambda batch: _only(batch, "chunks", "supplements"),
}
"""The first line of an item, of the batch itself."""
