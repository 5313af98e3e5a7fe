"""What becomes of the messages a service hears, on the real broker."""

import asyncio
from typing import Any

import pytest

from infra.local.servers import Servers
from shared.act import Act
from shared.errors import AlreadyThere, Kind, NotFound
from shared.messaging.consumers import Hearers
from shared.messaging.envelope import Heard
from shared.messaging.failures import COMES_AGAIN
from tests.live import eventually
from tests.shared.ears import Ear, hearers
from tests.shared.hearing import DELAYS, hearing, parked_one, prepared
from tests.shared.notes import AT, NoteRead, NoteWritten

live = pytest.mark.live
ENVELOPE = {"ce_id": "e1", "ce_source": "/s", "ce_type": "t", "ce_subject": "s", "ce_sequence": 1, "ce_authority": "33"}


def test_every_kind_of_fault_either_comes_again_or_is_parked() -> None:
    assert COMES_AGAIN.keys() == set(Kind)


@live
async def test_an_event_is_handed_over_as_an_act_that_names_it_as_its_cause(servers: Servers) -> None:
    ear = Ear()
    async with hearing(servers, hearers(ear)) as queues:
        await queues.says(NoteWritten(line="one"), ce_correlationid="work-7")
        await ear.hears("one")
    _, act = ear.taken[0]
    assert (act.id, act.causation, act.correlation, act.at) == ("note-1@1", "note-1@1", "work-7", AT)


@live
async def test_an_event_that_two_rooms_hear_reaches_both_and_comes_to_both_again_when_one_fails(
    servers: Servers,
) -> None:
    first, second = Ear(), Ear(NotFound("not yet"))
    both = hearers(first)
    both.on(NoteWritten, second)
    async with hearing(servers, both) as queues:
        await queues.says(NoteWritten(line="one"))
        await second.hears("one")
    assert first.lines == ["one", "one"]


@live
async def test_what_waited_while_nobody_heard_is_all_taken(servers: Servers) -> None:
    ear = Ear()
    lines = [f"line {n}" for n in range(60)]
    async with prepared(servers, hearers(ear)) as queues:
        await queues.says(*(NoteWritten(line=line) for line in lines))
        async with queues.at_work():
            await ear.hears(*lines)


@live
async def test_malformed_bodies_are_parked_with_their_cause_and_the_next_is_taken(servers: Servers) -> None:
    ear = Ear()
    bodies = [b'{"linen": "one"}', b"no JSON", b"", b'{"line": "\xff"}']
    async with hearing(servers, hearers(ear)) as queues:
        await queues.says(NoteWritten(line="one"))
        for body in bodies:
            await queues.sends(NoteWritten.type, body, **ENVELOPE, ce_time=AT.isoformat())
        await queues.says(NoteWritten(line="two"))
        await ear.hears("one", "two")
        parked = await queues.parked(len(bodies))
    assert {row.body for row in parked} == set(bodies)
    assert {row.queue for row in parked} == {queues.topology.queue(NoteWritten.type)}
    assert all(row.cause.startswith("malformed: /") for row in parked)


@live
async def test_messages_without_a_header_they_need_are_parked_and_the_next_is_taken(servers: Servers) -> None:
    ear = Ear()
    async with hearing(servers, hearers(ear)) as queues:
        for name in ENVELOPE:
            without: dict[str, Any] = {name: None}
            await queues.says(NoteWritten(line="one"), **without)
        await queues.says(NoteWritten(line="two"))
        await ear.hears("two")
        causes = {row.cause for row in await queues.parked(len(ENVELOPE))}
    assert causes == {f"malformed: the header {name.replace('_', '-')} is missing" for name in ENVELOPE}


@live
async def test_a_counter_of_attempts_that_is_no_number_counts_as_none(servers: Servers) -> None:
    ear = Ear(NotFound("not here yet"))
    async with hearing(servers, hearers(ear)) as queues:
        await queues.says(NoteWritten(line="one"), x_skillcert_attempts="many")
        await ear.hears("one")


