"""What can be asked about a unit's standing."""

from datetime import date
from typing import Annotated

from pydantic import ConfigDict, Field

from shared.command import Command, FreeText

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2099, 12, 31))]
Words = Annotated[FreeText, Field(min_length=1, max_length=1000)]


class SuspendUnit(Command):
    """The Center takes a unit's standing from a day on, until it is lifted."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"on": "2019-10-08", "reason": "考场管理失序，限期整改。", "basis": "督导意见书2019-12号"}]
        }
    )

    on: Day = Field(description="first day without standing, Asia/Shanghai")
    reason: Words = Field(description="why, without personal data")
    basis: Words = Field(description="document or rule that it rests on")


class LiftSuspension(Command):
    """The Center gives a suspended unit its standing back."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "整改合格。", "basis": "整改复查记录2019-12号"}]}
    )

    reason: Words = Field(description="why, without personal data")
    basis: Words = Field(description="document or rule that it rests on")
