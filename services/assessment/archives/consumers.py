"""A closed archive is hashed and signed, a signed one compared: heard from ourselves, so that a crash heals."""

from services.assessment.archives.handlers import Archives
from shared.act import Act
from shared.events.assessment import ArchiveBegun, ArchiveChecking
from shared.messaging.consumers import Hearers
from shared.messaging.envelope import Heard

ARCHIVES_AT_ONCE = 2  # each reads all entries of a batch


def hear(hearers: Hearers, archives: Archives) -> None:
    """Register what this room hears."""

    async def archive_begun(heard: Heard[ArchiveBegun], act: Act) -> None:
        await archives.sign(act, heard.event.batch)

    async def archive_checking(heard: Heard[ArchiveChecking], act: Act) -> None:
        await archives.check(act, heard.event.batch)

    hearers.on(ArchiveChecking, archive_checking, prefetch=ARCHIVES_AT_ONCE)
    hearers.on(ArchiveBegun, archive_begun, prefetch=ARCHIVES_AT_ONCE)
