"""What can be asked about scores."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints, WithJsonSchema

from shared.command import Command

# Read as anything: which number is too many points is a rule of the edition, with a slug of its own.
Points = Annotated[Any, WithJsonSchema({"type": "number"})]
Sheet = Annotated[Any, WithJsonSchema({"type": "object", "additionalProperties": {"type": "number"}})]


class ScoreRow(Command):
    """The points of one entry: one number per part, one per dimension where the part has a score sheet."""

    model_config = ConfigDict(
        strict=True,
        json_schema_extra={
            "examples": [
                {
                    "entry": "entry-2f1c7a3a4c5b5d0e9a6f1b2c3d4e5f60",
                    "theory": 78.5,
                    "practical": {
                        "operating_rules": 20,
                        "safe_production": 16.5,
                        "problem_solving": 11,
                        "task_completion": 24,
                        "conduct": 9,
                    },
                }
            ]
        },
    )

    entry: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    theory: Points = None
    practical: Sheet = None
    review: Points = Field(default=None, description="comprehensive review, at the levels that have one")

    def given(self) -> dict[str, Any]:
        """What was sent for each part; a part that is null counts as not sent."""
        sent = {"theory": self.theory, "practical": self.practical, "review": self.review}
        return {part: value for part, value in sent.items() if value is not None}
