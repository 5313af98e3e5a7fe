"""What can be asked about the addresses that an organisation is told at."""

from typing import Annotated

from pydantic import ConfigDict, Field

from services.notification.mails.domain import Pace
from shared.command import Command

Kinds = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=40)], ...], Field(max_length=50)]


class NameMailbox(Command):
    """Tell this address what comes into the inbox, once it has named the code that is sent to it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"address": "office@example.org", "kinds": ["plan"], "pace": "at_once"}]},
    )

    address: str = Field(min_length=3, max_length=254, repr=False, description="ASCII; it is kept sealed")
    kinds: Kinds = Field(default=(), description="kinds of items; none means all")
    pace: Pace = Field(default=Pace.AT_ONCE, description="a mail for each item at once, or one a day")


class ChooseMail(Command):
    """What an address is told, and how often."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"kinds": ["plan", "objection"], "pace": "daily"}]})

    kinds: Kinds = Field(default=(), description="kinds of items; none means all")
    pace: Pace = Field(description="a mail for each item at once, or one a day")


class ProveMailbox(Command):
    """Whoever reads the address names the code that was sent to it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "40218533"}]})

    code: str = Field(pattern=r"^[0-9]{8}$", repr=False, description="the eight digits of the mail")
