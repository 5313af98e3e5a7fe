"""What can be asked about the worth of certificates."""

import re
from datetime import date
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field

from services.registry.verification.domain.particulars import Particulars
from shared.command import Command

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


class VerifyCertificate(Particulars):
    """One certificate, by its number and the holder's name, the holder's ID number or the check code."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"number": "1999332001500001", "name": "王伟"},
                {"number": "1999332001500001", "id_number": "110105188912310029", "as_of": "2019-12-31"},
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
                        {"number": "1999332001500002", "id_number": "110105188912310029"},
                    ],
                    "as_of": "2019-12-31",
                }
            ]
        },
    )

    rows: tuple[Particulars, ...] = Field(min_length=1, max_length=1000)
    as_of: AsOf = None
