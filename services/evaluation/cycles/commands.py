"""What can be asked about cycles: to make one, to move its windows, to let an organisation be late."""

from datetime import date
from typing import Annotated

from pydantic import ConfigDict, Field

from shared.command import Command, FreeText

CycleCode = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{4}[a-z]?$",
        description="the cycle, named by its year, with a letter when the year has another one",
        examples=["2019"],
    ),
]
StageCode = Annotated[str, Field(pattern=r"^[a-z_]{1,40}$", examples=["acceptance"])]
Name = Annotated[FreeText, Field(min_length=1, max_length=200)]
Reason = Annotated[FreeText, Field(min_length=1, max_length=1000)]


class Window(Command):
    """The days on which a stage is open, both included, in Asia/Shanghai."""

    opens: date = Field(description="first day, Asia/Shanghai")
    closes: date = Field(description="last day, Asia/Shanghai")


Windows = Annotated[dict[StageCode, Window], Field(max_length=20, description="the window of each stage, by its id")]


class MakeCycle(Command):
    """A cycle of the programme with the windows of its stages."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "cycle": "2019",
                    "name_zh": "2019年度职业技能鉴定试点",
                    "name_en": "Skill appraisal pilot of 2019",
                    "basis": "建办人函〔2019〕491号",
                    "windows": {
                        "launch": {"opens": "2019-08-01", "closes": "2019-11-30"},
                        "acceptance": {"opens": "2019-11-01", "closes": "2019-12-31"},
                        "summary": {"opens": "2019-12-01", "closes": "2019-12-31"},
                    },
                }
            ]
        },
    )

    cycle: CycleCode
    name_zh: Name
    name_en: Name
    basis: Annotated[FreeText, Field(min_length=1, max_length=500, description="the document the cycle rests on")]
    windows: Windows | None = Field(
        default=None, description="every stage; without it those the rule cycle.stages names, if they are of that year"
    )


class ChangeWindows(Command):
    """Other days for some stages: while a window has not begun both ends move, later it can only be lengthened."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "windows": {"summary": {"opens": "2019-12-01", "closes": "2020-01-15"}},
                    "reason": "部分地区考核延期，总结推广阶段相应顺延。",
                }
            ]
        },
    )

    windows: Annotated[Windows, Field(min_length=1)]
    reason: Reason


class GrantExtension(Command):
    """One organisation may do one thing after its window closed, up to a day."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "organisation": "unit-33-001",
                    "act": "self_check",
                    "until": "2020-01-10",
                    "reason": "考核因台风推迟，自查材料迟交。",
                }
            ]
        },
    )

    organisation: str = Field(
        min_length=1, max_length=100, description="a unit, or an authority by its code", examples=["unit-33-001"]
    )
    act: str = Field(pattern=r"^[a-z_]{1,40}$", description="what it may be late with", examples=["self_check"])
    until: date = Field(description="last day on which it may, Asia/Shanghai")
    reason: Reason
