"""Sealed sheets are looked through once, in runs; what is found is told, and remarked on by who looks into it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel, TypeAdapter

from services.assessment.batches.domain import Batch
from services.assessment.entries.domain import Entry, Place, Sheet
from services.assessment.entries.storage import of_batch
from services.assessment.scores.domain import sealed_sheets
from services.assessment.scores.storage import batch_for
from services.assessment.signals.commands import NoteSignal
from services.assessment.signals.domain import Bounds, Piece, Remark, Signal, raised, watches
from services.assessment.signals.storage import signal_of
from shared.act import EVERYTHING, Act
from shared.clock import Clock
from shared.rulebook import Rulebook
from shared.storage.mongo import Document
from shared.storage.store import Store


class Held(BaseModel):
    """What is read of an entry."""

    sheets: tuple[Sheet, ...] = ()
    places: tuple[Place, ...] = ()


HELD = TypeAdapter(Held)


@dataclass(frozen=True)
class Signals:
    """The signals room."""

    signals: Store[Signal]
    entries: Store[Entry]
    batches: Store[Batch]
    rules: Rulebook
    clock: Clock

    async def find(self, act: Act, batch_id: str) -> None:
        """Look through the sheets of a sealed batch; a repeat finds the same signals and says none of them twice."""
        batch = await self.batches.get(batch_id)
        watching = watches(self._bounds(batch))
        async for run in self.entries.rows(of_batch(batch_id), ("sheets", "places")):
            for piece in (piece for row in run for piece in _pieces(batch, row)):
                for watch in watching:
                    watch.look(piece)
        now = self.clock.now()
        made = [raised(batch, finding, now) for watch in watching for finding in watch.found()]
        if made:
            await self.signals.add_all([(signal, act) for signal in made])

    async def note(self, act: Act, batch_id: str, signal_id: str, asked: NoteSignal) -> Signal:
        """A remark of who looked into it."""
        batch = await batch_for(self.batches, batch_id, act.caller, act.scope)
        signal = await signal_of(self.signals, batch.id, signal_id)
        remark = Remark(remark=asked.remark, actor=act.actor, at=self.clock.now())
        # the caller's reach was just looked at: a supervisor from another line has none of its own
        return await self.signals.change(signal.id, replace(act, scope=EVERYTHING), lambda found: found.noted(remark))

    def _bounds(self, batch: Batch) -> Bounds:
        day = batch.exam_on
        return Bounds(
            spread=self.rules.number("signals.assessor_spread", on=day),
            candidates=self.rules.integer("signals.assessor_candidates", on=day),
            same_sheets=self.rules.integer("signals.same_sheets", on=day),
            twin_fraction=self.rules.number("signals.twin_fraction", on=day),
            shortest_fraction=self.rules.number("signals.shortest_fraction", on=day),
        )


def _pieces(batch: Batch, row: Document) -> Iterator[Piece]:
    held = HELD.validate_python({"sheets": row.get("sheets", ()), "places": row.get("places", ())})
    sheets, places = _by_part(sealed_sheets(held.sheets)), {place.part: place for place in held.places}
    for part in batch.parts:
        if mine := sheets.get(part.id):
            yield Piece(row["_id"], part, mine, places.get(part.id), batch.sitting(part.id).on)


def _by_part(sheets: Sequence[Sheet]) -> Mapping[str, list[Sheet]]:
    found: dict[str, list[Sheet]] = {}
    for sheet in sheets:
        found.setdefault(sheet.part, []).append(sheet)
    return found
