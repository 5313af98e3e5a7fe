"""A hearer that remembers, for the tests of what is heard."""

import asyncio

from shared.act import Act
from shared.messaging.consumers import Hearers
from shared.messaging.envelope import Heard
from tests.live import eventually
from tests.shared.notes import NoteWritten


class Ear:
    """A hearer that keeps what it is told, and raises what it is given first."""

    def __init__(self, *raises: Exception, always: Exception | None = None) -> None:
        self.taken: list[tuple[str, Act]] = []
        self.attempts: list[float] = []
        self._raises = list(raises)
        self._always = always

    async def __call__(self, heard: Heard[NoteWritten], act: Act) -> None:
        self.attempts.append(asyncio.get_running_loop().time())
        refusal = self._raises.pop(0) if self._raises else self._always
        if refusal is not None:
            raise refusal
        self.taken.append((heard.event.line, act))

    @property
    def lines(self) -> list[str]:
        return [line for line, _ in self.taken]

    async def hears(self, *lines: str) -> None:
        """These lines, in any order and nothing else, once they are there."""

        async def all_there() -> bool:
            return len(self.lines) >= len(lines)

        await eventually(all_there)
        assert sorted(self.lines) == sorted(lines)


def hearers(ear: Ear) -> Hearers:
    """Hearers of which this ear is the only one."""
    hearers = Hearers()
    hearers.on(NoteWritten, ear)
    return hearers
