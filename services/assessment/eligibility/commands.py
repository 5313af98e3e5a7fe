"""What can be asked about eligibility."""

from datetime import date

from pydantic import ConfigDict, Field

from services.assessment.eligibility.domain.claims import Claims
from shared.command import Command


class AskEligibility(Command):
    """Whether a person may enter an exam; certificates on file here are found by the ID number."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "occupation": "rebar_worker",
                    "level": "4",
                    "exam_on": "2019-10-12",
                    "id_number": "330106189309141015",
                    "claims": {"years": [{"years": 7, "kind": "continuous"}]},
                }
            ]
        },
    )

    occupation: str = Field(min_length=1, max_length=100, description="slug of the occupation catalogue")
    level: str = Field(pattern=r"^[1-5]$", description="5 junior … 1 senior technician")
    exam_on: date = Field(description="day of the exam, Asia/Shanghai")
    id_number: str = Field(min_length=1, max_length=100, description="of a resident ID card: GB 11643-1999")
    id_type: str = Field(
        default="resident_id", max_length=100, description="which document, of the rule entry.id_types"
    )
    born: date | None = Field(default=None, description="birth date, where another document's number tells none")
    claims: Claims = Claims()
