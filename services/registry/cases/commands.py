"""What can be asked about cases."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from services.registry.certificates.commands import Grounded, Words
from services.registry.certificates.domain import Decision
from shared.command import Command

Ids = Annotated[tuple[str, ...], Field(min_length=1, max_length=500, description="ids of affected certificates")]


class Subject(StrEnum):
    """What certificates rest on and may lose, or one certificate whose own result was found wrong."""

    UNIT = "unit"
    SITE = "site"
    ASSESSOR = "assessor"
    SUPERVISOR = "supervisor"
    CERTIFICATE = "certificate"


class OpenCase(Command):
    """The Center looks into the certificates that rest on a unit, a site, an assessor or a supervisor, or into one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "subject": "unit",
                    "subject_id": "unit-33-001",
                    "since": "2019-09-01",
                    "until": "2019-12-31",
                    "reason": "举报成绩造假，逐一核查。",
                }
            ]
        },
    )

    subject: Subject
    subject_id: str = Field(
        min_length=1, max_length=100, description="id of the unit, the site, the card or the certificate"
    )
    since: date | None = Field(default=None, description="first day of the exams in question; left out: from the first")
    until: date | None = Field(default=None, description="last day of the exams in question; left out: to the last")
    reason: Words


class DecideCertificates(Grounded):
    """What becomes of some of the affected certificates; a later decision in the case replaces an earlier one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "certificates": ["entry-1"],
                    "decision": "keep",
                    "reason": "原始记录齐全，成绩属实。",
                    "basis": "中心核查结论",
                }
            ]
        },
    )

    certificates: Ids
    decision: Decision = Field(description="keep leaves a certificate as it is, a suspended one suspended")
    fraud: bool = Field(default=False, description="with void: the holders cheated and are not filed for some years")


class CloseCase(Command):
    """The Center's conclusion, once every affected certificate has a decision."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"conclusion": "逐一核查完毕，其余证书有效。", "keep_rest": True}]}
    )

    conclusion: Words
    keep_rest: bool = Field(default=False, description="keep every certificate on which nothing was decided")
