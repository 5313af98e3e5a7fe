"""What can be asked about scores: the paper of a part, and score sheets row by row."""

from typing import Annotated, Any

from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints, WithJsonSchema

from shared.command import Command, FreeText

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Title = Annotated[FreeText, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Long = Annotated[FreeText, StringConstraints(strip_whitespace=True, max_length=500)]
Known = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
Signature = Annotated[FreeText, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
LONGEST_REMARK = 200
# Strict rows are read from text too: the lines of a table have nothing else.
Instant = Annotated[AwareDatetime, Field(strict=False)]
# Read as anything: which number is too many points is a rule of the paper, with a slug of its own.
Points = Annotated[
    Any,
    WithJsonSchema({"type": ["object", "number"], "additionalProperties": {"type": "number"}, "maxProperties": 200}),
]
# What a person wrote may stand where an element's name should, and a refused name would be said back.
Remarks = Annotated[
    Any,
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": {"type": "string", "maxLength": LONGEST_REMARK},
            "maxProperties": 200,
        }
    ),
]
MOST_POINTS = 1000
COMMON = "theory"  # the part that is marked together


class ElementAsked(Command):
    """One element of a paper: what is looked at, and what is deducted for."""

    id: Slug = Field(description="slug, unique in the paper", examples=["stirrup_spacing"])
    title: Title = Field(examples=["箍筋间距"])
    points: float = Field(gt=0, le=MOST_POINTS, description="the most that can be scored")
    dimension: str = Field(
        default="", max_length=40, description="dimension of the edition it counts for; empty where it has none"
    )
    deduction: Long = Field(default="", description="the rule of deduction", examples=["每处超差扣2分"])


class TaskAsked(Command):
    """One task of a paper."""

    id: Slug = Field(examples=["beam_cage"])
    title: Title = Field(examples=["梁钢筋笼绑扎"])
    points: float | None = Field(
        default=None, gt=0, le=MOST_POINTS, description="sum of its elements; null: not stated"
    )
    elements: tuple[ElementAsked, ...] = Field(min_length=1, max_length=100)


class SetPaper(Command):
    """A unit says what a part is scored by: tasks with elements that fill each dimension exactly."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "part": "practical",
                    "tasks": [
                        {
                            "id": "beam_cage",
                            "title": "梁钢筋笼绑扎",
                            "points": 60,
                            "elements": [
                                {
                                    "id": "drawing",
                                    "title": "识图下料",
                                    "points": 25,
                                    "dimension": "operating_rules",
                                    "deduction": "每错一处扣2分",
                                },
                                {"id": "size", "title": "成品尺寸", "points": 30, "dimension": "task_completion"},
                                {"id": "order", "title": "文明施工", "points": 5, "dimension": "conduct"},
                            ],
                        },
                        {
                            "id": "site_safety",
                            "title": "安全生产与问题处理",
                            "points": 40,
                            "elements": [
                                {"id": "protection", "title": "安全防护", "points": 20, "dimension": "safe_production"},
                                {"id": "faults", "title": "问题处理", "points": 15, "dimension": "problem_solving"},
                                {"id": "manners", "title": "职业素养", "points": 5, "dimension": "conduct"},
                            ],
                        },
                    ],
                }
            ]
        }
    )

    part: str = Field(max_length=40, description="theory, practical or review")
    tasks: tuple[TaskAsked, ...] = Field(min_length=1, max_length=20)


class SheetRow(Command):
    """The score sheet of one work piece (评分记录表), as one assessor signed it; without the candidate's name."""

    model_config = ConfigDict(
        strict=True,
        json_schema_extra={
            "examples": [
                {
                    "work_piece": "P-0001",
                    "part": "practical",
                    "points": {
                        "operating_rules": 20,
                        "safe_production": 16.5,
                        "problem_solving": 11,
                        "task_completion": 24,
                        "conduct": 9,
                    },
                    "remarks": {"safe_production": "未系安全带一次"},
                    "scorer": "card-2f1c7a3a4c5b5d0e9a6f1b2c3d4e5f60",
                    "checker": "card-7d0e9a6f1b2c3d4e5f602f1c7a3a4c5b",
                    "began_at": "2019-10-12T09:00:00+08:00",
                    "ended_at": "2019-10-12T10:30:00+08:00",
                },
            ]
        },
    )

    work_piece: Known = Field(description="anonymous number of the paper or work piece (考件编号)")
    part: Known = Field(description="theory, practical or review")
    points: Points = Field(description="points by element; a number where the paper has one element")
    remarks: Remarks = Field(default=None, description="by element: what was deducted for")
    accident: Long = Field(default="", description="the serious accident that disqualifies; empty without one")
    scorer: Signature = Field(description="card of the assessor; in theory a name of the marking office (评分人)")
    checker: Signature = Field(description="who checked it, never the scorer (核分人)")
    began_at: Instant | None = Field(default=None, description="when the candidate began")
    ended_at: Instant | None = Field(default=None, description="when the candidate ended")
    correction: Long = Field(default="", description="why this row replaces the sheet that was signed before")

    @property
    def sheet(self) -> str:
        """Which sheet it is: of a part with one common sheet whoever signed, of the others each assessor's own."""
        return f"{self.part} {self.work_piece} {'' if self.part == COMMON else self.scorer}"
