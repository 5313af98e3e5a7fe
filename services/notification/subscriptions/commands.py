"""What can be asked about subscriptions."""

from typing import Annotated

from pydantic import ConfigDict, Field

from shared.command import Command

Types = Annotated[tuple[str, ...], Field(max_length=100)]


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
    from_position: int | None = Field(
        default=None, ge=0, description="events after this position of the feed; absent: from now on"
    )
