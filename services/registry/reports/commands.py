"""What can be asked about implementation-status reports."""

from datetime import date
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from shared.command import Command, FreeText
from shared.events.base import Record

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2099, 12, 31))]
Count = Annotated[int, Field(ge=0, le=10_000_000)]
Text = Annotated[FreeText, Field(max_length=5000)]
CONTENT: dict[str, Any] = {
    "figures": [
        {"occupation": "rebar_worker", "examined": 120, "qualified": 96, "certified": 90},
        {"occupation": "mason", "examined": 40, "qualified": 31, "certified": 31},
    ],
    "problems": "工地集中考核场地不足。",
    "measures": "与项目部共建考点两处。",
    "experience": "晚间模块化考核，缺考率由二成降至半成。",
    "text": "本季度共鉴定160人。",
}


class Figures(Record):
    """What was done in one occupation within the period, in candidates."""

    model_config = ConfigDict(extra="forbid")

    occupation: str = Field(min_length=1, max_length=60)
    examined: Count
    qualified: Count = Field(description="of the examined, those who passed every part")
    certified: Count = Field(description="of the qualified, those who hold a certificate")


class MendReport(Command):
    """A returned report with another content; plan and period stay."""

    model_config = ConfigDict(json_schema_extra={"examples": [CONTENT]})

    figures: tuple[Figures, ...] = Field(min_length=1, max_length=50)
    problems: Text = ""
    measures: Text = ""
    experience: Text = ""
    text: Text = Field(default="", description="whatever else is to be said")


class SubmitReport(MendReport):
    """What became of a filed plan from one day to another (both included)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"plan": "plan-1", "period_from": "2019-09-01", "period_until": "2019-09-01", **CONTENT}]
        }
    )

    plan: str = Field(min_length=1, max_length=200, description="id of the filed plan")
    period_from: Day
    period_until: Day


class AnswerReport(Command):
    """The Center's words on a report."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"remarks": "数据与系统一致，已阅。"}]})

    remarks: FreeText = Field(min_length=1, max_length=2000)
