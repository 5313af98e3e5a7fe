"""What can be asked about entries."""

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from services.assessment.eligibility.domain.claims import Claims
from shared.command import Command

Text = StringConstraints(strip_whitespace=True, min_length=1, max_length=100)


class EnrolRow(Command):
    """One candidate who enters a batch."""

    model_config = ConfigDict(
        strict=True,
        json_schema_extra={
            "examples": [
                {
                    "name": "李建国",
                    "id_number": "330106189309141015",
                    "employer": "示例建筑工程有限公司",
                    "claims": {"years": [{"years": 7, "kind": "continuous"}]},
                }
            ]
        },
    )

    name: Annotated[str, Text]
    id_number: Annotated[str, Text] = Field(description="resident ID number, GB 11643-1999")
    employer: Annotated[str, Text] | None = None
    claims: Claims | None = Field(default=None, description="by what the candidate meets the conditions of the level")
