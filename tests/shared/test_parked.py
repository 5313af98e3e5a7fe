"""Parked messages, on the real broker: why they are there, and the way back."""

import pytest

from infra.local.ports import free_ports
from infra.local.servers import Servers
from shared.errors import AlreadyThere, NotFound
from shared.messaging.failures import Failures
from shared.messaging.parked import Parked
from shared.messaging.wire import BrokerUnavailable, Wire
from tests.live import eventually
from tests.shared.ears import Ear, hearers
from tests.shared.hearing import Hearing, hearing, parked_one, prepared
from tests.shared.notes import NoteWritten

pytestmark = pytest.mark.live
ID_NUMBER = "110105188912310021"


async def test_no_id_number_stands_in_a_parked_cause(servers: Servers) -> None:
    ear = Ear(always=ValueError(f"cannot take {ID_NUMBER} twice"))
    async with hearing(servers, hearers(ear)) as queues:
        await queues.says(NoteWritten(line="one"))
        parked = await parked_one(queues)
    assert parked.cause == f"ValueError: cannot take {ID_NUMBER[:6]}********{ID_NUMBER[-4:]} twice"
    assert ID_NUMBER not in parked.line(body=True)


async def test_parked_messages_stay_where_they_are_when_they_are_listed(servers: Servers) -> None:
    ear = Ear(AlreadyThere("no"), AlreadyThere("no"))
    async with hearing(servers, hearers(ear)) as queues:
        await queues.says(NoteWritten(line="one"), NoteWritten(line="two"))
        first = await queues.parked(2)
        assert await queues.parked(2) == first


async def test_a_replay_sends_parked_ones_back_with_all_their_attempts(servers: Servers) -> None:
    ear = Ear(AlreadyThere("no"), NotFound("not yet"), NotFound("not yet"))
    async with hearing(servers, hearers(ear)) as queues:
        await queues.says(NoteWritten(line="one"))
        await parked_one(queues)
        assert [row.event for row in await queues.replay()] == ["note-1@1"]
        await ear.hears("one")
        assert await queues.parked(0) == []
    assert len(ear.attempts) == 4


async def test_what_cannot_be_sent_back_stays_parked(servers: Servers) -> None:
    ear = Ear(AlreadyThere("no"))
    async with hearing(servers, hearers(ear)) as queues:
        await queues.says(NoteWritten(line="one"))
        parked = await parked_one(queues)
        channel = await queues.wire.channel()
        await channel.queue_delete(parked.queue)
        with pytest.raises(BrokerUnavailable, match="stays parked"):
            await queues.replay()
        assert [row.event for row in await queues.parked(1)] == ["note-1@1"]


async def test_a_message_that_keeps_killing_its_hearer_is_parked_by_the_broker(servers: Servers) -> None:
    ear = Ear()
    async with prepared(servers, hearers(ear)) as queues:
        await queues.says(NoteWritten(line="one"))
        await _die_over_it(queues)
        assert (await parked_one(queues)).cause == "delivered too often: its hearer kept dying"
        async with queues.at_work():
            await queues.replay()
            await ear.hears("one")


async def _die_over_it(queues: Hearing) -> None:
    channel = await queues.wire.channel()
    queue = await channel.get_queue(queues.topology.queue(NoteWritten.type), ensure=False)

    async def gone() -> bool:
        message = await queue.get(fail=False)
        if message is not None:
            await message.nack(requeue=True)
        return bool(await Parked(queues.wire, queues.topology).listed(1))

    await eventually(gone)


async def test_a_message_that_can_neither_wait_nor_park_stays_in_hand(servers: Servers) -> None:
    async with prepared(servers, hearers(Ear())) as queues:
        away = Wire(f"amqp://127.0.0.1:{free_ports(1)[0]}/", "tests")
        with pytest.raises(BrokerUnavailable):
            await Failures(away, queues.topology).take("registry.notes", {}, b"{}", NotFound("not here yet"))
        await away.close()
