"""Finalised results are filed chunk by chunk."""

from services.registry.filings.handlers import Filings
from shared.act import Act
from shared.events.assessment import ResultsFinalised
from shared.messaging.consumers import Hearers
from shared.messaging.envelope import Heard

CHUNKS_AT_ONCE = 3  # one is written while another is announced


def hear(hearers: Hearers, filings: Filings) -> None:
    """Register what this room hears."""

    async def results_finalised(heard: Heard[ResultsFinalised], act: Act) -> None:
        await filings.file(act, heard.subject, heard.event, heard.authority)

    hearers.on(ResultsFinalised, results_finalised, prefetch=CHUNKS_AT_ONCE)
