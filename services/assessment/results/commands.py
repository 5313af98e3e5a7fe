"""What can be asked about results that were said: a rejected one is filed again, a final one was found wrong."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import ConfigDict, Field

from shared.command import Command, FreeText

Reason = Annotated[FreeText, Field(min_length=1, max_length=1000)]
Signature = Annotated[FreeText, Field(min_length=1, max_length=100)]
Points = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]


class RefileEntry(Command):
    """A rejected entry was mended; its result is said to the registry once more."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "鉴定站编码已补录，重新备案。"}]})

    reason: Reason = Field(description="what was mended; goes into an event: name no person")


class FindWrong(Command):
    """A final result is wrong: what is right, on which basis, and who scored and checked it anew."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "reason": "核分时漏计一个评分要素。",
                    "basis": "成绩复核决定",
                    "scores": {"practical": 82.5},
                    "scorer": "评分人甲",
                    "checker": "核分人乙",
                }
            ]
        }
    )

    reason: Reason = Field(description="what was wrong; goes into an event: name no person")
    basis: Annotated[FreeText, Field(min_length=1, max_length=500)] = Field(
        description="on which basis it is put right; goes into an event"
    )
    scores: Annotated[Mapping[str, Points], Field(min_length=1, max_length=10)] = Field(
        description="the right points of each part that was wrong"
    )
    scorer: Signature = Field(description="who scored anew (评分人)")
    checker: Signature = Field(description="who checked (核分人); never the scorer")
