"""What every mirror shares: the newest word of its owner counts, in whichever order the words are heard."""

from collections.abc import Iterable, Sequence
from typing import Self

from shared.entity import Entity
from shared.events.base import Event
from shared.events.registry import Scope


class Mirrored(Entity):
    """Something another service owns; `sequence` is the owner's version of what is known here."""

    sequence: int

    def replaced_by(self, said: Self) -> tuple[Self, Sequence[Event]]:
        """Whatever is newer by the owner's count; what arrives late changes nothing."""
        if said.sequence <= self.sequence:
            return self, []
        return said.having(version=self.version, taken=self.taken), []


def levels_of(scopes: Iterable[Scope]) -> dict[str, tuple[str, ...]]:
    """The levels named, by occupation."""
    return {scope.occupation: scope.levels for scope in scopes}
