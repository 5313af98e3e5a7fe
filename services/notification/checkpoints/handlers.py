"""Making checkpoints as they fall due, and what a subscriber proves its completeness with."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from services.notification.checkpoints.domain import Checkpoint, RangeTurned, is_due, turn_of
from services.notification.checkpoints.storage import CheckpointLog
from services.notification.feed.domain.event import FeedEvent, LineHead, LinkDigest
from services.notification.feed.storage import FeedLog
from shared.act import NATIONAL, Scope
from shared.clock import SHANGHAI
from shared.errors import NotFound
from shared.rulebook import Rulebook
from shared.signing import Keyring

log = structlog.get_logger()
TYPE = "checkpoint+jwt"
NONE_YET = "no checkpoint {} of line {} was made; the newest is at /v1/checkpoints/latest"


@dataclass
class Checkpoints:
    """The checkpoints room; any number of processes may make them at the same time."""

    kept: CheckpointLog
    log: FeedLog
    rules: Rulebook
    keyring: Keyring
    _looked: int = -1

    async def due(self, now: datetime) -> None:
        """A checkpoint of every line that grew since its last one, once each turn; none where nothing can be signed.

        The last ones are read before the ends of the lines, so a checkpoint never goes back behind the one before
        it. A crash between two lines costs nothing: those that have one in this turn are passed over.
        """
        minutes = self.rules.integer("checkpoint.every_minutes", on=now.astimezone(SHANGHAI).date())
        turn = turn_of(now, minutes)
        if not self.keyring.keys or turn == self._looked:
            return
        newest = await self.kept.newest()
        heads = [head async for head in self.log.heads() if is_due(newest.get(head.line), head, now, minutes)]
        forked = await self._forked([newest[head.line] for head in heads if head.line in newest])
        for head in heads:
            if head.line not in forked:
                await self._make(Checkpoint.following(newest.get(head.line), head, now))
        self._looked = turn

    async def _forked(self, lasts: Sequence[Checkpoint]) -> set[str]:
        """The lines that do not go on from what was signed of them, after an old backup, say.

        No second history is signed of them; people have to look.
        """
        chains = await self.log.chains({last.line: last.place for last in lasts})
        forked = {last.line for last in lasts if chains.get(last.line) != last.chain}
        for line in sorted(forked):
            log.error("no checkpoint made: the line is not the one that was signed", line=line)
        return forked

    async def _make(self, made: Checkpoint) -> Checkpoint:
        return await self.kept.keep(made.model_copy(update={"signed": self.keyring.sign(made.claims(), TYPE)}))

    async def listed(self, line: str, after: int, limit: int, scope: Scope) -> list[Checkpoint]:
        """Those of a line after a number."""
        self._must_see(line, scope)
        return await self.kept.after(line, after, limit)

    async def get(self, line: str, number: int, scope: Scope) -> Checkpoint:
        """One by its number."""
        self._must_see(line, scope)
        if (found := await self.kept.get(line, number)) is None:
            raise NotFound(NONE_YET.format(number, line))
        return found

    async def latest(self, line: str, scope: Scope) -> Checkpoint:
        """The newest of a line."""
        self._must_see(line, scope)
        if (found := await self.kept.latest(line)) is None:
            raise NotFound(f"no checkpoint of line {line} was made yet; the first comes with the next full hour")
        return found

    def keys(self) -> dict[str, Any]:
        """The public keys."""
        self.keyring.must_sign()
        return self.keyring.jwks()

    async def lines(self, scope: Scope) -> AsyncIterator[tuple[LineHead, Checkpoint | None]]:
        """How far each line has come, and its newest checkpoint."""
        newest = await self.kept.newest()
        async for head in self.log.heads():
            if sees(scope, head.line):
                yield head, newest.get(head.line)

    async def links(self, line: str, first: int, last: int | None, limit: int, scope: Scope) -> list[LinkDigest]:
        """What the chain of a line is made of."""
        _check(line, first, last, scope)
        return await self.log.links(line, first, last, limit)

    async def events(self, line: str, first: int, last: int | None, limit: int, scope: Scope) -> Sequence[FeedEvent]:
        """The events of a line by their places."""
        _check(line, first, last, scope)
        return await self.log.along(line, first, last, limit)

    def _must_see(self, line: str, scope: Scope) -> None:
        self.keyring.must_sign()
        _check(line, 1, None, scope)


def sees(scope: Scope, line: str) -> bool:
    """Whether a scope reaches a line as a whole: its own, and what concerns every line; a unit reaches none."""
    return scope.unit is None and (scope.authority in (None, line) or line == NATIONAL)


def _check(line: str, first: int, last: int | None, scope: Scope) -> None:
    if not sees(scope, line):
        raise NotFound(f"there is no line {line} within your scope; yours are at /v1/lines")
    if last is not None and last < first:
        raise RangeTurned("give the lower place as `from_place`", field="/query/to_place")
