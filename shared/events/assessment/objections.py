"""What assessment says of objections: raised, accepted, refused, decided, overdue; who raised them is not named."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from shared.events.assessment.batches import BatchEvent


def _points(given: Any) -> Any:
    """What a later version may add beside the points of parts is ignored, as an unknown field is."""
    if not isinstance(given, Mapping):
        return given
    return {part: points for part, points in given.items() if not isinstance(points, Mapping)}


class ObjectionEvent(BatchEvent):
    """What every event about an objection carries."""

    objection: str = Field(description="id of the objection")
    entry: str = Field(description="id of the entry whose result it is about")
    kind: str = Field(description="score, eligibility, conduct or other", examples=["score"])


class ObjectionRaised(ObjectionEvent):
    """An objection was raised; its entry, and no other, is held back until it is refused or decided."""

    type: ClassVar[str] = "assessment.objection.raised.v1"
    raised_by: str = Field(description="candidate, public, unit or authority", examples=["candidate"])
    accept_by: date = Field(description="last day to accept or refuse it, Asia/Shanghai")


class ObjectionAccepted(ObjectionEvent):
    """The objection is looked into."""

    type: ClassVar[str] = "assessment.objection.accepted.v1"
    decide_by: date = Field(description="last day to decide it, Asia/Shanghai")


class ObjectionRefused(ObjectionEvent):
    """The objection is not looked into; its entry is not held back any more."""

    type: ClassVar[str] = "assessment.objection.refused.v1"
    reason: str = Field(description="why, without personal data")


class ObjectionDecided(ObjectionEvent):
    """The objection is decided; unless the result was said before, the entry follows from this and is free again."""

    type: ClassVar[str] = "assessment.objection.decided.v1"
    outcome: str = Field(
        description="changed: the score was wrong; rejected: the result stands; upheld: the entry is disqualified",
        examples=["changed"],
    )
    certified: bool = Field(
        description="the result was said to the registry before: the entry stays as it is, and an outcome other than "
        "rejected is a result found wrong, which leads to a correction of the certificate"
    )
    before: str = Field(description="state of the entry before the decision", examples=["failed"])
    after: str = Field(
        description="its state by the decision; the same as before when the entry stays", examples=["passed"]
    )
    passes: bool = Field(description="whether every part is passed by the decision")
    scores: Annotated[Mapping[str, float], BeforeValidator(_points)] = Field(
        description="points of 100 by part, as decided; 0 where a part is void"
    )
    reason: str = Field(description="what was found, without personal data")


class ObjectionOverdue(ObjectionEvent):
    """The last day to accept or to decide an objection is over, and nobody has."""

    type: ClassVar[str] = "assessment.objection.overdue.v1"
    step: str = Field(description="acceptance or decision", examples=["decision"])
    due: date = Field(description="the day that was the last one, Asia/Shanghai")
