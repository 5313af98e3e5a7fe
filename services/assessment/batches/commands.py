"""What can be asked about batches."""

from datetime import date
from typing import Annotated

from pydantic import ConfigDict, Field

from shared.command import Command, FreeText

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2099, 12, 31))]
CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
Reason = Annotated[FreeText, Field(min_length=1, max_length=1000)]


class SittingAsked(Command):
    """When and where one part is examined; what is left out is the batch's own."""

    part: str = Field(max_length=40, description="theory, practical or review")
    on: Day = Field(description="day, Asia/Shanghai")
    begins: str | None = Field(
        default=None, pattern=CLOCK, description="local time of the beginning, Asia/Shanghai", examples=["18:30"]
    )
    mode: str | None = Field(
        default=None, max_length=40, description="how it is held, of the rule `exam.modes`", examples=["evening"]
    )
    site: str | None = Field(default=None, max_length=100, description="id of the site; none for a part held online")
    place: Annotated[FreeText, Field(max_length=200)] | None = Field(
        default=None, description="where exactly, for example the building site"
    )


class PlanBatch(Command):
    """A unit prepares an exam: one occupation, one level; each part has a day, a mode and a site."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "occupation": "rebar_worker",
                    "level": "5",
                    "exam_on": "2019-10-12",
                    "planned": 200,
                    "site": "site-1f6b2c3d4e5f60718293a4b5c6d7e8f9",
                    "sittings": [
                        {"part": "theory", "on": "2019-10-12", "begins": "18:30", "mode": "evening"},
                    ],
                }
            ]
        },
    )

    occupation: str = Field(min_length=1, max_length=100, description="slug of the occupation catalogue")
    level: str = Field(pattern=r"^[1-5]$", description="5 junior … 1 senior technician")
    exam_on: Day = Field(description="day of the exam's first part, Asia/Shanghai")
    planned: int = Field(ge=1, le=1_000_000, description="candidates expected")
    mode: str = Field(
        default="central",
        max_length=40,
        description="how it is held, of the rule `exam.modes`; it bounds the days within which all parts lie",
    )
    site: str = Field(default="", max_length=100, description="id of the site; a sitting may name its own")
    begins: str = Field(
        default="09:00", pattern=CLOCK, description="local time of the beginning, Asia/Shanghai", examples=["18:30"]
    )
    place: FreeText = Field(default="", max_length=200, description="where exactly, for example the building site")
    sittings: Annotated[tuple[SittingAsked, ...], Field(max_length=10)] = Field(
        default=(), description="parts with a day, mode or site of their own; the others take the batch's"
    )


class OpenRegistration(Command):
    """Candidates can be entered until the end of a day."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"until": "2019-10-10"}]})

    until: Day = Field(description="last day on which candidates are entered, Asia/Shanghai")


class CancelBatch(Command):
    """The batch is given up."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "台风停工，另行公告。"}]})

    reason: Reason
