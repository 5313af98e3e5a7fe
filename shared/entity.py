"""The shape every stored entity shares: identity, version, tenant line, and the acts it has already taken."""

from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field


class Entity(BaseModel):
    """State that is replaced, never mutated; `version` counts its writes from 1, `taken` is bounded by the store."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)
    SCHEMA: ClassVar[int] = 1

    id: str
    authority: str
    version: int = 0
    taken: tuple[str, ...] = Field(default=(), exclude=True, repr=False)

    def having(self, **changes: object) -> Self:
        """The same entity with some fields replaced; the rules that led here have checked the values."""
        return self.model_copy(update=changes)
