"""What can be asked about work plans."""

from datetime import date
from typing import Annotated

from pydantic import ConfigDict, Field

from shared.command import Command
from shared.events.registry import Scope

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2099, 12, 31))]
Scopes = Annotated[tuple[Scope, ...], Field(min_length=1, max_length=50)]


class SubmitPlan(Command):
    """A unit's work plan: what it will examine, and from which to which day (both included)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "2019年钢筋工、砌筑工职业技能鉴定试点工作方案",
                    "scopes": [
                        {"occupation": "rebar_worker", "levels": ["5", "4"]},
                        {"occupation": "mason", "levels": ["5"]},
                    ],
                    "valid_from": "2019-09-01",
                    "valid_until": "2020-08-31",
                }
            ]
        },
    )

    title: str = Field(min_length=1, max_length=200)
    scopes: Scopes
    valid_from: Day
    valid_until: Day


class ReturnPlan(Command):
    """The Center sends a plan back; the remarks say what to mend."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"remarks": "请补充考评员名单。"}]})

    remarks: str = Field(min_length=1, max_length=2000)
