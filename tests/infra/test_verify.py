"""The verifier names exactly what is missing or changed, whatever was done to the events, in bounded memory."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.verify.__main__ import main
from infra.verify.holding import Finding, Holding, ranges_of
from infra.verify.report import named, told
from infra.verify.signed import Unproved, checked, contradictions, keys_of, tokens_in
from services.notification.checkpoints.domain import Checkpoint
from shared.digests import chained, digest_of
from tests.notification.lines import (
    KEYRING,
    STRANGER,
    Event,
    checkpoints_of,
    events_of,
    head_of,
    read,
    rows_of,
    signed,
)

ROOT = Path(__file__).resolve().parents[2]
COUNT = 24
ROWS = rows_of(COUNT)
EVENTS = events_of(ROWS)
CHECKPOINTS = checkpoints_of(ROWS, 7, COUNT)
DIGESTS = [row.digest for row in ROWS]
PLACES = st.sets(st.integers(1, COUNT))


def held(events: Iterable[Event], *checkpoints: Checkpoint) -> Holding:
    holding = Holding(read(*(checkpoints or CHECKPOINTS)))
    for event in events:
        holding.take(event)
    return holding


def changed(event: Event) -> Event:
    return {**event, "data": {**event["data"], "remarks": "改过"}}


def forged(event: Event, before: str) -> Event:
    """Changed, with digest and chain to match."""
    digest = digest_of(changed(event))
    return {**changed(event), "digest": digest, "chain": chained(before, digest)}


def places(ranges: Iterable[range]) -> set[int]:
    return {place for one in ranges for place in one}


# -- any loss, any change ------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(dropped=PLACES, altered=PLACES, doubled=PLACES, alone=PLACES, order=st.randoms(use_true_random=False))
def test_exactly_what_was_dropped_or_altered_is_named(
    dropped: set[int], altered: set[int], doubled: set[int], alone: set[int], order: random.Random
) -> None:
    rows: list[Event] = []
    for event in EVENTS:
        place = event["place"]
        if place not in dropped:
            rows += [event] if place not in altered or place not in alone else []
            rows += [changed(event)] if place in altered else []
            rows += [event] if place in doubled - (altered & alone) else []
    order.shuffle(rows)
    finding = held(rows).judged()
    assert places(finding.missing) == dropped
    assert set(finding.changed) == altered - dropped
    assert (finding.broken, finding.forked) == ((), ())
    assert finding.complete is (not dropped and not altered)


@settings(max_examples=200, deadline=None)
@given(dropped=PLACES, liars=PLACES, order=st.randoms(use_true_random=False))
def test_whatever_changed_events_claim_of_themselves_they_never_pass_and_signed_digests_name_them(
    dropped: set[int], liars: set[int], order: random.Random
) -> None:
    rows, chain = [], ""
    for event in EVENTS:
        said = forged(event, chain) if event["place"] in liars else event
        chain = said["chain"]
        rows += [] if event["place"] in dropped else [said]
    order.shuffle(rows)
    holding = held(rows)
    assert holding.judged().complete is (not dropped and not liars)
    assert holding.judged_by(DIGESTS) == Finding(ranges_of(sorted(dropped)), tuple(sorted(liars - dropped)))


@settings(max_examples=100, deadline=None)
@given(start=st.integers(1, COUNT))
def test_a_history_rewritten_from_some_place_on_is_not_the_one_that_was_signed(start: int) -> None:
    rows, chain = [], ""
    for event in EVENTS:
        said = event
        if event["place"] >= start:
            said = (
                forged(event, chain) if event["place"] == start else {**event, "chain": chained(chain, event["digest"])}
            )
        chain = said["chain"]
        rows.append(said)
    finding = held(rows).judged()
    assert finding.forked == ((7, COUNT) if start <= 7 else (COUNT,))
    assert not finding.missing


def test_only_what_events_say_counts_not_what_they_claim_of_themselves() -> None:
    bare = [{name: value for name, value in event.items() if name not in ("digest", "chain")} for event in EVENTS]
    lying = [{**event, "digest": "00" * 32, "chain": "00"} for event in EVENTS]
    assert held(bare).judged().complete
    assert held(lying).judged().complete
    one = changed(bare[11])
    assert held([*bare[:11], one, *bare[12:]]).judged().forked == (COUNT,)


def test_a_place_that_is_none_counts_as_not_held() -> None:
    odd = [{**event, "place": place} for event, place in zip(EVENTS, [0, -1, True, "3", None, 10**30], strict=False)]
    finding = held([*odd, *EVENTS[6:]]).judged()
    assert finding.missing == (range(1, 7),)


def test_digests_that_were_not_signed_settle_nothing() -> None:
    with pytest.raises(ValueError, match="up to place 7"):
        held(EVENTS).judged_by(["00" * 32, *DIGESTS[1:]])
    with pytest.raises(ValueError, match="end before"):
        held(EVENTS).judged_by(DIGESTS[:20])


def test_what_comes_after_the_checkpoint_is_counted_and_not_judged() -> None:
    holding = held(EVENTS, *checkpoints_of(ROWS, 7))
    (sentence,) = told("33", holding, holding.judged())
    assert sentence.startswith("complete up to place 7 of line 33 (checkpoint 1, 2026-03-02 04:00 UTC)")
    assert "17 later events" in sentence


def test_places_are_named_as_people_write_them() -> None:
    assert named(ranges_of([17, 18, 19, 204])) == "places 17–19, 204"
    assert named(ranges_of([1204])) == "place 1,204"
    assert named(ranges_of(range(1, 61, 2))).endswith("and 10 more")


# -- signatures and forks ------------------------------------------------------------------------------


def test_a_checkpoint_of_another_key_of_another_type_or_changed_proves_nothing() -> None:
    keys = keys_of(json.dumps(KEYRING.jwks()))
    good = CHECKPOINTS[0]
    head, body, mark = good.signed.split(".")
    other = signed(good, STRANGER).signed
    wrong = [other, KEYRING.sign(good.claims(), "notice+jwt"), f"{head}.{body[:-2]}AA.{mark}", "x", "a.b.c", ""]
    assert checked(good.signed, keys).name == "33/1"
    for text in wrong:
        with pytest.raises(Unproved):
            checked(text, keys)


def test_a_none_algorithm_is_no_signature() -> None:
    keys = keys_of(json.dumps(KEYRING.jwks()))
    _, body, _ = CHECKPOINTS[0].signed.split(".")
    with pytest.raises(Unproved):
        checked(f"eyJhbGciOiJub25lIiwidHlwIjoiY2hlY2twb2ludCtqd3QifQ.{body}.", keys)


def test_checkpoints_of_one_history_do_not_contradict_each_other() -> None:
    assert contradictions(read(*checkpoints_of(ROWS, 2, 5, 9))) == []


def test_two_histories_under_one_key_are_found_by_their_checkpoints() -> None:
    other = rows_of(COUNT, word="别的")
    first, second = checkpoints_of(ROWS, 2, 5)
    twice = checkpoints_of(other, 2)[0]
    elsewhere = signed(Checkpoint.following(twice, head_of(other, 5), second.at))
    back = signed(Checkpoint.following(second, head_of(ROWS, 3), second.at))
    assert "signed twice" in contradictions(read(first, twice))[0]
    assert "does not follow" in contradictions(read(first, elsewhere))[0]
    assert "goes back" in contradictions(read(second, back))[0]


@pytest.mark.parametrize("text", ["{}", "[1]", '{"rows": 3}', "{", '[{"signed"'])
def test_what_is_no_checkpoint_is_said_to_be_none(text: str) -> None:
    with pytest.raises(Unproved):
        tokens_in(text)


# -- the command ---------------------------------------------------------------------------------------


class Desk:
    """Files as somebody has them, and the command over them."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.events, self.checkpoint, self.keys = (folder / name for name in ("e.jsonl", "c.json", "k.json"))
        self.keys.write_text(json.dumps(KEYRING.jwks()))
        self.checkpoint.write_text(CHECKPOINTS[1].model_dump_json())
        self._capsys = capsys

    def hold(self, events: Iterable[Any]) -> None:
        self.events.write_text("".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events))

    def run(self, *more: str) -> tuple[int, str]:
        asked = [str(self.events), str(self.checkpoint), "--keys", str(self.keys), *more]
        return main(asked), self._capsys.readouterr().out


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


