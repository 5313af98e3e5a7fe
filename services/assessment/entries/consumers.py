"""The registry's word on each result, and what became of it since; and our own that a batch was cancelled."""

from collections.abc import Sequence

from services.assessment.entries.handlers import Entries
from shared.act import Act
from shared.events.registry import (
    CertificateCorrected,
    CertificateFiled,
    CertificateReinstated,
    CertificateReissued,
    CertificateRevoked,
    CertificateStanding,
    CertificateSuspended,
    CertificateVoided,
    FilingRejected,
)
from shared.messaging.consumers import Hearers
from shared.messaging.envelope import Heard

STANDINGS: tuple[type[CertificateStanding], ...] = (
    CertificateCorrected,
    CertificateReissued,
    CertificateSuspended,
    CertificateReinstated,
    CertificateRevoked,
    CertificateVoided,
)


def hear(hearers: Hearers, entries: Entries) -> None:
    """Register what this room hears."""

    async def certificates_filed(said: Sequence[tuple[Heard[CertificateFiled], Act]]) -> None:
        await entries.certify(said)

    async def certificates_stand(said: Sequence[tuple[Heard[CertificateStanding], Act]]) -> None:
        await entries.stand(said)

    async def filings_rejected(said: Sequence[tuple[Heard[FilingRejected], Act]]) -> None:
        await entries.reject(said)

    hearers.on_many(CertificateFiled, certificates_filed)
    for kind in STANDINGS:
        hearers.on_many(kind, certificates_stand)
    hearers.on_many(FilingRejected, filings_rejected)