@live
async def test_what_is_not_there_yet_is_asked_again_after_each_delay_and_then_parked(servers: Servers) -> None:
    ear = Ear(always=NotFound("no such note"))
    async with hearing(servers, hearers(ear)) as queues:
        await queues.says(NoteWritten(line="one"))
        parked = await parked_one(queues)
    assert (parked.cause, parked.event) == ("not-found: no such note", "note-1@1")
    assert len(ear.attempts) == len(DELAYS) + 1
    waits = [later - earlier for earlier, later in zip(ear.attempts, ear.attempts[1:], strict=False)]
    assert all(wait >= delay for wait, delay in zip(waits, DELAYS, strict=True))


@live
async def test_what_succeeds_at_the_third_attempt_is_taken_once(servers: Servers) -> None:
    ear = Ear(NotFound("not yet"), ConnectionError("not now"))
    async with hearing(servers, hearers(ear)) as queues:
        await queues.says(NoteWritten(line="one"), ce_correlationid="work-7")
        await ear.hears("one")
        assert await queues.parked(0) == []
    assert len(ear.attempts) == 3
    assert (ear.taken[0][1].id, ear.taken[0][1].correlation) == ("note-1@1", "work-7")


@live
async def test_what_a_rule_forbids_is_parked_at_once(servers: Servers) -> None:
    ear = Ear(AlreadyThere("this note is there"))
    async with hearing(servers, hearers(ear)) as queues:
        await queues.says(NoteWritten(line="one"), NoteWritten(line="two"))
        await ear.hears("two")
        assert (await parked_one(queues)).cause == "already-there: this note is there"
    assert len(ear.attempts) == 2


@live
async def test_no_more_are_in_hand_at_once_than_the_prefetch_says(servers: Servers) -> None:
    in_hand, most, taken = 0, 0, 0
    enough = asyncio.Event()

    async def slow(_: Heard[NoteWritten], __: Act) -> None:
        nonlocal in_hand, most, taken
        in_hand += 1
        most = max(most, in_hand)
        if in_hand == 3:
            enough.set()
        await enough.wait()
        in_hand -= 1
        taken += 1

    async def all_taken() -> bool:
        return taken == 20

    some = Hearers()
    some.on(NoteWritten, slow, prefetch=3)
    async with prepared(servers, some) as queues:
        await queues.says(*(NoteWritten(line=str(n)) for n in range(20)))
        async with queues.at_work():
            await eventually(all_taken)
    assert most == 3


@live
async def test_a_hearer_that_fails_does_not_hold_up_another(servers: Servers) -> None:
    ear = Ear(always=NotFound("never"))
    read: list[str] = []

    async def other(heard: Heard[NoteRead], _: Act) -> None:
        read.append(heard.event.reader)

    async def has_read() -> bool:
        return read == ["li"]

    both = hearers(ear)
    both.on(NoteRead, other)
    async with hearing(servers, both) as queues:
        await queues.says(NoteWritten(line="one"), NoteRead(reader="li"))
        await eventually(has_read)


@live
async def test_a_stop_lets_what_is_in_hand_finish(servers: Servers) -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()
    ended: list[str] = []

    async def slow(heard: Heard[NoteWritten], _: Act) -> None:
        begun.set()
        await may_end.wait()
        ended.append(heard.event.line)

    async def both() -> bool:
        return len(ended) == 2

    some = Hearers()
    some.on(NoteWritten, slow)
    async with prepared(servers, some) as queues:
        async with queues.at_work():
            await queues.says(NoteWritten(line="one"))
            await begun.wait()
            asyncio.get_running_loop().call_later(0.1, may_end.set)
        assert ended == ["one"]
        async with queues.at_work():
            await queues.says(NoteWritten(line="two"), name="note-2")
            await eventually(both)
    assert ended == ["one", "two"]
