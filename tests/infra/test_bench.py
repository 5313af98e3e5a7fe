"""The parts of the bench that decide what its figures mean."""

import asyncio
import json

import pytest

from infra.bench.__main__ import missed_bars
from infra.bench.asking import Pace, Unanswered, pace_of
from infra.bench.fanout import Round as FanOutRound
from infra.bench.fanout import figures as fan_out_figures
from infra.bench.imports import Round as ImportRound
from infra.bench.imports import figures as import_figures
from infra.bench.latency import Round as LatencyRound
from infra.bench.latency import figures as latency_figures
from infra.bench.lookup import Round, Sized, figures, peak_of
from infra.bench.mosip import Step, address, lag_of, rates
from infra.bench.mosip import figures as load_figures
from infra.bench.saying import p50_p99, paced
from infra.bench.stock import copies, number_at
from infra.bench.taking import TAKEN, Conversation, Taken


def pace(per_s: float) -> Pace:
    return Pace(per_s, 1, 2)


def test_a_pace_is_what_the_generator_says_in_its_last_line() -> None:
    said = (
        'Running 1s test\n\n{"requests": 300, "microseconds": 2000000, "p50_us": 1500, "p99_us": 9000, "failed": 0}\n'
    )
    assert pace_of(said) == Pace(150, 1.5, 9)


@pytest.mark.parametrize(("requests", "failed"), [(300, 1), (0, 0)])
def test_a_pace_with_failed_requests_counts_for_nothing(requests: int, failed: int) -> None:
    said = f'{{"requests": {requests}, "microseconds": 1, "p50_us": 1, "p99_us": 1, "failed": {failed}}}'
    with pytest.raises(Unanswered):
        pace_of(said)


def test_growth_is_told_by_the_bare_rounds_beside_it() -> None:
    small = Sized([Round(pace(1000), pace(500))] * 3, peak=100_000, rows_per_s=1)
    slower_machine = Sized([Round(pace(500), pace(250))] * 3, peak=110_000, rows_per_s=1)
    found = figures(small, slower_machine, 10, 1000)
    assert (found["lookup.of_bare"], found["lookup.growth"], found["export.memory_growth"]) == (0.5, 1.0, 1.1)


def test_an_import_is_held_against_the_inserts_beside_it_and_its_memory_against_a_small_one() -> None:
    rounds = [ImportRound(3000, 20_000, 104_000), ImportRound(1000, 10_000, 120_000), ImportRound(1000, 5000, 90_000)]
    found = import_figures(ImportRound(5000, 20_000, 100_000), rounds, 10, 1000)
    assert (found["import.of_limit"], found["import.memory_growth"]) == (0.15, 1.2)
    assert missed_bars({**found, "import.of_limit": 0.09, "import.memory_growth": 1.31}) == [
        "import.of_limit",
        "import.memory_growth",
    ]
    assert missed_bars(found) == []


def test_the_peak_is_the_kernels() -> None:
    assert peak_of("Name:\tpython\nVmPeak:\t 900 kB\nVmHWM:\t  123456 kB\nVmRSS:\t 7 kB\n") == 123456


def test_a_figure_misses_its_bar_from_either_side_and_one_not_measured_misses_none() -> None:
    assert missed_bars({"lookup.of_bare": 0.39, "export.memory_growth": 1.31}) == [
        "lookup.of_bare",
        "export.memory_growth",
    ]
    assert missed_bars({"lookup.of_bare": 0.41, "export.memory_growth": 1.2}) == []


def test_a_million_numbers_differ_and_keep_the_format() -> None:
    places = [*range(5), 99_998, 99_999, 100_000, 999_999]
    numbers = [number_at(place) for place in places]
    assert len(set(numbers)) == len(places)
    assert {len(number) for number in numbers} == {16}
    assert numbers[5][-5:] == "99999"
    assert numbers[6][-5:] == "00001"


def test_copies_share_nothing_that_must_be_unique() -> None:
    rows = list(copies({"holder": "张*"}, 10, 40))
    for name in ("_id", "number", "person_index"):
        assert len({row[name] for row in rows}) == 30
    assert {row["holder"] for row in rows} == {"张*"}
    assert len({row["unit"] for row in rows}) > 1


def test_the_middle_and_the_hundredth_that_is_slowest_are_told_in_milliseconds() -> None:
    assert p50_p99([place / 1000 for place in range(101)]) == (50.0, 99.0)


