"""What opens a case: who or what certificates rest on is lost for good, or a result does not pass after all."""

from datetime import date

from services.registry.cases.commands import OpenCase, Subject
from services.registry.cases.handlers import Cases
from shared.act import Act
from shared.events.assessment import EntryFoundWrong
from shared.events.evaluation import PilotRevoked
from shared.events.registry import CardRevoked, OrganisationClosed, SiteRemoved
from shared.messaging.consumers import Hearers
from shared.messaging.envelope import Heard


def hear(hearers: Hearers, cases: Cases) -> None:
    """Register what this room hears."""

    async def lost(act: Act, authority: str, subject: Subject, subject_id: str, until: date | None, why: str) -> None:
        asked = OpenCase(subject=subject, subject_id=subject_id, until=until, reason=why[:500] or "-")
        await cases.open(act, asked, authority)

    async def pilot_revoked(heard: Heard[PilotRevoked], act: Act) -> None:
        said = heard.event
        why = f"{said.ground}: {said.reason}"
        await lost(act, heard.authority, Subject.UNIT, said.unit, said.revoked_on, why)

    async def card_revoked(heard: Heard[CardRevoked], act: Act) -> None:
        said = heard.event
        subject = Subject.SUPERVISOR if said.kind == "supervisor" else Subject.ASSESSOR
        await lost(act, heard.authority, subject, said.card, said.ended_on, said.reason)

    async def site_removed(heard: Heard[SiteRemoved], act: Act) -> None:
        said = heard.event
        await lost(act, heard.authority, Subject.SITE, said.site, said.on, said.reason)

    async def unit_closed(heard: Heard[OrganisationClosed], act: Act) -> None:
        said = heard.event
        await lost(act, heard.authority, Subject.UNIT, said.unit, said.on, said.reason)

    async def found_wrong(heard: Heard[EntryFoundWrong], act: Act) -> None:
        said = heard.event
        if not said.passes:  # one that still passes is corrected by the certificates room
            why = f"theory {said.theory:g}, practical {said.practical:g}: {said.reason} ({said.basis})"
            await lost(act, heard.authority, Subject.CERTIFICATE, said.entry, None, why)

    hearers.on(PilotRevoked, pilot_revoked)
    hearers.on(CardRevoked, card_revoked)
    hearers.on(SiteRemoved, site_removed)
    hearers.on(OrganisationClosed, unit_closed)
    hearers.on(EntryFoundWrong, found_wrong)
