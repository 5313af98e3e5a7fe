"""What can be asked about batches."""

from datetime import date
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from shared.command import Command

CardId = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class AssignBatch(Command):
    """Where a batch is held, who assesses it and who supervises it; replaces what was assigned before."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "site": "site-33-001-1",
                    "assessors": [
                        "card-5b1d3f0a8c2e4d6f9a7b1c3e5d7f9a1b",
                        "card-6c2e4a1b9d3f5e7a8b0c2d4f6e8a0b2c",
                        "card-7d3f5b2c0e4a6f8b9c1d3e5a7f9b1c3d",
                    ],
                    "supervisor": "card-8e4a6c3d1f5b7a9c0d2e4f6b8a0c2d4e",
                }
            ]
        },
    )

    site: str = Field(default="", max_length=100, description="id of the site; empty when it is not known yet")
    assessors: tuple[CardId, ...] = Field(
        default=(), max_length=50, description="ids of the assessors' cards, each once"
    )
    supervisor: str = Field(
        default="", max_length=100, description="id of the supervisor's card, not one of the assessors; may be empty"
    )


class FileBatch(AssignBatch):
    """A unit announces an exam: one occupation, one level, one day; who assesses it can be assigned later."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"occupation": "rebar_worker", "level": "5", "exam_on": "2019-10-12", "planned": 200}]
        },
    )

    occupation: str = Field(min_length=1, max_length=100, description="slug of the occupation catalogue")
    level: str = Field(pattern=r"^[1-5]$", description="5 junior … 1 senior technician")
    exam_on: date = Field(description="day of the exam, Asia/Shanghai")
    planned: int = Field(ge=1, le=1_000_000, description="candidates expected")
