"""The life of a unit and of its certificates, told with the clock moved: at every moment the answers are right."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from shared.clock import set_offset
from shared.events.registry import UnitAuthorised, UnitLapsed, UnitReinstated, UnitSuspended
from shared.privacy import mask_name
from tests.live import Said, running
from tests.registry.chronicle import Chronicle, Word
from tests.registry.test_verification_live import World
from tests.registry.unit_story import MASK, NEW_NAME, START, UNIT, Story

pytestmark = pytest.mark.live


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def story(servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Story]:
    folder = tmp_path_factory.mktemp("story")
    set_offset(folder / "clock", (START - datetime.now(UTC)).total_seconds())  # it begins in 2019, not today
    async with running("registry", servers, issuer, folder) as service:
        service.set_time(START)
        told = Story(service, Chronicle(service), World(service, []))
        await told.tell()
        yield told


async def test_the_public_is_told_what_held_at_every_moment_whenever_it_asks(story: Story) -> None:
    assert story.disagreements == []
    assert story.chronicle.asked > 500
    words = {moment.told for moment in story.chronicle.moments}
    holder = mask_name(NEW_NAME)
    assert words == {
        None,  # before it was filed
        Word("valid", 1, MASK),
        Word("voided", 1, MASK),
        *(Word(status, 2, holder) for status in ("valid", "suspended", "revoked")),
    }


async def test_what_was_relied_on_before_a_voiding_is_told_with_the_voiding_beside_it(story: Story) -> None:
    (wrong,) = [row for row, word in story.chronicle.told.items() if word.status == "voided"]
    moments = {moment.at for moment in story.chronicle.moments if moment.number == wrong and moment.told}
    asked = {"number": wrong, "id_number": story.chronicle.watched[wrong].id_number}
    first, last = [
        (await story.service.http.post("/v1/verify", json={**asked, "as_of": at.isoformat()})).json()
        for at in (min(moments), max(moments))
    ]
    assert (first["status"], last["status"]) == ("valid", "voided")
    assert first["voided_at"] == last["since"]
    assert last["voided_at"] is None


async def test_a_credential_checked_offline_agreed_within_two_seconds_of_each_change(story: Story) -> None:
    kinds = [what.split()[0] for what in story.took]
    assert kinds == ["correct", "reissue", "suspend", "reinstate", "void", "suspend", "revoke"]
    assert max(story.took.values()) < 2, story.took


async def test_results_are_filed_by_the_standing_of_the_day_the_exam_was_held(story: Story) -> None:
    assert story.outcomes == {
        "under the first edition": "filed",
        "mason before the amendment": "occupation-out-of-scope",
        "level 4 before the amendment": "filed",
        "mason after the amendment": "filed",
        "level 4 after the amendment": "level-out-of-scope",
        "level 4, held before the amendment": "filed",
        "while suspended": "unit-suspended",
        "after the suspension was lifted": "filed",
        "on an early day of the plan": "filed",
        "in the last minute of the plan": "filed",
        "after the end, held on the last day": "filed",
        "after the end, held after it": "unit-not-authorised",
    }
    assert story.plan["valid_until"] in story.details["after the end, held after it"]
    assert "level 4 of rebar_worker" in story.details["level 4 after the amendment"]


async def test_the_bus_heard_each_turn_of_the_units_standing_in_order(story: Story) -> None:
    said = sorted((row for row in story.service.said if _of_the_unit(row)), key=_sequence)
    turns = [UnitAuthorised, UnitAuthorised, UnitSuspended, UnitReinstated, UnitLapsed]
    assert [row.type for row in said] == [kind.type for kind in turns]
    assert len({_sequence(row) for row in said}) == len(turns)
    told = [kind.model_validate_json(row.body) for kind, row in zip(turns, said, strict=True)]
    assert [[grant.edition for grant in row.grants] for row in told] == [[1], [2], [2], [2], []]
    assert [row.suspended_on is not None for row in told] == [False, False, True, False, False]


def _of_the_unit(row: Said) -> bool:
    return row.type.startswith("registry.unit.") and row.headers["ce-subject"] == UNIT


def _sequence(row: Said) -> int:
    return int(row.headers["ce-sequence"])
