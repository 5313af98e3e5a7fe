"""An entry is held back and let go again by our own events, so that a crash between the two writes heals."""

from services.assessment.objections.handlers import Objections
from shared.act import Act
from shared.events.assessment import ObjectionDecided, ObjectionRaised, ObjectionRefused
from shared.messaging.consumers import Hearers
from shared.messaging.envelope import Heard


def hear(hearers: Hearers, objections: Objections) -> None:
    """Register what this room hears."""

    async def objection_raised(heard: Heard[ObjectionRaised], act: Act) -> None:
        await objections.hold(act, heard.event.objection)

    async def objection_refused(heard: Heard[ObjectionRefused], act: Act) -> None:
        await objections.follow(act, heard.event.objection)

    async def objection_decided(heard: Heard[ObjectionDecided], act: Act) -> None:
        await objections.follow(act, heard.event.objection)

    hearers.on(ObjectionRaised, objection_raised)
    hearers.on(ObjectionRefused, objection_refused)
    hearers.on(ObjectionDecided, objection_decided)
