"""What a candidate claims; the unit has checked the originals."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.command import Command, FreeText

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,60}$")]
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2099, 12, 31))]


class Worked(Command):
    """Years worked in one occupation."""

    years: float = Field(ge=0, le=80, description="years until the day of the exam")
    kind: Literal["cumulative", "continuous"] = Field(
        default="cumulative",
        description="cumulative: summed up; continuous: without a break. A continuous claim counts as cumulative too",
    )
    occupation: Slug | None = Field(default=None, description="slug of the occupation; null: the one of the exam")


class Diploma(Command):
    """A diploma in the field of the occupation."""

    kind: Slug = Field(description="technical_school, senior_technical_school or college")
    state: Literal["graduated", "graduating_year"] = Field(
        default="graduated", description="graduating_year: in the final year at school"
    )


class Title(Command):
    """A professional title in the field of the occupation."""

    kind: Slug = Field(description="which title, for example junior", examples=["junior"])
    since: Day = Field(description="day it was awarded")


class EarlierCertificate(Command):
    """A certificate from before this system; it counts as if it were on file here."""

    level: Slug = Field(description="level code, or pre_technician for the 预备技师 certificate", examples=["5"])
    occupation: Slug | None = Field(default=None, description="slug of the occupation; null: the one of the exam")
    number: FreeText = Field(min_length=1, max_length=40, description="number of the certificate")
    issued_on: Day = Field(description="day it was issued")


class Claims(Command):
    """What a candidate claims to fulfil the conditions with; the unit has checked the originals."""

    years: Annotated[tuple[Worked, ...], Field(max_length=20)] = Field(
        default=(), description="of several claims for one occupation the highest counts"
    )
    diplomas: Annotated[tuple[Diploma, ...], Field(max_length=10)] = ()
    training_hours: float = Field(
        default=0, ge=0, le=10_000, description="hours of completed formal training for the level of the exam"
    )
    apprenticeship_done: bool = Field(default=False, description="finished the apprenticeship in the occupation")
    titles: Annotated[tuple[Title, ...], Field(max_length=10)] = ()
    certificates: Annotated[tuple[EarlierCertificate, ...], Field(max_length=20)] = ()
