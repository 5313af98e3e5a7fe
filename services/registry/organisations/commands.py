"""What the Center and the authorities can ask of the register of organisations."""

from datetime import date
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from shared.command import Command, FreeText

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2099, 12, 31))]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Reason = Annotated[FreeText, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Code = Annotated[str, StringConstraints(max_length=20)]
IssuerCodes = Annotated[
    dict[Annotated[str, StringConstraints(max_length=20)], Code],
    Field(max_length=5, description="code in certificate numbers, by regime"),
]


class Proof(Command):
    """Why a credit code stands although its check digit does not fit."""

    document: FreeText = Field(min_length=1, max_length=200, description="the document that shows the code")
    reason: FreeText = Field(min_length=1, max_length=500, description="what was seen, and by whom it was compared")


class Office(Command):
    """Where a unit is reached; no person is named here."""

    address: str = Field(default="", max_length=200)
    phone: str = Field(default="", max_length=40, description="the office's number, not a person's")
    email: str = Field(default="", max_length=200, description="the office's address, not a person's")


class Contact(Command):
    """The person to call: kept sealed, shown masked."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    phone: str = Field(default="", max_length=40)


class RevealContact(Command):
    """Show the contact person; who asked, when and why stays in the unit's history."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "电话通知现场督导安排"}]})

    reason: Reason


class RegisterUnit(Command):
    """A new pilot unit under its first line; codes that are not known yet are left out."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "authority": "33",
                    "name": "示例浙江第九鉴定站（虚构）",
                    "name_en": "Example Zhejiang Appraisal Station 9 (invented)",
                    "uscc": "52000000EXAMPLE99A",
                    "uscc_proof": {
                        "document": "登记证书副本 2019-09 号",
                        "reason": "登记证书与代码一致，已由两人核对。",
                    },
                    "issuer_codes": {"appraisal": "99002009", "recognition": "S000033000009"},
                    "region_code": "330106",
                    "office": {"address": "示例路1号", "phone": "0571-00000000"},
                    "contact": {"name": "张三", "phone": "0571-00000001"},
                    "since": "2019-09-01",
                }
            ]
        }
    )

    authority: Code = Field(description="authority code of its first line")
    name: Name
    name_en: str = Field(default="", max_length=200)
    uscc: Code = Field(default="", description="unified social credit code, GB 32100-2015")
    uscc_proof: Proof | None = Field(default=None, description="only for a code that fails its check digit")
    issuer_codes: IssuerCodes = Field(default_factory=dict)
    region_code: Code = Field(default="", description="GB/T 2260 code of its seat, six digits")
    office: Office = Office()
    contact: Contact | None = None
    since: Day | None = Field(default=None, description="first day in its line; today when left out")


class ChangeOrganisation(Command):
    """Other data of a unit than its name and its lines; what is left out stays as it is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"office": {"address": "示例路2号", "phone": "0571-00000002"}, "reason": "搬迁"}]
        }
    )

    uscc: Annotated[str, StringConstraints(min_length=1, max_length=20)] | None = None
    uscc_proof: Proof | None = Field(default=None, description="only for a code that fails its check digit")
    issuer_codes: IssuerCodes | None = Field(default=None, description="those named are set, the others stay")
    region_code: Annotated[str, StringConstraints(min_length=1, max_length=20)] | None = None
    office: Office | None = None
    contact: Contact | None = None
    reason: Reason


class RenameOrganisation(Command):
    """A unit bears another name."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "示例浙江建设鉴定站（虚构）", "since": "2019-09-02", "reason": "更名登记"}]
        }
    )

    name: Name
    name_en: str = Field(default="", max_length=200)
    since: Day = Field(description="first day of the new name, not after today")
    reason: Reason


class Affiliate(Command):
    """A unit stands in one more line."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"authority": "C01", "since": "2019-10-01", "reason": "划归中央企业管理"}]}
    )

    authority: Code = Field(description="authority code of the further line")
    since: Day = Field(description="first day in it")
    reason: Reason


class EndAffiliation(Command):
    """A unit leaves one of its lines."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"authority": "33", "until": "2019-12-31", "reason": "不再由本省管理"}]}
    )

    authority: Code = Field(description="authority code of the line")
    until: Day = Field(description="last day in it")
    reason: Reason


class MergeOrganisation(Command):
    """A unit is merged into another one, which goes on."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"into": "unit-33-002", "on": "2019-12-01", "reason": "两站合并"}]}
    )

    into: str = Field(min_length=1, max_length=100, description="id of the unit that goes on")
    on: Day = Field(description="first day on which this unit is closed")
    reason: Reason


class CloseOrganisation(Command):
    """A unit is closed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"on": "2019-12-01", "reason": "单位注销"}]})

    on: Day = Field(description="first day on which it is closed")
    reason: Reason
