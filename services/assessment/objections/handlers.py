"""Objections are raised, accepted or refused, reviewed and decided; their entries are held back and let go again."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial, reduce
from hashlib import blake2b

from services.assessment.batches.domain import Batch, Frozen
from services.assessment.batches.storage import taking_rows
from services.assessment.entries.domain import Entry
from services.assessment.objections.commands import (
    AskOwnObjections,
    DecideObjection,
    Kind,
    RaisedBy,
    RaiseObjection,
    RaiseOwnObjection,
    RefuseObjection,
    ReviewScore,
)
from services.assessment.objections.domain import (
    PUBLIC,
    AlreadyOpen,
    Correction,
    Limits,
    NoSuchCandidate,
    Objection,
    Review,
    State,
    corrected,
    disqualified,
    held,
    must_be_within,
    must_name,
    raised,
    settled,
    unit_may,
)
from services.assessment.objections.storage import OPEN, by_ticket, of_entry, to_look_at
from services.assessment.scores.domain import Paper
from shared.act import EVERYTHING, Act
from shared.auth import Role
from shared.clock import Clock
from shared.documents import document_key
from shared.errors import Contended, NotFound
from shared.events.base import Event
from shared.privacy import Sealer
from shared.rulebook import Rulebook
from shared.storage.mongo import Collection
from shared.storage.store import Store

RULE = "objections are raised to results on public notice"
WAIT = "wait until the open one is decided"


@dataclass(frozen=True)
class Objections:
    """The objections room.

    The objection is the truth and is written first; what follows for its entry is done at once, and done again when
    the event is heard, so that a crash between the two heals. Both are the same act, which is done once. Meanwhile the
    batch is signed on to, so that its results are not closed between an objection and the hold on its entry.
    `papers` asks what the parts of a batch are scored by, `chunks` are those of the results room: an entry in one that
    stands has been said, whether a crash left it unmarked or not.
    """

    objections: Store[Objection]
    entries: Store[Entry]
    batches: Store[Batch]
    chunks: Collection
    papers: Callable[[Batch], Awaitable[Sequence[Paper]]]
    rules: Rulebook
    sealer: Sealer
    clock: Clock

    # -- raising ---------------------------------------------------------------------------------------

    async def raise_for(self, act: Act, batch_id: str, asked: RaiseObjection) -> Objection:
        """An objection that a unit or authority received, or has itself."""
        must_name(RaisedBy.UNIT if _is_unit(act) else RaisedBy.AUTHORITY, asked.raised_by)
        batch = await self.batches.get(batch_id, act.scope)
        entry = await self.entries.get(asked.entry, act.scope)
        if entry.batch != batch.id:
            raise NotFound(f"the batch has no entry {entry.id}")
        return await self._raise(act, batch, entry, asked.kind, asked.text, asked.raised_by)

    async def raise_own(self, act: Act, asked: RaiseOwnObjection) -> Objection:
        """A candidate's objection to the own result."""
        entry = await self._own(asked.ticket, asked.id_number)
        batch = await self.batches.get(entry.batch)
        return await self._raise(act, batch, entry, asked.kind, asked.text, RaisedBy.CANDIDATE)

    async def own(self, asked: AskOwnObjections) -> Sequence[Objection]:
        """What became of a candidate's objections."""
        entry = await self._own(asked.ticket, asked.id_number)
        return await of_entry(self.objections, entry.id)

    async def _own(self, ticket: str, id_number: str) -> Entry:
        # nobody is asked which kind of document the unit entered: the ticket tells one person's from another's
        kinds = self.rules.value("entry.id_types", list[dict[str, str | None]], on=self.clock.today())
        indexes = [self.sealer.index(document_key(id_number, str(kind["id"]))) for kind in kinds]
        entry = await by_ticket(self.entries, ticket, indexes)
        if entry is None:
            raise NoSuchCandidate("no entry has this ticket and this ID number; check both, or turn to the unit")
        return entry

    async def _raise(self, act: Act, batch: Batch, entry: Entry, kind: Kind, text: str, party: RaisedBy) -> Objection:
        # Of the public anybody may send anybody's key: the act is this entry's alone.
        identity = f"objection-{blake2b(f'{act.id} {entry.id}'.encode(), digest_size=16).hexdigest()}"
        for standing in await self.objections.find({"_id": identity}):
            return await self._holding(act, standing)
        once, by, limits = replace(act, id=identity), (party, act.actor), self._limits(self.clock.today(), batch)
        decision = raised(identity, entry, batch, kind, text, by, limits, self.clock.now())
        if await self.objections.count({"entry": entry.id, **OPEN}):  # before signing on, which a refusal leaves behind
            raise AlreadyOpen(WAIT)
        async with AsyncExitStack() as signed_on:
            if not batch.frozen:  # else it does not move anyway
                await signed_on.enter_async_context(taking_rows(self.batches, batch.id, once, PUBLIC, RULE))
            return await self._added(once, *decision)

    async def _added(self, act: Act, objection: Objection, events: Sequence[Event]) -> Objection:
        try:
            made = await self.objections.add(objection, events, act)
        except NotFound:  # the unique index refused it, not its id
            raise AlreadyOpen(WAIT) from None
        return await self._holding(act, made)

    # -- what becomes of it ----------------------------------------------------------------------------

    async def accept(self, act: Act, identity: str, expect: int | None) -> Objection:
        """It is looked into."""
        await self._at(act, identity, frees=False)
        now, limits = self.clock.now(), self._limits(self.clock.today())
        return await self.objections.change(
            identity, act, lambda found: found.accepted(limits, act.actor, now), expect=expect
        )

    async def refuse(self, act: Act, identity: str, asked: RefuseObjection, expect: int | None) -> Objection:
        """It is not looked into; the entry is free again."""
        await self._at(act, identity)
        now = self.clock.now()
        done = await self.objections.change(
            identity, act, lambda found: found.refused(asked.reason, act.actor, now), expect=expect
        )
        return await self._following(act, done)

    async def review(self, act: Act, identity: str, asked: ReviewScore, expect: int | None) -> Objection:
        """The points were looked at again, under two signatures."""
        scope = self.rules.value("review.scope", list[str], on=self.clock.today())
        must_be_within(asked, scope)
        batch, entry = await self._at(act, identity)
        now = self.clock.now()
        review = Review.model_validate(asked, from_attributes=True)
        correct = await self._after_those_before(entry, await self._corrected(batch, review, asked.reason, now))
        done = await self.objections.change(
            identity, act, lambda found: found.reviewed(asked, entry, correct, act.actor, now), expect=expect
        )
        return await self._following(act, done)

    async def decide(self, act: Act, identity: str, asked: DecideObjection, expect: int | None) -> Objection:
        """It is right, or the result stands."""
        _, entry = await self._at(act, identity)
        now = self.clock.now()
        done = await self.objections.change(
            identity, act, lambda found: found.decided(asked, entry, act.actor, now), expect=expect
        )
        return await self._following(act, done)

    async def due(self, now: datetime) -> None:
        """Say once which deadlines are over; count those anew whose calendar was not known."""
        act = Act(id=f"overdue-{now.isoformat()}", at=now, correlation="overdue")
        found = await to_look_at(self.objections, now)
        decide = partial(Objection.looked_at, now=now)
        await self.objections.change_all({row.id: (act, decide) for row in found})

    # -- what follows for the entry --------------------------------------------------------------------

    async def hold(self, act: Act, identity: str) -> None:
        """Its entry is held back while it is open; a word that comes late changes nothing."""
        await self._holding(act, await self.objections.get(identity))

    async def follow(self, act: Act, identity: str) -> None:
        """Its entry is free again, as it was decided."""
        await self._following(act, await self.objections.get(identity))

    async def _holding(self, act: Act, objection: Objection) -> Objection:
        if objection.is_open:
            entry = await self.entries.get(objection.entry)
            if entry.objection not in ("", objection.id):  # decided before this one, and not yet followed
                await self.follow(act, entry.objection)
            once = replace(act, id=f"hold-{objection.id}", scope=EVERYTHING)
            await self.entries.change(entry.id, once, partial(held, objection=objection.id))
        return objection

    async def _following(self, act: Act, objection: Objection) -> Objection:
        if not objection.is_open:
            once = replace(act, id=f"settle-{objection.id}", scope=EVERYTHING)
            correct = await self._correction(objection)
            decide = partial(settled, objection=objection.id, verdict=objection.verdict, correct=correct)
            await self.entries.change(objection.entry, once, decide)
        return objection

    async def _correction(self, objection: Objection) -> Correction:
        if objection.state is State.CHANGED and objection.review:
            batch = await self.batches.get(objection.batch)
            return await self._corrected(batch, objection.review, objection.reason, objection.steps[-1].at)
        if objection.state is State.UPHELD:
            return partial(disqualified, reason=objection.reason)
        return lambda entry: entry

    async def _after_those_before(self, entry: Entry, correct: Correction) -> Correction:
        """A review of what was said counts with those before it, of which its sheets say nothing."""
        found = await of_entry(self.objections, entry.id)
        said = [row for row in found if row.state is State.CHANGED and row.verdict and row.verdict.certified]
        before = [await self._correction(row) for row in said]
        return lambda given: correct(reduce(lambda known, also: also(known), before, given))

    async def _corrected(self, batch: Batch, review: Review, reason: str, at: datetime) -> Correction:
        papers = {paper.part: paper for paper in await self.papers(batch)}
        return partial(corrected, batch=batch, papers=papers, review=review, reason=reason, at=at)

    async def _at(self, act: Act, identity: str, *, frees: bool = True) -> tuple[Batch, Entry]:
        """What it is about, if the caller may act on it; its entry is held back by now, whatever crashed before."""
        objection = await self.objections.get(identity, act.scope)
        batch = await self.batches.get(objection.batch)
        if _is_unit(act):
            if batch.frozen:
                raise Frozen(f"frozen: {batch.frozen_for}; your authority acts on its objections")
            if frees:
                unit_may(objection)
        await self._holding(act, objection)
        entry = await self.entries.get(objection.entry)
        if frees and await self.chunks.find_one({"batch": batch.id, f"filings.{entry.id}": {"$gt": entry.filings}}):
            raise Contended("its result is being said to the registry at this moment; repeat the request")
        return batch, entry

    def _limits(self, on: date, batch: Batch | None = None) -> Limits:
        """The rules of a day; until when points can be objected to is that of the day the public list named it."""
        since = batch.notice.opens_on if batch and batch.notice else on
        return Limits(
            apply=self.rules.integer("review.apply_wd", on=since),
            accept=self.rules.integer("objection.accept_wd", on=on),
            decide=self.rules.integer("review.decide_wd", on=on),
        )


def _is_unit(act: Act) -> bool:
    return act.caller is not None and act.caller.role is Role.UNIT
