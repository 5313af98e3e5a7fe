"""A batch is assigned, a rule of it set aside, a conflict declared; and what was confirmed is checked again."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import time
from typing import Any

from pydantic_core import to_json

from services.assessment.assignments.commands import (
    AssignBatch,
    DeclareRecusal,
    InvigilatorAsked,
    OverrideRule,
    ProposeAssignment,
)
from services.assessment.assignments.domain import (
    CHECKED,
    STAFFED,
    Breach,
    By,
    Facts,
    Limits,
    Proposal,
    Recusal,
    breaches,
    confirmed,
    must_be_open,
    must_be_overridable,
    must_be_own,
    must_take_recusals,
    overridden,
    proposed,
    refusal_of,
    refused,
    reopened,
)
from services.assessment.assignments.handlers.knowing import Knowledge
from services.assessment.assignments.storage import after, candidates, naming
from services.assessment.batches.domain import (
    EXAMINED,
    Assignment,
    Batch,
    Group,
    Invigilator,
    NoEntries,
    NotReady,
    Override,
)
from services.assessment.entries.storage import among
from shared.act import EVERYTHING, Act, Scope
from shared.auth import Role
from shared.clock import Clock
from shared.errors import Contended, NotFound
from shared.privacy import InvalidResidentId, Sealer, check_resident_id, mask_name
from shared.storage.store import Decision

TURNS = 8  # the rules are checked again when the assignment or the rooms changed meanwhile


@dataclass(frozen=True)
class Assignments:
    """The assignments room."""

    known: Knowledge
    sealer: Sealer
    clock: Clock

    async def assign(self, act: Act, batch_id: str, asked: AssignBatch, expect: int | None) -> Batch:
        """Confirmed when every rule holds; else refused, and the refusal is kept with its reasons."""
        for _ in range(TURNS):
            batch = await self.known.batches.get(batch_id, act.scope)
            if act.id in batch.taken:
                return batch
            must_be_open(batch)
            wanted = self._wanted(batch, asked)
            facts = await self._facts(batch, wanted)
            wrong = breaches(batch, wanted, facts)
            if wrong:
                await self._refuse(act, batch, wrong, expect)
                raise refusal_of(wrong)
            if (changed := await self._confirm(act, batch, wanted, facts.limits, expect)) is not None:
                return changed
        raise Contended(f"batch {batch_id} is being changed by many at once; repeat the request")

    async def _confirm(
        self, act: Act, seen: Batch, wanted: Assignment, limits: Limits, expect: int | None
    ) -> Batch | None:
        by = By(act.actor, self.clock.now())

        def decide(found: Batch) -> Decision[Batch]:
            _must_have_no_new_sheets(found, seen)
            return confirmed(found, wanted, limits, by)

        return await self._unless_changed(act, seen, decide, expect)

    async def _refuse(self, act: Act, batch: Batch, wrong: Sequence[Breach], expect: int | None) -> None:
        # an act of its own: the request's may still succeed when it is repeated
        by, own = By(act.actor, self.clock.now()), replace(act, id=f"{act.id}-refused")
        kept = self.known.rules.integer("assignment.refusals_kept", on=batch.exam_on)
        await self.known.batches.change(batch.id, own, lambda found: refused(found, wrong, by, kept), expect=expect)

    async def _unless_changed(
        self, act: Act, seen: Batch, decide: Callable[[Batch], Decision[Batch]], expect: int | None = None
    ) -> Batch | None:
        """The batch as decided; None when what was checked is not what stands."""
        other = False

        def same(found: Batch) -> Decision[Batch]:
            nonlocal other
            other = _looked_at(found) != _looked_at(seen)
            return (found, []) if other else decide(found)

        changed = await self.known.batches.change(seen.id, act, same, expect=expect)
        return None if other else changed

    async def propose(self, scope: Scope, batch_id: str, asked: ProposeAssignment) -> Proposal:
        """Who of a pool meets every rule, or which rule nobody meets; nothing is changed."""
        batch = await self.known.batches.get(batch_id, scope)
        invigilators = self._invigilators(batch, asked.invigilators)
        facts = await self.known.of(batch, asked.pool, [row.person_index for row in invigilators])
        return proposed(batch, asked.pool, facts, invigilators)

    async def override(self, act: Act, batch_id: str, asked: OverrideRule, expect: int | None) -> Batch:
        """An authority lets a rule pass for a card, or for the group of a part."""
        batch = await self.known.batches.get(batch_id, act.scope)
        limits = await self.known.limits(batch)
        must_be_overridable(asked.rule, limits.overridable)
        if asked.subject not in limits.groups and not await self.known.mirrors.cards_known([asked.subject]):
            raise NotFound("no such card or assessed part is known; name the one the refusal named", field="/subject")
        override = Override(**asked.model_dump(), actor=act.actor, at=self.clock.now())
        return await self.known.batches.change(batch_id, act, lambda found: overridden(found, override), expect=expect)

    async def recuse(self, act: Act, batch_id: str, asked: DeclareRecusal) -> Recusal:
        """A conflict is declared; an assignment that names the card is opened again."""
        assert act.caller is not None
        theirs = act.caller.role in (Role.ASSESSOR, Role.SUPERVISOR)
        if theirs:
            must_be_own(act.caller.subject, asked.card)
        batch = await self.known.batches.get(batch_id, EVERYTHING if theirs else act.scope)
        must_take_recusals(batch)
        if not await self.known.mirrors.cards_known([asked.card]):
            raise NotFound("no such card is known here; name the card of who is recused", field="/card")
        if asked.entry and not await among(self.known.entries, batch.id, [asked.entry]):
            raise NotFound("the batch has no such entry; leave it empty, or name one of its entries", field="/entry")
        recusal = Recusal(
            id=f"recusal-{act.id}",
            authority=batch.authority,
            unit=batch.unit,
            batch=batch.id,
            **asked.model_dump(),
            actor=act.actor,
            role=act.caller.role,
            at=self.clock.now(),
        )
        await self.recheck(act, batch.id, [recusal])  # first, so that none is ever kept and not looked at
        declared = await self.known.recusals.add(recusal, [], act)
        await self.recheck(act, batch.id)
        return declared

    # -- checked again ---------------------------------------------------------------------------------

    async def checked(self, act: Act, batch: Batch) -> None:
        """The last word before the exam begins: what breaks a rule by now is opened again and refused."""
        if not await candidates(self.known.entries, batch.id):
            raise NoEntries("everybody withdrew and nobody is left to examine; cancel the batch")
        if wrong := await self.recheck(act, batch.id):
            raise NotReady(
                f"the assignment does not hold any more: {wrong[0].detail}; assign the batch anew",
                rule="assignment",
                further=refusal_of(wrong).further,
            )

    async def recheck(self, act: Act, batch_id: str, declaring: Sequence[Recusal] = ()) -> list[Breach]:
        """Open a confirmed assignment again that breaks a rule by now, once the exam has begun one about a card."""
        for _ in range(TURNS):
            batch = await self.known.batches.get(batch_id)
            if batch.assignment.state != "confirmed" or batch.state not in CHECKED:
                return []
            wrong = breaches(batch, batch.assignment, await self._facts(batch, batch.assignment, declaring))
            wrong = [row for row in wrong if batch.state in STAFFED or row.subject in batch.assignment.cards]
            if not wrong:
                return []
            own = replace(act, id=f"{act.id}-recheck@{batch.version}", scope=EVERYTHING)
            if await self._unless_changed(own, batch, partial(reopened, breaches=wrong)) is not None:
                return wrong
        raise Contended(f"batch {batch_id} is being changed by many at once; repeat the request")

    async def card_changed(self, act: Act, card: str) -> None:
        """A card is not what it was: look at every assignment that names it."""
        await self._each(act, naming(self.known.batches, card))

    async def batch_moved(self, act: Act, batch_id: str) -> None:
        """A batch is assigned or cancelled: rotation and days in a row of those after it may be others now."""
        batch = await self.known.batches.get(batch_id)
        if batch.state in EXAMINED:  # what was heard or declared meanwhile looked at what stood before
            await self.recheck(act, batch_id)
        await self._each(act, after(self.known.batches, batch))

    async def _each(self, act: Act, batches: AsyncIterator[Batch]) -> None:
        async for batch in batches:
            await self.recheck(act, batch.id)

    # -- who is asked for ------------------------------------------------------------------------------

    async def _facts(self, batch: Batch, wanted: Assignment, declaring: Sequence[Recusal] = ()) -> Facts:
        named = {*wanted.cards, *batch.assignment.cards}  # who is replaced may have signed, and must have had to go
        return await self.known.of(batch, named, [row.person_index for row in wanted.invigilators], declaring)

    def _wanted(self, batch: Batch, asked: AssignBatch) -> Assignment:
        return Assignment(
            groups=tuple(Group(**group.model_dump()) for group in asked.groups),
            supervisor=asked.supervisor,
            supervision=asked.supervision,
            invigilators=self._invigilators(batch, asked.invigilators),
        )

    def _invigilators(self, batch: Batch, asked: Sequence[InvigilatorAsked]) -> tuple[Invigilator, ...]:
        return tuple(self._invigilator(batch, row, f"/invigilators/{place}") for place, row in enumerate(asked))

    def _invigilator(self, batch: Batch, asked: InvigilatorAsked, field: str) -> Invigilator:
        try:
            check_resident_id(asked.id_number, today=self.clock.today())
        except InvalidResidentId as fault:
            raise InvalidResidentId(fault.detail, field=f"{field}/id_number", rule=fault.rule) from None
        index = self.sealer.index(asked.id_number)
        person = to_json({"name": asked.name, "id_number": asked.id_number}).decode()
        return Invigilator(
            part=asked.part,
            room=asked.room,
            holder=mask_name(asked.name),
            person=self.sealer.seal(person, bound_to=f"{batch.id} {index}"),
            person_index=index,
        )


def _looked_at(batch: Batch) -> tuple[Any, ...]:
    """What a check rests on of the batch itself."""
    return batch.assignment, batch.rooms, batch.sittings, batch.state


def _must_have_no_new_sheets(found: Batch, seen: Batch) -> None:
    """In the exam: nobody signs a sheet between the look at who signed and the change of the group."""
    if found.state in EXAMINED:
        found.must_be_quiet(time())
        if found.version != seen.version:
            raise Contended("sheets are being signed; repeat the same request")
