"""What can be asked about subscriptions."""

from typing import Annotated

from pydantic import ConfigDict, Field

from services.notification.feed.domain.filters import Filter
from services.notification.subscriptions.domain import Payload
from shared.command import Command
from shared.digests import EXACT

Types = Annotated[tuple[str, ...], Field(max_length=100)]
Values = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=200)], ...], Field(max_length=100)]


class Subscribe(Command):
    """Be told by webhook: at which URL, of what, from where in the feed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "url": "https://hooks.example.org/skillcert",
                    "types": ["registry.certificate.filed.v1", "evaluation.*"],
                    "from_position": 0,
                }
            ]
        },
    )

    url: str = Field(min_length=1, max_length=2000, description="http or https, without a user or password in it")
    types: Types = Field(default=(), description="exact types or patterns `registry.*`; none means every event")
    authorities: Values = Field(default=(), description="lines, `33` or `national`; none means all within the scope")
    units: Values = Field(default=(), description="ids of units; none means all within the scope")
    occupations: Values = Field(default=(), description="occupations; none means all, and events that name none")
    levels: Values = Field(default=(), description="levels; none means all, and events that name none")
    subjects: Values = Field(default=(), description="subjects of events; none means all")
    correlations: Values = Field(default=(), description="correlation ids; none means all")
    from_position: int | None = Field(
        default=None, ge=0, le=EXACT, description="events after this position of the feed; absent: from now on"
    )
    payload: Payload = Field(default=Payload.FULL, description="thin: attributes and a `dataref`, no `data`")
    ordered: bool = Field(default=False, description="one after the other by position; a failing one holds back others")

    def filter(self) -> Filter:
        """What it wants to be told of."""
        return Filter(**{name: getattr(self, name) for name in Filter.model_fields})


class ChangeSubscription(Command):
    """Be sent something else, or elsewhere, from now on: what is absent stays as it is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"url": "https://hooks.example.org/new", "types": ["registry.*"], "payload": "thin"}]
        },
    )

    url: str | None = Field(
        default=None, min_length=1, max_length=2000, description="another one is verified before it is sent anything"
    )
    types: Types | None = Field(default=None, description="exact types or patterns; `[]` means every event")
    authorities: Values | None = Field(default=None, description="lines; `[]` means all within the scope")
    units: Values | None = Field(default=None, description="ids of units; `[]` means all within the scope")
    occupations: Values | None = Field(default=None, description="occupations; `[]` means all")
    levels: Values | None = Field(default=None, description="levels; `[]` means all")
    subjects: Values | None = Field(default=None, description="subjects of events; `[]` means all")
    correlations: Values | None = Field(default=None, description="correlation ids; `[]` means all")
    payload: Payload | None = Field(default=None, description="thin: attributes and a `dataref`, no `data`")
    ordered: bool | None = Field(default=None, description="one after the other by position, or not")

    def filter(self, before: Filter) -> Filter:
        """What it wants to be told of, in place of what it wanted before."""
        asked = {name: getattr(self, name) for name in Filter.model_fields}
        return before.model_copy(update={name: value for name, value in asked.items() if value is not None})
