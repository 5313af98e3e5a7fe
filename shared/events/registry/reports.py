"""What the registry says of implementation-status reports; each event carries the whole report."""

from datetime import date
from typing import ClassVar

from pydantic import Field

from shared.events.base import Event, Record


class ReportedFigures(Record):
    """What was done in one occupation, beside what the plan expects."""

    occupation: str = Field(description="slug of the occupation catalogue", examples=["rebar_worker"])
    expected: int = Field(description="candidates the plan expects over all its days")
    examined: int = Field(description="candidates examined in the period")
    qualified: int = Field(description="of these, candidates who passed every part")
    certified: int = Field(description="of these, candidates who hold a certificate")


class ReportEvent(Event):
    """Everything a hearer must know of a report."""

    report: str = Field(description="id of the report")
    plan: str = Field(description="id of the plan it reports on")
    edition: int = Field(description="edition of the plan on file when it was submitted")
    kind: str = Field(description="kind of the plan: unit or overall", examples=["unit"])
    unit: str = Field(description="id of the unit; empty for an authority's report", examples=["unit-33-001"])
    period_from: date = Field(description="first day reported on, Asia/Shanghai")
    period_until: date = Field(description="last day reported on")
    figures: tuple[ReportedFigures, ...] = Field(description="by occupation")
    problems: str = Field(description="what went wrong or is missing; may be empty")
    measures: str = Field(description="what is done about it; may be empty")
    experience: str = Field(description="what others can learn from it; may be empty")
    remarks: str = Field(description="the Center's words; empty until it noted or returned the report")


class ReportSubmitted(ReportEvent):
    """A unit or an authority reports on its filed plan, for the first time or after a return."""

    type: ClassVar[str] = "registry.report.submitted.v1"


class ReportReturned(ReportEvent):
    """The Center sent a report back; it is mended and submitted again."""

    type: ClassVar[str] = "registry.report.returned.v1"


class ReportNoted(ReportEvent):
    """The Center took note of a report; it does not change any more."""

    type: ClassVar[str] = "registry.report.noted.v1"
