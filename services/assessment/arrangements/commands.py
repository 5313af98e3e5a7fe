"""What can be asked about rooms and attendance."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from shared.command import Command, FreeText

Named = Annotated[FreeText, StringConstraints(strip_whitespace=True), Field(min_length=1, max_length=60)]
Known = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class RoomAsked(Command):
    """An exam room for one part, and how many candidates it holds at a time."""

    part: str = Field(max_length=40, description="theory, practical or review")
    name: Named = Field(description="name of the room, another one for each room of the part")
    stations: int = Field(ge=1, le=1000, description="candidates at a time")
    turns: int = Field(default=1, ge=1, le=20, description="how many times it is filled, one after the other")


class ArrangeRooms(Command):
    """Entry is over: the rooms of every part, which must hold all who sit it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "rooms": [
                        {"part": "theory", "name": "一号考场", "stations": 30},
                        {"part": "practical", "name": "钢筋一区", "stations": 10, "turns": 3},
                    ]
                }
            ]
        },
    )

    rooms: Annotated[tuple[RoomAsked, ...], Field(max_length=2000)] = Field(
        description="in the order in which they are filled; none for a part that is held online"
    )


class AttendanceRow(Command):
    """How one candidate attended one part; whoever is not named was present."""

    model_config = ConfigDict(
        strict=True,
        json_schema_extra={
            "examples": [
                {"ticket": "19101233-001-00017", "part": "practical", "mark": "late", "minutes": 12},
                {
                    "entry": "entry-2f1c7a3a4c5b5d0e9a6f1b2c3d4e5f60",
                    "part": "theory",
                    "mark": "violation",
                    "note": "使用通讯工具。",
                },
            ]
        },
    )

    ticket: Known | None = Field(default=None, description="number of the ticket; or name the entry")
    entry: Known | None = Field(default=None, description="id of the entry; or name the ticket")
    part: str = Field(max_length=40, description="theory, practical or review")
    mark: Literal["present", "late", "absent", "violation"] = Field(
        description="a violation voids all parts the candidate sits in this exam; present takes an earlier mark back"
    )
    minutes: int = Field(default=0, ge=0, le=1440, description="minutes late")
    note: FreeText = Field(
        default="",
        max_length=500,
        description="what happened; a violation needs it, and an absence of whom sheets are signed",
    )
