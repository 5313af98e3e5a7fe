"""What can be asked about the worth of certificates."""

import re
from datetime import date
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field, model_validator

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
Code = Annotated[
    str,
    Field(pattern=r"^[A-Za-z2-7]{10}$", description="the check code printed by the QR code", examples=["K7QF2MZ3TA"]),
]


def _only_a_day(given: Any) -> Any:
    # pydantic reads midnight of any zone, or of none, as a day too
    if isinstance(given, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", given):
        raise ValueError("a day is written like 2026-03-01")
    return given


AsOf = Annotated[
    AwareDatetime | Annotated[date, BeforeValidator(_only_a_day)] | None,
    Field(
        union_mode="left_to_right",
        description="as of the end of that day in Asia/Shanghai, or of that instant; now when absent. "
        "Of today the day is not over: it is answered as of now.",
        examples=["2026-03-01"],
    ),
]


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


class VerifyCertificate(Particulars):
    """One certificate, by its number and the holder's name, the holder's ID number or the check code."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"number": "1999332001500001", "name": "王伟"},
                {"number": "1999332001500001", "id_number": "110105188912310021", "as_of": "2019-12-31"},
                {"number": "1999332001500001", "code": "K7QF2MZ3TA", "as_of": "2019-12-31T09:30:00+08:00"},
            ]
        },
    )

    code: Code | None = None
    as_of: AsOf = None

    @property
    def facts(self) -> int:
        return super().facts + (self.code is not None)


class VerifyCertificates(Command):
    """Many certificates at once, answered row by row in the same order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "rows": [
                        {"number": "1999332001500001", "name": "王伟"},
                        {"number": "1999332001500002", "id_number": "110105188912310021"},
                    ],
                    "as_of": "2019-12-31",
                }
            ]
        },
    )

    rows: tuple[Particulars, ...] = Field(min_length=1, max_length=1000)
    as_of: AsOf = None
