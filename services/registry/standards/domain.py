"""An occupation and the edition of its standard: which levels are examined, in which parts, by which marks."""

from collections.abc import Sequence
from datetime import date

from shared.entity import Entity
from shared.events.base import Event, Record
from shared.events.registry import Part, StandardPublished


class Occupation(Record):
    """One of the pilot's occupations under both code systems; unverified codes say so."""

    id: str
    name: str
    name_en: str
    classification: str
    classification_edition: str
    classification_status: str
    work_type: str
    work_type_status: str


class Standard(Entity):
    """One edition for one occupation; national, so its line is `national`."""

    occupation: Occupation
    edition: str
    levels: tuple[str, ...]
    effective: date
    parts: tuple[Part, ...]
    source: str

    def published(self) -> "tuple[Standard, Sequence[Event]]":
        """Said once for each version of the edition."""
        event = StandardPublished(
            standard=self.id,
            occupation=self.occupation.id,
            occupation_name=self.occupation.name,
            edition=self.edition,
            levels=self.levels,
            effective=self.effective,
            parts=self.parts,
        )
        return self, [event]
