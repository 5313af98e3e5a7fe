"""What can be asked about batches."""

from datetime import date

from pydantic import ConfigDict, Field

from shared.command import Command


class FileBatch(Command):
    """A unit announces an exam: one occupation, one level, one day."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"occupation": "rebar_worker", "level": "5", "exam_on": "2019-10-12", "planned": 200}]
        },
    )

    occupation: str = Field(min_length=1, max_length=100, description="slug of the occupation catalogue")
    level: str = Field(pattern=r"^[1-5]$", description="5 junior … 1 senior technician")
    exam_on: date = Field(description="day of the exam, Asia/Shanghai")
    planned: int = Field(ge=1, le=1_000_000, description="candidates expected")
