"""What can be asked about cards."""

from datetime import date
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from services.registry.cards.domain.evidence import CardKind, Evidence
from shared.command import Command, FreeText
from shared.events.registry import Scope

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2099, 12, 31))]
Scopes = Annotated[tuple[Scope, ...], Field(min_length=1, max_length=50)]
Papers = Annotated[tuple[Evidence, ...], Field(max_length=50)]
Reason = Annotated[FreeText, Field(min_length=1, max_length=1000)]
TRAINING = {"kind": "training", "document": "考评员培训结业证 2019-017", "since": "2019-08-20"}


def _example(**content: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [content]})


class IssueCard(Command):
    """A person's card: what they may assess or supervise, and the papers that qualify them."""

    model_config = _example(
        kind="assessor",
        name="张示例",
        id_number="330106189309141015",
        employer="示例建筑工程有限公司",
        scopes=[{"occupation": "rebar_worker", "levels": ["5", "4", "3"]}],
        evidence=[
            {"kind": "certificate", "document": "职业资格证书(三级)", "level": "3", "since": "2012-05-18"},
            TRAINING,
            {"kind": "exam", "document": "考评员考试合格通知 2019-017", "since": "2019-08-23"},
        ],
        valid_from="2019-09-02",
    )

    kind: CardKind
    name: str = Field(min_length=1, max_length=50, description="the person's name; kept sealed")
    id_number: str = Field(min_length=1, max_length=30, description="resident ID number; kept sealed")
    employer: FreeText = Field(default="", max_length=200, description="name of the employer; empty when there is none")
    scopes: Scopes
    evidence: Papers
    valid_from: Day


class RenewCard(Command):
    """A further term, with the papers of the re-training; it begins when the last one ends."""

    model_config = _example(evidence=[{**TRAINING, "since": "2022-07-15"}])

    evidence: Papers
    employer: FreeText | None = Field(default=None, max_length=200, description="the employer now; null: as before")


class SuspendCard(Command):
    """The holder may not assess or supervise from that day on."""

    model_config = _example(since=None, reason="涉嫌泄露考题，调查期间暂停。", basis="考评人员管理办法")

    since: Day | None = Field(default=None, description="first day, today or later; null: today")
    reason: Reason
    basis: FreeText = Field(min_length=1, max_length=200, description="the rule it rests on")


class ReinstateCard(Command):
    """The suspension is lifted from today on."""

    model_config = _example(reason="调查未发现违规。")

    reason: Reason


class RevokeCard(Command):
    """The card is withdrawn for good from today on."""

    model_config = _example(reason="在考评中弄虚作假。", basis="考评人员管理办法")

    reason: Reason
    basis: FreeText = Field(min_length=1, max_length=200, description="the rule it rests on")


class GradeCard(Command):
    """The grade of one year's work; a year graded before is graded anew only as a correction."""

    model_config = _example(year=2019, grade="qualified", refusals=0, remarks="", corrects=False)

    year: int = Field(ge=2000, le=2099)
    grade: str = Field(max_length=40, description="slug of the list of grades", examples=["qualified"])
    refusals: int = Field(default=0, ge=0, le=1000, description="assignments refused in that year")
    remarks: FreeText = Field(default="", max_length=1000)
    corrects: bool = Field(default=False, description="replaces the year's grade; the former one stays on record")


class ChangeScopes(Command):
    """The occupations and levels of a card from now on, all of them."""

    model_config = _example(
        scopes=[{"occupation": "rebar_worker", "levels": ["5", "4"]}, {"occupation": "mason", "levels": ["5"]}],
        evidence=[],
        reason="增加砌筑工。",
    )

    scopes: Scopes
    evidence: Papers = ()
    reason: Reason


class ChangeEmployer(Command):
    """The holder works for somebody else; who shares an employer with a candidate is recused."""

    model_config = _example(employer="另一示例建筑有限公司", reason="调动")

    employer: FreeText = Field(max_length=200, description="empty when there is none")
    reason: Reason


class RevealHolder(Command):
    """Show a holder's name and ID number; who asked, when and why stays on record."""

    model_config = _example(reason="核对举报材料中的身份信息")

    reason: Annotated[FreeText, Field(min_length=5, max_length=500)]


class CheckCards(Command):
    """Which of these cards may act on a day for an occupation and level."""

    model_config = _example(cards=["A33190001", "R33190001"], on="2019-10-12", occupation="rebar_worker", level="5")

    cards: Annotated[tuple[Annotated[str, Field(max_length=64)], ...], Field(min_length=1, max_length=200)] = Field(
        description="numbers or ids of cards"
    )
    on: Day = Field(description="day of the exam, Asia/Shanghai")
    occupation: str = Field(max_length=60)
    level: str = Field(max_length=40)
