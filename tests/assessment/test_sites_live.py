"""Where exams are held, on the real servers: the newest word on a site counts."""

from collections.abc import AsyncIterator
from datetime import date, datetime, time
from functools import partial

import pytest
import pytest_asyncio

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.assessment.batches.domain import State
from shared.clock import SHANGHAI
from shared.events.registry import SiteRegistered, SiteRemoved, SiteState
from tests.assessment.driving import authorised, batch_of, enrolled, get, moved, post, site_of
from tests.assessment.examples import ASSIGNED, EXAM, published, site_said
from tests.live import Running, eventually, running

pytestmark = pytest.mark.live


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running("assessment", servers, issuer, tmp_path_factory.mktemp("sites")) as live:
        await live.says(published(), subject="rebar_worker-2019p", authority="national")
        yield live


async def stands(service: Running, site: str, sequence: int) -> bool:
    sites = service.process.tools.database.collection("sites")
    return await sites.find_one({"_id": site, "sequence": sequence}) is not None


async def test_a_batch_is_filed_at_a_confirmed_site_of_its_unit(service: Running) -> None:
    unit = await authorised(service, "unit-33-at-home")
    shown = await get(service, unit, f"/{await batch_of(service, unit)}")
    assert (shown["site"], shown["state"]) == (site_of(unit), "registering")


async def test_the_newest_word_on_a_site_stands_in_whichever_order_the_words_are_heard(service: Running) -> None:
    said = site_said(site="site-order").model_dump()
    words: dict[int, SiteState] = {
        3: SiteRemoved(**{**said, "state": "removed", "removed_on": date(2019, 10, 1)}),
        2: site_said(site="site-order"),
        1: SiteRegistered(**{**said, "state": "registered", "confirmed_on": None}),
    }
    for sequence, word in words.items():
        await service.says(word, subject="site-order", sequence=sequence)
        # each kind has a queue of its own, which is heard in turn: what comes after a word says that it was heard
        after = type(word)(**{**said, "site": f"site-after-{sequence}"})
        await service.says(after, subject=after.site)
    for sequence in words:
        await eventually(partial(stands, service, f"site-after-{sequence}", 1))
    assert await stands(service, "site-order", 3)


async def test_no_exam_begins_at_a_site_that_was_suspended_since_it_was_filed(service: Running) -> None:
    unit = await authorised(service, "unit-33-closing")
    batch = await batch_of(service, unit)
    tickets = len(await enrolled(service, unit, batch, range(2)))
    await moved(service, batch, State.ARRANGED, arrangement=1, tickets=tickets, assignment=ASSIGNED.model_dump())
    site = site_of(unit)
    service.set_time(datetime.combine(EXAM, time(8), SHANGHAI))
    for sequence, suspended_on in ((2, EXAM), (3, None)):
        said = site_said(site=site, unit=unit, suspended_on=suspended_on)
        await service.says(said, subject=site, sequence=sequence, event_id=f"{site}@{sequence}")
        await eventually(partial(stands, service, site, sequence))
        answer = await post(service, unit, f"/{batch}/begin")
        told = [(row["rule"], row["pointer"]) for row in answer.json().get("errors", ())]
        at_site = [("site-suspended", "/sittings/0/site"), ("site-suspended", "/sittings/1/site")]
        assert (answer.status_code, told == at_site) == (409, suspended_on is not None), answer.text
