"""Hearing every event, known or not: the feed keeps what it does not understand."""

from pydantic import ConfigDict

from shared.events.base import Event


class Anything(Event):
    """Any event at all; its fields are kept as they came."""

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)
