"""What can be asked about evaluations; ID numbers in free text are masked as they come in."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field
from pydantic.config import JsonDict

from services.evaluation.cycles.commands import CycleCode
from shared.command import Command
from shared.privacy import scrub

_SCORES: JsonDict = {
    "A1": 4, "A2": 4, "A3": 3.5, "B1": 5, "B2": 4, "B3": 4.5, "C1": 4, "C2": 4, "C3": 3, "D1": 5, "D2": 4, "D3": 4,
    "E1": 5, "E2": 5, "E3": 4, "E4": 4, "F1": 4, "F2": 4, "F3": 2, "G1": 4, "G2": 3, "H1": 2, "H2": 2,
}  # fmt: skip

Text = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(scrub)]
Indicator = Annotated[str, Field(pattern=r"^[A-Z]\d{1,2}$", examples=["A1"])]
VetoCode = Annotated[str, Field(pattern=r"^V\d{1,2}$", examples=["V1"])]
Points = Annotated[float, Field(ge=0, le=100, multiple_of=0.01, allow_inf_nan=False)]
Scores = Annotated[dict[Indicator, Points], Field(max_length=100, description="points for every indicator of the form")]
Vetoes = Annotated[tuple[VetoCode, ...], Field(max_length=20)]


class Ground(StrEnum):
    """Why pilot status is lost: the three grounds of the notice, section 3 (2)."""

    DISHONESTY = "dishonesty"
    MALICIOUS_COMPETITION = "malicious_competition"
    DISORDERED_MANAGEMENT = "disordered_management"


class SelfCheckUnit(Command):
    """A unit's own score by the evaluation form, with evidence for the points it claims."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "cycle": "2019",
                    "scores": _SCORES,
                    "evidence": {code: f"自查台账第{place}页" for place, code in enumerate(_SCORES, start=1)},
                    "vetoes_declared": [],
                }
            ]
        },
    )

    cycle: CycleCode
    scores: Scores
    evidence: Annotated[dict[Indicator, Text], Field(max_length=100, description="text or reference, by indicator")]
    vetoes_declared: Vetoes = ()


class DecideEvaluation(Command):
    """The panel's points, the veto items it found, and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"scores": _SCORES, "vetoes": [], "reason": "专家组现场评估，各项指标达到要求。"}]
        },
    )

    scores: Scores
    vetoes: Vetoes = ()
    reason: Text


class RevokePilot(Command):
    """The Center takes a unit's pilot status away."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "unit": "unit-33-001",
                    "cycle": "2019",
                    "ground": "dishonesty",
                    "reason": "经查实，伪造考生成绩。",
                }
            ]
        },
    )

    unit: Annotated[str, Field(min_length=1, max_length=100, examples=["unit-33-001"])]
    cycle: CycleCode
    ground: Ground
    reason: Text
