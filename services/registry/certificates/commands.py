"""What can be asked about certificates on file; each names its reason and its legal basis."""

from datetime import date
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from shared.command import Command, FreeText

Words = Annotated[
    FreeText,
    Field(min_length=1, max_length=500, description="goes into events: name no person; an ID number in it is masked"),
]
Points = Annotated[float, Field(ge=0, description="points of the part")]
LOST: JsonDict = {"reason": "原证遗失，已登报声明，予以补发。", "basis": "持证人补发申请"}
QUESTIONED: JsonDict = {"reason": "举报待核查。", "basis": "中心核查通知"}
CLEARED: JsonDict = {"reason": "核查完毕，未发现问题。", "basis": "中心核查结论"}
WITHDRAWN: JsonDict = {"reason": "持证人不再符合持证条件。", "basis": "中心处理决定"}


class Grounded(Command):
    """Why it is done, and on which basis."""

    reason: Words
    basis: Words


class CorrectCertificate(Grounded):
    """What the certificate should say; fields left out stay as they are."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "王小明", "theory": 81.5, "reason": "姓名录入有误。", "basis": "身份证件核对记录"},
            ]
        },
    )

    name: str | None = Field(default=None, min_length=1, max_length=100, description="the holder's whole name")
    id_number: str | None = Field(default=None, max_length=18, description="resident ID number, GB 11643-1999")
    theory: Points | None = None
    practical: Points | None = None
    exam_on: date | None = Field(default=None, ge=date(2000, 1, 1), description="day of the exam, Asia/Shanghai")


class ReissueCertificate(Grounded):
    """A lost or spoilt certificate is printed anew, under its number and a new print serial."""

    model_config = ConfigDict(json_schema_extra={"examples": [LOST]})


class SuspendCertificate(Grounded):
    """The certificate does not hold until it is reinstated."""

    model_config = ConfigDict(json_schema_extra={"examples": [QUESTIONED]})


class ReinstateCertificate(Grounded):
    """A suspension is lifted."""

    model_config = ConfigDict(json_schema_extra={"examples": [CLEARED]})


class RevokeCertificate(Grounded):
    """The certificate is withdrawn for good; it held until now."""

    model_config = ConfigDict(json_schema_extra={"examples": [WITHDRAWN]})


class VoidCertificate(Grounded):
    """The certificate is declared never to have held."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "以欺骗手段取得。", "basis": "中心处理决定", "fraud": True}]}
    )

    fraud: bool = Field(
        default=False, description="its holder cheated: nothing is filed for that person while it is on record"
    )
