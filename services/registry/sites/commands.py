"""What can be asked about sites."""

from datetime import date
from typing import Annotated

from pydantic import ConfigDict, Field, JsonValue, StringConstraints

from shared.command import Command, FreeText
from shared.events.registry import SiteScope

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2099, 12, 31))]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Reason = Annotated[FreeText, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Count = Annotated[int, Field(ge=1, le=100_000)]

CONDITIONS: list[JsonValue] = [
    {"condition": "place_equipment", "met": True, "evidence": "场地平面图，设备清单"},
    {"condition": "instruments", "met": True, "evidence": "检测仪器检定证书"},
    {"condition": "staff", "met": True, "evidence": "人员名册"},
    {"condition": "rules", "met": True, "evidence": "管理制度汇编"},
    {"condition": "licence", "met": True, "evidence": "许可证副本"},
]


class ConditionMet(Command):
    """Whether the site meets one condition, and what shows it."""

    condition: str = Field(max_length=40, description="id of the condition", examples=["instruments"])
    met: bool
    evidence: FreeText = Field(default="", max_length=1000, description="document or record that shows it")


class RegisterSite(Command):
    """A site of the caller's unit, or everything about it anew."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "示例第一实训场",
                    "address": "示例路1号",
                    "region_code": "330106",
                    "scopes": [{"occupation": "rebar_worker", "levels": ["5", "4"], "stations": 12}],
                    "conditions": CONDITIONS,
                }
            ]
        }
    )

    name: Name
    address: Name
    region_code: str = Field(min_length=1, max_length=6, description="GB/T 2260 code, six digits")
    scopes: tuple[SiteScope, ...] = Field(min_length=1, max_length=50, description="what fits the site")
    conditions: tuple[ConditionMet, ...] = Field(
        max_length=20, description="each condition of 劳部发〔1993〕134号 once, met or not"
    )


class SuspendSite(Command):
    """No exams at the site until further notice."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"on": "2019-10-08", "reason": "设备检修"}]})

    on: Day = Field(description="first day without exams")
    reason: Reason


class ReinstateSite(Command):
    """A suspension is lifted."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "检修完成"}]})

    reason: Reason


class RemoveSite(Command):
    """No site any more."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"on": "2019-12-01", "reason": "场地退租"}]})

    on: Day = Field(description="first day on which it is no site")
    reason: Reason


class LedgerLine(Command):
    """One line of the equipment ledger."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "钢筋弯曲机",
                    "model": "GW40",
                    "count": 10,
                    "fit": 9,
                    "keeper": "张三",
                    "inspected_on": "2019-08-20",
                }
            ]
        }
    )

    name: Name
    model: str = Field(default="", max_length=100)
    count: Count = Field(description="pieces")
    fit: int = Field(ge=0, le=100_000, description="pieces of them that are fit for use")
    keeper: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] = Field(
        description="named keeper; kept sealed, shown masked"
    )
    inspected_on: Day | None = Field(default=None, description="day of the last inspection")


class RevealKeepers(Command):
    """Show who keeps the equipment; who asked, when and why stays in the site's history."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "核对设备保管人"}]})

    reason: Reason


class RetireLine(Command):
    """Equipment leaves the ledger."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "报废"}]})

    reason: Reason
