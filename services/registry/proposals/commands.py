"""What can be asked about proposals."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from shared.command import Command
from shared.events.base import Record

Text = Annotated[str, Field(min_length=1, max_length=2000)]
LongText = Annotated[str, Field(min_length=1, max_length=20_000)]


class ProposalKind(StrEnum):
    """What is proposed, as the notice asks pilot units to sum up."""

    STANDARD = "standard"
    EVALUATION_NORM = "evaluation_norm"
    SITE_CRITERIA = "site_criteria"
    ASSESSOR_CRITERIA = "assessor_criteria"
    SUPERVISOR_CRITERIA = "supervisor_criteria"


class Section(Record):
    """One section of the text."""

    heading: str = Field(min_length=1, max_length=200, description="heading", examples=["修订内容"])
    text: LongText = Field(description="text, without personal data")


class Attachment(Record):
    """A document kept elsewhere: where it is, and the digest by which it is recognised."""

    name: str = Field(min_length=1, max_length=200, description="name of the document", examples=["修订稿.pdf"])
    address: str = Field(
        max_length=2000,
        pattern=r"^[a-z][a-z0-9+.-]*://\S+$",
        description="where it is kept",
        examples=["https://files.example.org/proposals/1.pdf"],
    )
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of its bytes, 64 hexadecimal digits")


class SubmitProposal(Command):
    """A proposal of a pilot unit or an authority, with the experience it rests on."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "standard",
                    "title": "钢筋工职业技能标准修订建议",
                    "occupation": "rebar_worker",
                    "sections": [{"heading": "修订内容", "text": "建议将技能考核的最短时间由60分钟改为90分钟。"}],
                    "attachments": [
                        {
                            "name": "修订稿.pdf",
                            "address": "https://files.example.org/proposals/1.pdf",
                            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                        }
                    ],
                    "experience": "2019年9月至11月共鉴定3个批次86人,多数考生反映技能考核时间不足。",
                }
            ]
        },
    )

    kind: ProposalKind = Field(description="what is proposed")
    title: str = Field(min_length=1, max_length=200, description="title, without personal data")
    occupation: str | None = Field(
        default=None, max_length=64, description="slug of the occupation it is for; null when it concerns all"
    )
    sections: tuple[Section, ...] = Field(min_length=1, max_length=50, description="the text")
    attachments: tuple[Attachment, ...] = Field(default=(), max_length=50, description="documents kept elsewhere")
    experience: LongText = Field(description="the experience of the pilot it rests on, without personal data")


class ReturnProposal(Command):
    """The Center sends a proposal back; the remarks say what to mend."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"remarks": "请补充鉴定批次的数据依据。"}]})

    remarks: Text = Field(description="what to mend")


class AdoptProposal(Command):
    """The Center adopts a proposal, as far as its conclusion says."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"conclusion": "采纳第一部分，纳入新版标准草案。", "standard": None}]}
    )

    conclusion: Text = Field(description="what is adopted")
    standard: str | None = Field(
        default=None, max_length=100, description="id of the edition that came of it; for proposals of a standard"
    )


class DeclineProposal(Command):
    """The Center does not adopt a proposal."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "与现行站点条件重复。"}]})

    reason: Text = Field(description="why")
