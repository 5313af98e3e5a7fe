"""What can be asked about objections."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from shared.command import Command, FreeText

Text = Annotated[FreeText, Field(min_length=1, max_length=2000)]
Reason = Annotated[FreeText, Field(min_length=1, max_length=1000)]
Name = Annotated[FreeText, Field(min_length=1, max_length=100)]
Points = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]


class Kind(StrEnum):
    """What is objected to."""

    SCORE = "score"
    """Points: missed, added up or entered wrongly (成绩复核)."""
    ELIGIBILITY = "eligibility"
    """The candidate should not have been entered."""
    CONDUCT = "conduct"
    """Cheating, or how the exam was held for this candidate."""
    OTHER = "other"


class RaisedBy(StrEnum):
    """Whose objection it is."""

    CANDIDATE = "candidate"
    PUBLIC = "public"
    UNIT = "unit"
    AUTHORITY = "authority"


class RaiseObjection(Command):
    """An objection to one result on public notice, as a unit or an authority received it or raises it itself."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "entry": "entry-2f1c7a3a4c5b5d0e9a6f1b2c3d4e5f60",
                    "kind": "score",
                    "text": "技能考核第三项漏计分，申请复核。",
                }
            ]
        },
    )

    entry: str = Field(min_length=1, max_length=100, description="id of the entry")
    kind: Kind
    text: Text = Field(description="what is objected to, in the words of who objects")
    raised_by: RaisedBy = Field(default=RaisedBy.CANDIDATE, description="whose objection it is")


class RaiseOwnObjection(Command):
    """A candidate's objection to the own result; ticket and ID number together say whose."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "ticket": "19101233-001-00017",
                    "id_number": "330106189309141015",
                    "kind": "score",
                    "text": "技能考核第三项漏计分，申请复核。",
                }
            ]
        },
    )

    ticket: str = Field(min_length=1, max_length=100, description="number of the admission ticket")
    id_number: str = Field(
        min_length=1,
        max_length=100,
        description="number of the document the candidate was entered with; it is not kept",
    )
    kind: Kind
    text: Text = Field(description="what is objected to")


class AskOwnObjections(Command):
    """What became of a candidate's objections."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"ticket": "19101233-001-00017", "id_number": "330106189309141015"}]},
    )

    ticket: str = Field(min_length=1, max_length=100, description="number of the admission ticket")
    id_number: str = Field(
        min_length=1,
        max_length=100,
        description="number of the document the candidate was entered with; it is not kept",
    )


class RefuseObjection(Command):
    """The objection is not looked into."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "所述事项不属于本批次。"}]})

    reason: Reason


class SheetChange(Command):
    """The right points of some elements of one assessor's sheet."""

    part: str = Field(min_length=1, max_length=40, description="theory, practical or review", examples=["practical"])
    assessor: str = Field(default="", max_length=100, description="card of the assessor; empty: the common sheet")
    points: Mapping[Annotated[str, Field(max_length=100)], Points] = Field(
        min_length=1, max_length=200, description="new points by element"
    )


class ReviewScore(Command):
    """The outcome of a score review, signed by two: with changes the score was wrong, without any it stands."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "ground": "omission",
                    "scorer": "评分人甲",
                    "checker": "核分人乙",
                    "changes": [{"part": "practical", "assessor": "card-1", "points": {"binding": 11}}],
                    "reason": "第三项漏计 3 分，已补记。",
                }
            ]
        },
    )

    ground: str = Field(min_length=1, max_length=40, description="one of the rule `review.scope`")
    scorer: Name = Field(description="who reviewed and signs (评分人)")
    checker: Name = Field(description="who checked and signs (核分人); somebody else")
    changes: tuple[SheetChange, ...] = Field(default=(), max_length=50, description="empty: the result stands")
    reason: Reason = Field(description="what was found")


class DecideObjection(Command):
    """The decision on an objection that is not about points."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"outcome": "upheld", "reason": "经查，考生由他人代考。"}]},
    )

    outcome: Literal["upheld", "rejected"] = Field(description="upheld disqualifies the entry")
    reason: Reason
