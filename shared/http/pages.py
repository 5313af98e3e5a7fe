"""Pages of a list: an opaque cursor says after which row the next page begins."""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from shared.errors import Malformed

T = TypeVar("T")
Limit = Annotated[int, Query(ge=1, le=1000, description="rows at most")]
Cursor = Annotated[str | None, Query(description="`next` of the page before")]

GAP = "\x1f"  # in no value and no id


class Page(BaseModel, Generic[T]):
    """Some rows and where the next ones begin; `next` is absent on the last page."""

    rows: list[T]
    next: str | None = Field(default=None, examples=["cGxhbi0x"])


def after(cursor: str | None) -> str:
    """The key in a cursor; empty for the first page."""
    if cursor is None:
        return ""
    try:
        return b64decode(cursor, b"-_", validate=True).decode()
    except ValueError as error:
        raise Malformed("this cursor was not given out by us", field="cursor") from error


def place(value: object, identity: str) -> str:
    """The key of a row in a list by some value and id."""
    return f"{value}{GAP}{identity}"


def after_place(cursor: str | None) -> tuple[str, str] | None:
    """The value and id in the cursor of such a list; None for the first page."""
    if cursor is None:
        return None
    value, gap, identity = after(cursor).partition(GAP)
    if not gap:
        raise Malformed("this cursor was given out for another list", field="cursor")
    return value, identity


def cursor_of(key: str) -> str:
    """The cursor after the row with this key."""
    return urlsafe_b64encode(key.encode()).decode()


def page(rows: Sequence[T], limit: int, key: Callable[[T], str]) -> Page[T]:
    """A page of `limit` rows out of one row more, which tells whether there is a next page."""
    shown = list(rows[:limit])
    return Page(rows=shown, next=cursor_of(key(shown[-1])) if len(rows) > limit else None)
