"""What can be asked about public notices: to announce something, and to withdraw what was published."""

from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, ConfigDict, Field

from shared.command import Command, FreeText

Title = Annotated[FreeText, Field(max_length=120)]
Text = Annotated[FreeText, Field(max_length=5000)]
Reason = Annotated[FreeText, Field(min_length=1, max_length=1000)]


class AnnounceNotice(Command):
    """An announcement to the public, by the Center for everybody or by an authority for its line."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title_zh": "关于2026年第四季度鉴定安排的公告",
                    "title_en": "Exams of the fourth quarter of 2026",
                    "text_zh": "本季度鉴定于12月举行，请向鉴定单位报名。",
                    "text_en": "Exams are held in December; enter with a unit.",
                    "opens_at": None,
                    "closes_on": "2099-12-31",
                }
            ]
        },
    )

    title_zh: Title = Field(min_length=1, description="title in Chinese; an ID number in it is masked")
    title_en: Title = Field(default="", description="title in English; empty for none")
    text_zh: Text = Field(min_length=1, description="text in Chinese; an ID number in it is masked")
    text_en: Text = Field(default="", description="text in English; empty for none")
    opens_at: AwareDatetime | None = Field(default=None, description="when it is published; null for now")
    closes_on: date = Field(description="last day of the notice, Asia/Shanghai")


class WithdrawNotice(Command):
    """A notice was published wrongly; it stays visible as withdrawn, with the reason."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "内容有误，另行公告。"}]})

    reason: Reason = Field(description="why, for the public to read; an ID number in it is masked")
