"""What can be asked about subscriptions."""

from typing import Annotated

from pydantic import ConfigDict, Field

from services.notification.feed.domain.filters import Filter
from shared.command import Command

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
        default=None, ge=0, description="events after this position of the feed; absent: from now on"
    )

    def filter(self) -> Filter:
        """What it wants to be told of."""
        return Filter(**{name: getattr(self, name) for name in Filter.model_fields})
