"""What the registry says of proposals: what units and authorities learnt, and what the Center makes of it."""

from datetime import date
from typing import ClassVar

from pydantic import Field

from shared.events.base import Event


class ProposalStanding(Event):
    """Where a proposal stands; each of its events carries all of it. The text itself is read at the registry."""

    proposal: str = Field(description="id of the proposal")
    proposer: str = Field(description="id of the unit or authority that proposes", examples=["unit-33-001"])
    unit: str | None = Field(description="id of the unit; null when an authority proposes", examples=["unit-33-001"])
    kind: str = Field(
        description="standard, evaluation_norm, site_criteria, assessor_criteria or supervisor_criteria",
        examples=["standard"],
    )
    title: str = Field(description="title, without personal data")
    occupation: str | None = Field(
        description="slug of the occupation it is for; null when it concerns all", examples=["rebar_worker"]
    )
    state: str = Field(description="submitted, returned, adopted or declined: as it now stands")
    round: int = Field(description="counts its submissions from 1")
    submitted_on: date = Field(description="day of the newest submission, Asia/Shanghai")
    decided_on: date | None = Field(default=None, description="day it was adopted or declined, or null")
    remarks: str = Field(default="", description="what to mend, while it is returned; otherwise empty")
    conclusion: str = Field(default="", description="what the Center adopts of it; empty unless adopted")
    reason: str = Field(default="", description="why it is declined; empty unless declined")
    standard: str | None = Field(default=None, description="id of the standard edition that came of it, if any")


class ProposalSubmitted(ProposalStanding):
    """A unit or an authority lays a proposal before the Center, for the first time or mended."""

    type: ClassVar[str] = "registry.proposal.submitted.v1"


class ProposalReturned(ProposalStanding):
    """The Center returned a proposal with remarks; the proposer mends it and submits it again."""

    type: ClassVar[str] = "registry.proposal.returned.v1"


class ProposalAdopted(ProposalStanding):
    """The Center adopts a proposal and says with which conclusion."""

    type: ClassVar[str] = "registry.proposal.adopted.v1"


class ProposalDeclined(ProposalStanding):
    """The Center does not adopt a proposal and says why."""

    type: ClassVar[str] = "registry.proposal.declined.v1"