def test_a_whole_file_exits_with_zero_and_says_so(desk: Desk) -> None:
    desk.hold(reversed(EVENTS))
    code, said = desk.run()
    assert (code, said) == (0, "complete up to place 24 of line 33 (checkpoint 2, 2026-03-02 05:00 UTC)\n")


def test_the_signed_text_alone_and_a_page_of_checkpoints_are_read_as_well(desk: Desk) -> None:
    desk.hold(EVENTS)
    for text in (CHECKPOINTS[1].signed, json.dumps({"rows": [row.model_dump(mode="json") for row in CHECKPOINTS]})):
        desk.checkpoint.write_text(text)
        assert desk.run()[0] == 0


def test_gaps_and_changes_exit_with_one_and_are_named(desk: Desk) -> None:
    kept = [changed(event) if event["place"] == 12 else event for event in EVENTS if event["place"] not in (17, 18, 20)]
    desk.hold(kept)
    code, said = desk.run()
    assert code == 1
    assert "missing: places 17–18, 20 of line 33" in said
    assert "changed: place 12: its digest differs" in said


def test_rows_that_are_no_events_are_not_held_and_named(desk: Desk) -> None:
    desk.hold([*EVENTS[:3], 7, {"id": "x"}, *EVENTS[3:], *events_of(rows_of(2, "32"))])
    code, said = desk.run()
    assert code == 0
    assert "row 4, 5 of the file is no event" in said
    assert "2 events of other lines" in said


