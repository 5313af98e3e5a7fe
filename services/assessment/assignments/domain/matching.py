"""Filling the places of groups from those who fit: a matching, so that a choice is found whenever there is one.

Each group is a set of places, some of them for new members only. A holder fills one place in each part, or one in
all where assessing on the first part's day would make the second part's day one too many in a row.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the group of a part; some are for those who were not in the group before."""

    part: str
    new: bool


Key = tuple[str, str]
"""A holder and the part in which they are taken, empty where one part excludes the other."""
Fit = Mapping[str, Mapping[str, str]]
"""By part, the holders who may assess it and by which of their cards."""
Found = dict[str, list[str]]
"""By part, the holders who were found for it."""


@dataclass(frozen=True, slots=True)
class Choosing:
    """What is chosen from: places to fill, who fits where, who is not new, whom one part excludes from another."""

    places: Sequence[Place]
    fit: Fit
    old: Mapping[str, frozenset[str]]
    exclusive: frozenset[str]

    def found(self, without: str = "") -> Found | None:
        """Holders for the places of each part, or None; `without` is a holder who takes none."""
        taken: dict[Key, int] = {}
        if not all(self._filled(place, without, taken, set()) for place in range(len(self.places))):
            return None
        chosen: Found = {}
        for (who, _), place in taken.items():
            chosen.setdefault(self.places[place].part, []).append(who)
        return chosen

    def _filled(self, place: int, without: str, taken: dict[Key, int], tried: set[Key]) -> bool:
        for key in self._who_fit(place, without):
            if key not in tried:
                tried.add(key)
                if key not in taken or self._filled(taken[key], without, taken, tried):
                    taken[key] = place
                    return True
        return False

    def _who_fit(self, place: int, without: str) -> Iterator[Key]:
        wanted = self.places[place]
        for who in self.fit[wanted.part]:
            if who != without and not (wanted.new and who in self.old[wanted.part]):
                yield who, "" if who in self.exclusive else wanted.part
