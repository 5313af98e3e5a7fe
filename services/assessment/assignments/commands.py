"""What can be asked about assignments."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue, StringConstraints

from shared.command import Command, FreeText

CardId = Annotated[str, Field(min_length=1, max_length=100)]
PartName = Annotated[str, Field(min_length=1, max_length=40)]
Text = StringConstraints(strip_whitespace=True, min_length=1, max_length=100)
Reason = Annotated[FreeText, Field(min_length=1, max_length=1000)]
_GROUP: dict[str, JsonValue] = {
    "part": "practical",
    "assessors": [f"card-{'0' * 31}{place}" for place in (1, 2, 3)],
    "head": f"card-{'0' * 31}1",
}
_INVIGILATORS: list[JsonValue] = [
    {"part": "theory", "room": "一号考场", "name": "王建军", "id_number": "330106189309141015"},
    {"part": "theory", "room": "一号考场", "name": "赵小红", "id_number": "33010618930914104X"},
]


class GroupAsked(Command):
    """Who assesses one part."""

    part: PartName = Field(description="practical, or review at levels 2 and 1")
    assessors: Annotated[tuple[CardId, ...], Field(min_length=1, max_length=200)] = Field(
        description="ids of their cards"
    )
    head: CardId = Field(description="the head assessor, one of them")


class InvigilatorAsked(Command):
    """Who watches over a room."""

    part: PartName = Field(default="theory", description="a part that is invigilated")
    room: Annotated[str, Field(max_length=100)] = Field(default="", description="name of the room; empty online")
    name: Annotated[str, Text]
    id_number: Annotated[str, Text] = Field(description="resident ID number, GB 11643-1999")


Invigilators = Annotated[tuple[InvigilatorAsked, ...], Field(max_length=5000)]


class AssignBatch(Command):
    """These assess, supervise and invigilate a batch; all rules are checked, and each that is not met is named."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "groups": [_GROUP],
                    "supervisor": f"card-{'0' * 31}9",
                    "supervision": "internal",
                    "invigilators": _INVIGILATORS,
                }
            ]
        }
    )

    groups: Annotated[tuple[GroupAsked, ...], Field(max_length=10)]
    supervisor: CardId
    supervision: Literal["internal", "external"] = Field(
        default="internal", description="internal: appointed by the unit; external: sent by the authority"
    )
    invigilators: Invigilators = ()


class ProposeAssignment(Command):
    """Who of a pool could assess and supervise a batch; nothing is changed."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"pool": [f"card-{'0' * 31}{place}" for place in (1, 2, 3, 4, 9)]}]}
    )

    pool: Annotated[tuple[CardId, ...], Field(min_length=1, max_length=500)]
    invigilators: Invigilators = Field(default=(), description="checked as well when any are named")


class OverrideRule(Command):
    """An authority lets a rule pass for one card, or for the group of one part."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"rule": "rotation", "subject": "practical", "reason": "本地仅有三名持证考评员，已核实。"}]
        }
    )

    rule: Annotated[str, Field(min_length=1, max_length=40)] = Field(description="slug of the rule")
    subject: Annotated[str, Field(min_length=1, max_length=100)] = Field(
        description="id of the card; for the rotation the part"
    )
    reason: Reason


class DeclareRecusal(Command):
    """The holder of a card must not assess or supervise this batch."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"card": f"card-{'0' * 31}1", "kind": "relative", "note": "考生为其外甥。"}]}
    )

    card: CardId
    kind: Literal["relative", "teacher", "mentor", "employer", "other"]
    entry: Annotated[str, Field(max_length=100)] = Field(
        default="", description="id of the candidate it is about; empty: the whole batch"
    )
    note: Annotated[FreeText, Field(max_length=1000)] = ""
