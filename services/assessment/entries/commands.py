"""What can be asked about entries."""

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints

from services.assessment.eligibility.domain.claims import Claims
from shared.command import Command, FreeText
from shared.privacy import scrub

Text = StringConstraints(strip_whitespace=True, min_length=1, max_length=100)
Note = Annotated[str, Text, AfterValidator(scrub)]
SEPARATORS = re.compile(r"[;,、；，\s]+")


def _apart(value: Any) -> Any:
    """Several in one cell of a table stand behind each other: `A33190001; A33190002`."""
    return tuple(filter(None, SEPARATORS.split(value))) if isinstance(value, str) else value


Cards = Annotated[tuple[Note, ...], BeforeValidator(_apart), Field(strict=False, max_length=20)]
Birth = Annotated[date, Field(strict=False, ge=date(1850, 1, 1), le=date(2099, 12, 31))]
Reason = Annotated[FreeText, Field(min_length=5, max_length=500)]


class EnrolRow(Command):
    """One candidate who enters a batch; only the name and the ID number are needed."""

    model_config = ConfigDict(
        strict=True,
        json_schema_extra={
            "examples": [
                {
                    "name": "李建国",
                    "id_number": "330106189309141015",
                    "sex": "male",
                    "ethnicity": "汉族",
                    "education": "初中",
                    "mobile": "13800000000",
                    "source": "enterprise",
                    "employer": "示例建筑工程有限公司",
                    "address": "浙江省杭州市示例路1号",
                    "claims": {"years": [{"years": 7, "kind": "continuous"}]},
                }
            ]
        },
    )

    name: Annotated[str, Text]
    id_number: Annotated[str, Text] = Field(description="of a resident ID card: 18 characters, GB 11643-1999")
    id_type: Annotated[str, Text] = Field(
        default="resident_id", description="which document, of the rule entry.id_types"
    )
    born: Birth | None = Field(
        default=None, description="birth date; needed with another document where a condition asks for an age"
    )
    sex: Literal["male", "female"] | None = Field(default=None, description="has to fit a resident ID number")
    ethnicity: Annotated[str, Text] | None = None
    education: Annotated[str, Text] | None = None
    mobile: Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 -]{4,24}$")] | None = None
    source: Annotated[str, Text] | None = Field(
        default=None, description="where the candidate comes from, of the rule entry.sources"
    )
    employer: Annotated[str, Text] | None = None
    address: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] | None = None
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=200)] | None = None
    photo: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        default=None, description="SHA-256 of the photo, hexadecimal; the unit keeps the photo"
    )
    claims: Claims | None = Field(default=None, description="by what the candidate meets the conditions of the level")
    resit: bool = Field(default=False, description="sits only the parts that were failed before")
    teachers: Cards = Field(default=(), description="numbers or ids of the cards of assessors who taught the candidate")
    relatives: Cards = Field(
        default=(), description="numbers or ids of the cards of assessors related to the candidate"
    )


def _example(**shown: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [shown]})


class AdmitEntry(Command):
    """A reviewer lets somebody enter whom the conditions refuse."""

    model_config = _example(reason="原件已核验，工龄证明符合申报条件。")

    reason: Reason


class WithdrawEntry(Command):
    """A candidate will not be examined."""

    model_config = _example(reason="本人因工期原因申请退出本批次。")

    reason: Reason


class MendEntry(Command):
    """What was entered of a person was mistaken; what is not named stays."""

    model_config = _example(name="李建国", reason="报名时姓名录入有误。")

    name: Annotated[str, Text] | None = None
    id_number: Annotated[str, Text] | None = Field(default=None, description="of the same kind of document")
    employer: Annotated[str, Text] | None = None
    reason: Reason


class RevealEntry(Command):
    """Show who a candidate is; who asked, when and why stays on record."""

    model_config = _example(reason="核对准考证与本人身份")

    reason: Reason
