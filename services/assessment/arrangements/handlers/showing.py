"""What people read: the admission ticket in full, and the list at a room's door with masked names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import structlog
from pydantic_core import from_json

from services.assessment.arrangements.domain import (
    PartOnTicket,
    Roll,
    RowAtDoor,
    begins_at,
    blocks,
    is_online,
    parts_on_ticket,
    rows_at_door,
)
from services.assessment.arrangements.handlers.attending import room_of
from services.assessment.arrangements.storage import in_room
from services.assessment.batches.domain import Batch, Room
from services.assessment.entries.domain import Entry, State
from services.assessment.mirrors.domain import Standard, Unit
from services.assessment.mirrors.handlers import Mirrors
from services.assessment.mirrors.storage import sites_among
from shared.act import Scope
from shared.errors import NotFound
from shared.privacy import Sealer
from shared.rulebook import Rulebook
from shared.storage.store import Store

log = structlog.get_logger()


@dataclass(frozen=True)
class TicketPaper:
    """One admission ticket; holds a name in clear and is never kept."""

    number: str
    name: str
    id_masked: str
    unit: str
    occupation: str
    occupation_en: str
    level: str
    parts: Sequence[PartOnTicket]
    early: int
    latest: int


@dataclass(frozen=True)
class RoomPaper:
    """The list at a room's door."""

    unit: str
    occupation: str
    occupation_en: str
    level: str
    room: Room
    on: date
    turns: Sequence[tuple[int, str, Sequence[RowAtDoor]]]
    where: str


@dataclass(frozen=True)
class Papers:
    """Tickets and lists at doors."""

    batches: Store[Batch]
    entries: Store[Entry]
    rolls: Store[Roll]
    mirrors: Mirrors
    rules: Rulebook
    sealer: Sealer

    async def ticket(self, batch_id: str, entry_id: str, scope: Scope, actor: str) -> TicketPaper:
        """One ticket, with the candidate's name; that it was shown stays in the log."""
        batch = await self.batches.get(batch_id, scope)
        entry = await self.entries.get(entry_id, scope)
        if entry.batch != batch.id:
            raise NotFound(f"batch {batch.id} has no entry {entry.id}")
        early = self.rules.integer("exam.arrive_minutes", on=batch.exam_on)
        parts = parts_on_ticket(batch, entry, early, await self._sites(batch))
        unit, standard = await self._known(batch)
        person: dict[str, str] = from_json(self.sealer.open(entry.person, bound_to=entry.id))
        log.info("ticket shown", entry=entry.id, actor=actor)
        return TicketPaper(
            number=entry.ticket,
            name=person["name"],
            id_masked=entry.id_masked,
            unit=unit.name,
            occupation=standard.occupation_name,
            occupation_en=_english(batch.occupation),
            level=batch.level,
            parts=parts,
            early=early,
            latest=self.rules.integer("exam.latest_minutes", on=batch.exam_on),
        )

    async def room(self, batch_id: str, number: int, scope: Scope) -> RoomPaper:
        """The list at one room's door."""
        batch = await self.batches.get(batch_id, scope)
        room = room_of(batch, number)
        entries = await in_room(self.rolls, self.entries, batch, room, blocks(batch.rooms, room.part))
        rows = rows_at_door(room, (entry for entry in entries if entry.state is not State.WITHDRAWN))
        unit, standard = await self._known(batch)
        held, names = batch.sitting(room.part), await self._sites(batch)
        return RoomPaper(
            unit=unit.name,
            occupation=standard.occupation_name,
            occupation_en=_english(batch.occupation),
            level=batch.level,
            room=room,
            on=held.on,
            turns=[
                (turn, f"{begins_at(batch, room.part, turn):%H:%M}", [row for row in rows if row.turn == turn])
                for turn in sorted({row.turn for row in rows})
            ],
            where="" if is_online(batch, room.part) else " ".join(filter(None, (names.get(held.site), held.place))),
        )

    async def _known(self, batch: Batch) -> tuple[Unit, Standard]:
        return await self.mirrors.units.get(batch.unit), await self.mirrors.standards.get(batch.standard)

    async def _sites(self, batch: Batch) -> dict[str, str]:
        found = await sites_among(self.mirrors.sites, {held.site for held in batch.sittings if held.site})
        return {site.id: f"{site.name}（{site.address}）" for site in found.values()}


def _english(occupation: str) -> str:
    """The catalogue's slug, which is the English name."""
    return occupation.replace("_", " ").capitalize()
