"""What can be asked of an inbox beside reading it: to take many items for read at once."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from shared.command import Command

MOST = 500
Ids = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=100)], ...], Field(max_length=MOST)]


class ReadItems(Command):
    """These items are read, or all that came of the feed up to a position; up to 500 at once."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"up_to": 1200}, {"items": ["item-5d1c7a3a4c5b5d0e"]}]})

    items: Ids = Field(default=(), description="ids of items")
    up_to: int | None = Field(default=None, ge=0, description="or every item of an event up to this position")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.items) == (self.up_to is not None):
            raise ValueError("name `items` or `up_to`, one of both")
        return self
