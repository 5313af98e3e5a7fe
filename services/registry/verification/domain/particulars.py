"""What is known of a certificate by who asks about it: its number, and one fact about its holder."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from shared.command import Command

Number = Annotated[
    str,
    Field(
        pattern=r"^([0-9]{16}|[A-Z]{1,2}[0-9]{20,21})$",
        description="16 digits (appraisal) or 22 characters (recognition)",
        examples=["1999332001500001"],
    ),
]
Name = Annotated[str, Field(min_length=1, max_length=60, description="the holder's full name", examples=["王伟"])]
IdNumber = Annotated[str, Field(pattern=r"^[0-9]{17}[0-9Xx]$", description="the holder's resident ID number")]


class Particulars(Command):
    """A number, and one fact that who holds the certificate knows."""

    number: Number
    name: Name | None = None
    id_number: IdNumber | None = None

    @property
    def facts(self) -> int:
        """How many facts beside the number are given."""
        return sum(fact is not None for fact in (self.name, self.id_number))

    @model_validator(mode="after")
    def _one_fact(self) -> Self:
        if self.facts != 1:
            raise ValueError("give exactly one fact beside the number")
        return self
