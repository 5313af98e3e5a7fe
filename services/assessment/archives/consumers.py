"""A closed archive is hashed and signed: heard from ourselves, so that a crash is healed by the redelivery."""

from services.assessment.archives.handlers import Archives
from shared.act import Act
from shared.events.assessment import ArchiveBegun
from shared.messaging.consumers import Hearers
from shared.messaging.envelope import Heard

ARCHIVES_AT_ONCE = 2  # each reads all entries of a batch


def hear(hearers: Hearers, archives: Archives) -> None:
    """Register what this room hears."""

    async def archive_begun(heard: Heard[ArchiveBegun], act: Act) -> None:
        await archives.sign(act, heard.event.batch)

    hearers.on(ArchiveBegun, archive_begun, prefetch=ARCHIVES_AT_ONCE)
