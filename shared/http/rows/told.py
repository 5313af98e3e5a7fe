"""What is told of the rows of a request or a file: how many were taken, which were refused and by which rule."""

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.errors import Fault

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


def uneven(line: int) -> Refused:
    """A row with more or fewer cells than its header."""
    return Refused(line=line, field="", rule=_UNEVEN[0], detail=_UNEVEN[1])


def unread(line: int, error: ValidationError) -> Refused:
    """A row that is not what it should be."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    rule, detail = _WRONG.get(first["type"], _UNFIT if first["loc"] else _UNREADABLE)
    # the name of an unknown field is the sender's text, which may be anybody's name or number
    place = () if rule == "unknown-field" else first["loc"]
    return Refused(line=line, field="".join(f"/{step}" for step in place), rule=rule, detail=detail)
