"""What can be asked about programmes."""

from datetime import date
from enum import StrEnum

from pydantic import ConfigDict, Field

from shared.command import Command, FreeText


class Regime(StrEnum):
    """By which act skill is certified; it decides the number's format and who issues."""

    APPRAISAL = "appraisal"
    """职业技能鉴定"""
    RECOGNITION = "recognition"
    """职业技能等级认定"""


class ScheduleRegime(Command):
    """From a day to come on, batches begin under another regime."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"regime": "recognition", "effective": "2021-01-01", "basis": "退出国家职业资格目录后改为技能等级认定"}
            ]
        },
    )

    regime: Regime
    effective: date = Field(ge=date(2000, 1, 1), le=date(2099, 12, 31), description="first day, Asia/Shanghai")
    basis: FreeText = Field(min_length=1, max_length=500, description="the document that it rests on")