def test_fan_out_is_held_against_the_fastest_loop_of_its_round() -> None:
    slow, fast = (1, 1), (8, 1)
    rounds = [
        FanOutRound(1000, {slow: 1000, fast: 2000}),
        FanOutRound(500, {slow: 400, fast: 500}),
        FanOutRound(600, {slow: 800, fast: 1000}),
    ]
    found = fan_out_figures(rounds)
    assert (found["fanout.of_limit"], found["fanout.bare_per_s"], found["fanout.bare_layout"]) == (0.6, 1000, "8 x 1")
    assert missed_bars({**found, "fanout.of_limit": 0.49}) == ["fanout.of_limit"]
    assert missed_bars(found) == []


def test_latency_is_held_against_the_raw_chain_of_its_round() -> None:
    rounds = [LatencyRound([0.010] * 9, [0.008] * 9, [raw] * 9) for raw in (0.002, 0.001, 0.005)]
    found = latency_figures(rounds)
    assert (found["latency.of_raw"], found["latency.webhook_p50_ms"], found["latency.pull_p99_ms"]) == (5.0, 10.0, 8.0)
    assert found["latency.events"] == 27
    assert missed_bars({**found, "latency.of_raw": 6.1}) == ["latency.of_raw"]


async def test_an_even_pace_is_kept_however_long_each_takes() -> None:
    said: list[int] = []

    async def say(place: int) -> None:
        await asyncio.sleep(0.1)
        said.append(place)

    rate = await paced(100, 20, say)
    assert said == list(range(20))
    assert 20 <= rate <= 100  # one after the other it would be ten a second


def walked(keeps_up_below: float) -> list[float]:
    steps: list[Step] = []
    for rate in rates(steps):
        p99 = 10 if rate < keeps_up_below else 2000
        steps += [Step(rate, 1, p99, 0)]
    return [step.per_s for step in steps]


def test_the_highest_rate_is_looked_for_by_doubling_and_then_by_halving() -> None:
    assert walked(50) == [7.5, 15, 30, 60, 45, 52.5]
    assert walked(1000) == [7.5, 15, 30, 60, 120, 240]
    assert walked(1) == [7.5]


def test_the_highest_rate_that_keeps_up_is_below_every_one_that_does_not() -> None:
    steps = [Step(30, 5, 900, 0.2), Step(60, 500, 5000, 7.25), Step(45, 5, 1001, 0.6), Step(52.5, 5, 999, 0.4)]
    assert load_figures(steps) == {
        "load.webhooks_per_s": 300,
        "load.webhooks_p99_ms": 900,
        "load.beyond_per_s": 450,
        "load.beyond_p99_ms": 1001,
        "load.beyond_lag_s": 0.6,
    }
    assert load_figures(steps[1:2])["load.webhooks_per_s"] == 0
    assert missed_bars({"load.amqp_p99_ms": 1000.1}) == ["load.amqp_p99_ms"]


def test_the_lag_is_the_services_own_figure() -> None:
    assert lag_of("# TYPE skillcert_delivery_lag_seconds gauge\nskillcert_delivery_lag_seconds 2.5\n") == 2.5
    assert lag_of("") == 0


def test_a_reader_connects_as_itself() -> None:
    assert address("amqp://somebody:else@127.0.0.1:5672/", "reader", "a/b") == "amqp://reader:a%2Fb@127.0.0.1:5672/"
    assert address("amqps://broker.example.org/v", "r", "p") == "amqps://r:p@broker.example.org/v"


class Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)


def post(path: str, body: bytes, name: str) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nWebhook-Id: {name}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def test_the_receiver_takes_requests_however_they_are_cut_and_hands_out_what_came_once() -> None:
    taken, wire = Taken(), Wire()
    conversation = Conversation(taken)
    conversation.connection_made(wire)
    for byte in post("/a", b"{}", "e1") + post("/b", b"12345", "e2"):
        conversation.data_received(bytes([byte]))
    assert wire.written == TAKEN * 2
    assert [row[:2] for row in taken.rows] == [("/a", "e1"), ("/b", "e2")]
    conversation.data_received(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert json.loads(wire.written.rpartition(b"\r\n\r\n")[2])[1][:2] == ["/b", "e2"]
    assert taken.rows == []


def test_the_receiver_answers_a_challenge_and_does_not_count_it() -> None:
    taken, wire = Taken(), Wire()
    conversation = Conversation(taken)
    conversation.connection_made(wire)
    conversation.data_received(post("/a", b'{"type":"skillcert.challenge","challenge":"abc"}', "c1"))
    assert wire.written.endswith(b'{"challenge": "abc"}')
    assert taken.rows == []
