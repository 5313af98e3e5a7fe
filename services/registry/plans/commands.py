"""What can be asked about work plans."""

from datetime import date
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from shared.command import Command, FreeText
from shared.events.base import Record
from shared.events.registry import Scope

MOST_CANDIDATES = 10_000_000
"""No rule of the trade: a number beyond it is a slip of the keyboard."""
EXAMPLE: dict[str, Any] = {
    "title": "2019年钢筋工、砌筑工职业技能鉴定试点工作方案",
    "scopes": [
        {"occupation": "rebar_worker", "levels": ["5", "4"], "numbers": 300},
        {"occupation": "mason", "levels": ["5"], "numbers": 120},
    ],
    "regions": ["33"],
    "valid_from": "2019-09-01",
    "valid_until": "2020-08-31",
    "sections": {
        "goal": "全年鉴定420人，覆盖两个职业。",
        "responsible": "鉴定站站长负责，办公室承办。",
        "basis": "钢筋工、砌筑工职业技能标准。",
        "sites": "本站实训场地，工位40个。",
        "staff": "考评员12名，督导员2名。",
        "item_bank": "使用统一题库，专人保管，双人启封。",
        "exam_forms": "理论机考，技能实操。",
        "steps": "报名、审核、考核、公示、备案，每季度一批。",
        "quality": "内部督导全程在场，设投诉电话与信箱。",
        "fees": "按当地核定标准收取。",
        "data_safety": "成绩当日上报信息系统，专人专号。",
        "work_learning": "送考进工地，晚间和模块化考核。",
        "risk": "设安全员与应急预案。",
        "schedule": "9月启动，12月自查。",
    },
    "attachments": [{"name": "场地设备清单", "url": "https://files.example.org/plans/sites.pdf", "sha256": "0" * 64}],
}

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2099, 12, 31))]
SectionName = Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
Text = Annotated[FreeText, Field(min_length=1, max_length=5000)]
Remarks = Annotated[FreeText, Field(min_length=1, max_length=2000)]
Region = Annotated[str, Field(pattern=r"^[1-9][0-9]([0-9]{2}){0,2}$")]


class PlannedScope(Scope):
    """One occupation, its levels, and how many candidates are expected."""

    numbers: int = Field(ge=1, le=MOST_CANDIDATES, description="candidates expected over the plan's days")


class Attachment(Record):
    """A document kept elsewhere: where, and the sum that shows it is unchanged."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    url: str = Field(pattern=r"^https://\S+$", max_length=2000, description="address of the document")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the document, hexadecimal")


class SubmitPlan(Command):
    """A work plan: what is examined, from which to which day (both included), and how."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    title: FreeText = Field(min_length=1, max_length=200)
    scopes: tuple[PlannedScope, ...] = Field(min_length=1, max_length=50)
    regions: tuple[Region, ...] = Field(default=(), max_length=50, description="GB/T 2260 codes; empty: the whole line")
    valid_from: Day
    valid_until: Day
    sections: dict[SectionName, Text] = Field(default={}, max_length=50, description="text by section of the data file")
    attachments: tuple[Attachment, ...] = Field(default=(), max_length=50)
    submit: bool = Field(default=True, description="false keeps it with you, to be submitted later")


class ReturnPlan(Command):
    """The Center sends a plan or an amendment back; the remarks say what to mend."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"remarks": "请补充考评员名单。", "sections": {"staff": "请写明考评员与督导员各几名。"}}]
        }
    )

    remarks: Remarks
    sections: dict[SectionName, Remarks] = Field(default={}, max_length=50, description="remarks by section")


class WithdrawPlan(Command):
    """A plan is given up by whom it belongs to, or taken off file by the Center; an open amendment goes with it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "本年度不再承担鉴定任务。"}]})

    reason: FreeText = Field(min_length=1, max_length=1000)
