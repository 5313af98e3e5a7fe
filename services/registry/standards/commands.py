"""What can be asked about standards: a draft with everything an edition says."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.command import Command
from shared.events.base import Record
from shared.events.registry import Conditions, Part, Staffing, Training
from shared.levels import Level

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2099, 12, 31))]
Slug = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,63}$")]
Sureness = Literal["official", "comparable", "unverified", "ours"]

PREDICATE = {"predicate": "min_years", "years": 1, "kind": "cumulative", "scope": "related"}
EXAMPLE: dict[str, Any] = {
    "occupation": {
        "id": "rebar_worker",
        "name": "钢筋工",
        "name_en": "Rebar worker",
        "classification": "6-29-01-04",
        "classification_edition": "2022-draft",
        "classification_status": "comparable",
        "work_type": "020",
        "work_type_status": "unverified",
    },
    "edition": "2020年试点修订版",
    "regime": "appraisal",
    "effective": "2099-01-01",
    "levels": ["5", "4"],
    "parts": [
        {"id": "theory", "pass_mark": 60, "out_of": 100, "minutes": 90, "levels": ["5", "4"], "dimensions": []},
        {
            "id": "practical",
            "pass_mark": 60,
            "out_of": 100,
            "minutes": 60,
            "levels": ["5", "4"],
            "dimensions": [
                {"id": "safe_production", "name": "开展安全生产", "points": 40},
                {"id": "task_completion", "name": "完成工作任务", "points": 60},
            ],
        },
    ],
    "eligibility": [
        {"level": "5", "alternatives": [{"all_of": [PREDICATE]}], "source": "国家职业技能标准编制技术规程 (2018)"}
    ],
    "staffing": [
        {
            "part": "theory",
            "role": "invigilator",
            "candidates": 15,
            "at_least": 2,
            "source": "国家职业技能标准编制技术规程 (2018)",
        }
    ],
    "training": [{"level": "5", "hours": 240, "source": "2020年试点修订版编制说明"}],
    "related": ["mason"],
    "sources": [{"place": "/parts", "status": "ours", "source": "2019年试点总结"}],
}


class Regime(StrEnum):
    """Under which system the edition is examined."""

    APPRAISAL = "appraisal"
    RECOGNITION = "recognition"


class Occupation(Record):
    """An occupation under both code systems, as the edition knows it; each code says how sure it is."""

    id: Slug = Field(description="slug of the occupation catalogue", examples=["rebar_worker"])
    name: str = Field(min_length=1, max_length=50, description="Chinese name", examples=["钢筋工"])
    name_en: str = Field(min_length=1, max_length=100, description="English name")
    classification: str = Field(
        pattern=r"^\d-\d{2}-\d{2}-\d{2}$", description="code in the Occupational Classification"
    )
    classification_edition: str = Field(
        min_length=1, max_length=50, description="edition of the Classification that gives the code", examples=["2015"]
    )
    classification_status: Sureness = Field(description="how sure the code is")
    work_type: str = Field(pattern=r"^\d{3}$", description="three-digit work type of the housing ministry's list")
    work_type_status: Sureness = Field(description="how sure the work type is")


class Source(Record):
    """Where something in the edition comes from."""

    place: str = Field(max_length=200, description="which place of the edition, as a JSON pointer", examples=["/parts"])
    status: Sureness = Field(description="official, comparable, unverified, or ours: a default of this product")
    source: str = Field(min_length=1, max_length=500, description="the document that says so")


class Content(BaseModel):
    """Everything an edition says."""

    occupation: Occupation = Field(description="the occupation it is for")
    edition: str = Field(min_length=1, max_length=200, description="Chinese name of the edition")
    regime: Regime = Field(default=Regime.APPRAISAL, description="appraisal or recognition")
    effective: Day = Field(description="first day in force, Asia/Shanghai")
    levels: tuple[Level, ...] = Field(min_length=1, max_length=8, description="levels that can be examined")
    parts: tuple[Part, ...] = Field(min_length=1, max_length=10, description="what is examined")
    eligibility: tuple[Conditions, ...] = Field(
        default=(), max_length=8, description="conditions by level; a level without any is open to everybody"
    )
    staffing: tuple[Staffing, ...] = Field(default=(), max_length=50, description="people that a part needs")
    training: tuple[Training, ...] = Field(default=(), max_length=8, description="course hours by level")
    related: tuple[Slug, ...] = Field(default=(), max_length=50, description="occupations that count as related")
    sources: tuple[Source, ...] = Field(
        min_length=1, max_length=200, description="where it comes from; at least one source"
    )


class DraftStandard(Command, Content):
    """The Center drafts an edition, or mends a draft: always the whole content."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})
