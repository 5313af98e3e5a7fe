"""The registry's word on each result: filed with a number, or rejected with a reason."""

from collections.abc import Sequence

from services.assessment.entries.handlers import Entries
from shared.act import Act
from shared.events.registry import CertificateFiled, FilingRejected
from shared.messaging.consumers import Hearers
from shared.messaging.envelope import Heard


def hear(hearers: Hearers, entries: Entries) -> None:
    """Register what this room hears."""

    async def certificates_filed(said: Sequence[tuple[Heard[CertificateFiled], Act]]) -> None:
        await entries.certify(said)

    async def filings_rejected(said: Sequence[tuple[Heard[FilingRejected], Act]]) -> None:
        await entries.reject(said)

    hearers.on_many(CertificateFiled, certificates_filed)
    hearers.on_many(FilingRejected, filings_rejected)
