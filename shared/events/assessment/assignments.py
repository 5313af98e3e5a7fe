"""What assessment says of assignments: who assesses and supervises a batch, and that the check is opened again."""

from datetime import date
from typing import ClassVar

from pydantic import Field

from shared.events.assessment.batches import BatchEvent
from shared.events.base import Record


class AssignedGroup(Record):
    """Who assesses one part."""

    part: str = Field(description="practical or review", examples=["practical"])
    assessors: tuple[str, ...] = Field(description="ids of the assessors' cards")
    head: str = Field(description="card of the head assessor, one of the group")


class AssignmentConfirmed(BatchEvent):
    """Who assesses and supervises a batch meets every rule, but for those that an authority set aside."""

    type: ClassVar[str] = "assessment.assignment.confirmed.v1"
    groups: tuple[AssignedGroup, ...] = Field(description="one for each part that is assessed")
    supervisor: str = Field(description="id of the supervisor's card")
    supervision: str = Field(description="internal (appointed by the unit) or external (sent by the authority)")
    rules_on: date = Field(description="day whose version of the rules it was checked by")


class AssignmentReopened(BatchEvent):
    """A confirmed assignment does not meet a rule any more; the batch is assigned anew. Said once for each rule."""

    type: ClassVar[str] = "assessment.assignment.reopened.v1"
    card: str = Field(description="id of the card; empty where the rule is about a group or a room")
    rule: str = Field(description="slug of the rule", examples=["card-status"])
    detail: str = Field(description="what does not hold, without personal data")
