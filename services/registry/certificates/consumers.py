"""A final result was found wrong and still passes: its certificate is corrected, by the same rules as at the door."""

from contextlib import suppress

from services.registry.certificates.commands import CorrectCertificate
from services.registry.certificates.domain import NothingCorrected, WrongStatus
from services.registry.certificates.handlers import Certificates
from shared.act import Act
from shared.events.assessment import EntryFoundWrong
from shared.messaging.consumers import Hearers
from shared.messaging.envelope import Heard

LONGEST = 500  # characters of a reason or basis


def hear(hearers: Hearers, certificates: Certificates) -> None:
    """Register what this room hears."""

    async def found_wrong(heard: Heard[EntryFoundWrong], act: Act) -> None:
        said = heard.event
        if not said.passes:  # the cases room opens a case
            return
        asked = CorrectCertificate(
            theory=said.theory, practical=said.practical, reason=said.reason[:LONGEST], basis=said.basis[:LONGEST]
        )
        # a part that no certificate shows changed, or the certificate has ended: there is nothing to correct
        with suppress(NothingCorrected, WrongStatus):
            await certificates.correct(act, said.entry, asked, None)

    hearers.on(EntryFoundWrong, found_wrong)
