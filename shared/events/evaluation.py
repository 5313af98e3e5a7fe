"""What evaluation says: which stage of a cycle is open, how a unit's evaluation goes, who loses pilot status."""

from datetime import date
from typing import ClassVar

from pydantic import Field

from shared.events.base import Event


class EvaluationEvent(Event):
    """What every event about a unit's evaluation carries."""

    evaluation: str = Field(
        description="id of the evaluation, one per unit and cycle", examples=["evaluation-2019-unit-33-001"]
    )
    unit: str = Field(description="id of the unit", examples=["unit-33-001"])
    cycle: str = Field(description="the pilot cycle", examples=["2019"])


class UnitSelfChecked(EvaluationEvent):
    """A unit recorded its own score; only a qualified self-check may apply."""

    type: ClassVar[str] = "evaluation.unit.self_checked.v1"
    score: float = Field(description="points of 100")
    qualified: bool = Field(description="whether it reaches the pass line without a veto item")


class UnitApplied(EvaluationEvent):
    """A unit asked to be evaluated."""

    type: ClassVar[str] = "evaluation.unit.applied.v1"


class UnitPassed(EvaluationEvent):
    """A unit passed; the outcome goes on public notice until the day given."""

    type: ClassVar[str] = "evaluation.unit.passed.v1"
    score: float = Field(description="points of 100, as the panel gave them")
    publicised_until: date = Field(description="last day of the notice, Asia/Shanghai")


class UnitFailed(EvaluationEvent):
    """A unit did not pass."""

    type: ClassVar[str] = "evaluation.unit.failed.v1"
    score: float = Field(description="points of 100, as the panel gave them")
    vetoes: tuple[str, ...] = Field(description="veto items found; any of them fails the unit")
    reason: str = Field(description="what it fell short of, and the panel's own words")


class UnitFiled(EvaluationEvent):
    """The public notice is over; the passed unit is on file."""

    type: ClassVar[str] = "evaluation.unit.filed.v1"
    score: float = Field(description="points of 100, as the panel gave them")


class PilotRevoked(EvaluationEvent):
    """A unit lost its pilot status; the registry suspends it."""

    type: ClassVar[str] = "evaluation.pilot.revoked.v1"
    ground: str = Field(
        description="dishonesty, malicious_competition or disordered_management", examples=["dishonesty"]
    )
    reason: str = Field(description="the Center's own words")
    revoked_on: date = Field(description="first day without pilot status, Asia/Shanghai")


class StageEvent(Event):
    """What every event about a stage of a cycle carries."""

    cycle: str = Field(description="the pilot cycle", examples=["2019"])
    stage: str = Field(description="id of the stage: launch, acceptance or summary", examples=["acceptance"])
    name: str = Field(description="its Chinese name", examples=["评估验收"])
    allows: tuple[str, ...] = Field(
        description="what may be done in evaluation while it is open", examples=[("self_check", "apply")]
    )
    opens: date = Field(description="first day of its window, Asia/Shanghai")
    closes: date = Field(description="last day of its window, Asia/Shanghai")


class StageOpened(StageEvent):
    """The window of a stage has begun; its last day may still move to a later one."""

    type: ClassVar[str] = "evaluation.stage.opened.v1"


class StageClosed(StageEvent):
    """The window of a stage is over; who is late needs an extension."""

    type: ClassVar[str] = "evaluation.stage.closed.v1"
