"""What every event is: a frozen record of something that happened, under a name that never changes."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Event(BaseModel):
    """One thing that happened; `type` is routing key and CloudEvents type, `<service>.<thing>.<past-tense>.v<N>`.

    Unknown fields are ignored, so a hearer of version N understands every later addition to it.
    A breaking change is a new class, spoken beside the old one.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)
    type: ClassVar[str]


class Record(BaseModel):
    """A part of an event."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)