def test_several_lines_are_judged_by_their_own_checkpoints(desk: Desk) -> None:
    other = rows_of(5, "32")
    desk.hold([*events_of(other)[1:], *EVENTS])
    pages = [row.model_dump(mode="json") for row in (*CHECKPOINTS, *checkpoints_of(other, 5))]
    desk.checkpoint.write_text(json.dumps(pages))
    code, said = desk.run()
    assert code == 1
    assert "missing: place 1 of line 32" in said
    assert "complete up to place 24 of line 33" in said


def test_what_proves_nothing_exits_with_two(desk: Desk) -> None:
    desk.hold(EVENTS)
    desk.checkpoint.write_text(signed(CHECKPOINTS[1], STRANGER).signed)
    assert desk.run()[0] == 2
    desk.checkpoint.write_text("[]")
    assert desk.run()[0] == 2
    desk.checkpoint.unlink()
    assert desk.run()[0] == 2
    assert desk.run("--unheard-of")[0] == 2


# -- many ----------------------------------------------------------------------------------------------

MANY = 100_000
MEASURED = """
import re, sys
from pathlib import Path
from infra.verify.__main__ import main
code = main(sys.argv[1:])
print(code, int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024)
"""
"""The kernel's own highest mark of this process: `ru_maxrss` begins with that of whoever started it."""


def line_written(desk: Desk, rows: int, *left_out: int) -> None:
    """A long line in a file, the last event first, and a checkpoint at its end."""
    chain, texts = "", []
    for place in range(1, rows + 1):
        said = {**EVENTS[0], "id": f"e{place}", "place": place, "position": place}
        digest = digest_of(said)
        chain = chained(chain, digest)
        if place not in left_out:
            texts.append(json.dumps({**said, "digest": digest, "chain": chain}) + "\n")
    desk.events.write_text("".join(reversed(texts)))
    made = CHECKPOINTS[0].model_copy(update={"place": rows, "position": rows, "chain": chain})
    desk.checkpoint.write_text(signed(made).signed)


def measured(desk: Desk) -> tuple[str, int, int]:
    """What a process of its own says, its exit code, and the most memory it took."""
    asked = [str(desk.events), str(desk.checkpoint), "--keys", str(desk.keys)]
    command = [sys.executable, "-c", MEASURED, *asked]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)  # noqa: S603
    *said, last = ended.stdout.splitlines()
    code, most = last.split()
    return "\n".join(said), int(code), int(most)


def test_a_hundred_thousand_events_take_a_hundred_bytes_each_and_less_than_a_minute(desk: Desk) -> None:
    line_written(desk, 1_000)
    said, code, few = measured(desk)
    assert (code, said[:27]) == (0, "complete up to place 1,000 ")
    line_written(desk, MANY, 17, 99_000)
    begun = time.monotonic()
    said, code, many = measured(desk)
    assert time.monotonic() - begun < 60
    assert code == 1
    assert "missing: places 17, 99,000 of line 33" in said
    assert many - few < MANY * 100
