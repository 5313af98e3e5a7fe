"""What a service knows about whoever makes a request."""

from enum import StrEnum, auto

from pydantic import BaseModel


class Role(StrEnum):
    """What a caller is to the programme."""

    CENTER = auto()
    AUTHORITY = auto()
    UNIT = auto()
    ASSESSOR = auto()
    SUPERVISOR = auto()
    AUDITOR = auto()
    SUBSCRIBER = auto()


class Caller(BaseModel, frozen=True):
    """Who makes a request; `authority` is None for the Center and for auditors of the whole programme."""

    subject: str
    role: Role
    organisation: str
    authority: str | None
