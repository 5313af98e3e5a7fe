"""Signals over HTTP: who watches over exams sees what was found and writes down what came of it."""

from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import BaseModel

from services.assessment.scores.storage import batch_for
from services.assessment.signals.commands import NoteSignal
from services.assessment.signals.domain import Finding, Remark, Signal
from services.assessment.signals.handlers import Signals
from services.assessment.signals.storage import listed
from shared.auth import Role
from shared.http.door import Asked, Calling, Within, allow, doors
from shared.http.pages import Cursor, Limit, Page, after, page
from shared.http.tags import tagged

READERS = (Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR, Role.SUPERVISOR)


class SignalView(BaseModel):
    """One finding with the remarks on it."""

    id: str
    batch: str
    unit: str
    finding: Finding
    found_at: datetime
    remarks: tuple[Remark, ...]


def routes(signals: Signals) -> APIRouter:
    """The doors of the signals room."""
    router = doors("/batches/{batch}/signals", "signals")

    @router.get("")
    @allow(*READERS)
    async def index(
        batch: str, caller: Calling, scope: Within, cursor: Cursor = None, limit: Limit = 100
    ) -> Page[SignalView]:
        """What was found in the sheets of a batch, by id; none before they are sealed."""
        found = await batch_for(signals.batches, batch, caller, scope)
        rows = await listed(signals.signals, found.id, after=after(cursor), limit=limit + 1)
        return page([_view(row) for row in rows], limit, lambda row: row.id)

    @router.post("/{signal}/note")
    @allow(Role.SUPERVISOR, Role.AUTHORITY, Role.CENTER)
    async def note(batch: str, signal: str, asked: NoteSignal, act: Asked, response: Response) -> SignalView:
        """Write down what came of a finding; it changes no result."""
        return _view(tagged(response, await signals.note(act, batch, signal, asked)))

    return router


def _view(signal: Signal) -> SignalView:
    return SignalView.model_validate(signal, from_attributes=True)
