"""The contract kit finds nothing wrong with subscribers that do right, and of each fault exactly what it is."""

import asyncio
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.docs.examples import FOLDER
from infra.kit.__main__ import NobodyThere, kit, play
from infra.kit.endpoint import Answer
from infra.kit.examples import Examples
from infra.kit.good import Door, Subscriber
from infra.kit.keys import PRIVATE, SECRET, Keys, Message, WrongKey
from infra.kit.scenarios import SCENARIOS
from infra.kit.verdicts import Result, Verdict
from services.notification.subscriptions.outward import Signer
from shared.digests import chained, digest_of
from shared.events.catalogue import EVENTS
from tests.infra import subscribers
from tests.infra.subscribers import Asymmetric, Moved, Patient, Probeless, served

KEYS = Keys.made()
UNSIGNED = {"v1a-only", "wrong-signature", "old-timestamp", "missing-headers", "tampered"}
FAULTS = {
    subscribers.Mute: {"challenge"},
    subscribers.Credulous: UNSIGNED,
    subscribers.Polite: UNSIGNED,
    subscribers.Crashing: UNSIGNED,
    subscribers.Hasty: UNSIGNED,
    subscribers.Timeless: {"old-timestamp"},
    subscribers.Nameless: {"missing-headers"},
    subscribers.Remembering: {"tampered"},
    subscribers.Narrow: {"rotation"},
    subscribers.Blind: {"v1a-only"},
    subscribers.Strict: {"unknown-fields"},
    subscribers.Closed: {"unknown-type"},
    subscribers.Departing: {"unknown-type", "gone"},
    subscribers.Stout: {"thin"},
    subscribers.Forgetful: {"duplicates"},
    subscribers.Following: {"older-version"},
    subscribers.Waiting: {"reordered"},
    subscribers.Losing: {"outage"},
    subscribers.Overwhelmed: {"outage"},
    subscribers.Slow: {"timely"},
}


def found(results: Iterable[Result], verdict: Verdict) -> set[str]:
    return {one.scenario.name for one in results if one.finding.verdict is verdict}


async def played(subscriber: Subscriber, door: type[Door] = Door, limit: float = 10) -> list[Result]:
    with served(subscriber, door) as url:
        return await play(url, KEYS, limit=limit, pause=0, settled=0.02)


async def test_nothing_is_wrong_with_the_subscriber_to_copy_from() -> None:
    results = await played(Subscriber(KEYS.secret))
    assert found(results, Verdict.WRONG) == set(), results
    assert found(results, Verdict.UNSEEN) == {"pushback"}
    assert [one.scenario for one in results] == list(SCENARIOS)


@pytest.mark.parametrize("faulty", FAULTS, ids=lambda faulty: faulty.__name__)
async def test_a_fault_is_found_as_what_it_is_and_as_nothing_else(faulty: type[Subscriber]) -> None:
    limit = subscribers.LIMIT if faulty is subscribers.Slow else 10
    results = await played(faulty(KEYS.secret), limit=limit)
    assert found(results, Verdict.WRONG) == FAULTS[faulty], results


def test_every_scenario_finds_a_fault() -> None:
    silent = {"every-type", "pushback"}  # an endpoint that is elsewhere, one that throttles wrongly: below
    assert set().union(*FAULTS.values()) | silent == {scenario.name for scenario in SCENARIOS}


async def test_whoever_checks_the_key_as_well_does_right() -> None:
    results = await played(Asymmetric(KEYS.secret, KEYS.public))
    assert found(results, Verdict.WRONG) == set(), results
    (seen,) = [one.finding.seen for one in results if one.scenario.name == "v1a-only"]
    assert seen == "it took one signed by our key, and refused one signed by another"


async def test_whoever_asks_to_wait_is_waited_for() -> None:
    results = await played(Subscriber(KEYS.secret), Patient)
    assert found(results, Verdict.WRONG) == set(), results
    assert "pushback" in found(results, Verdict.RIGHT)


async def test_whoever_asks_to_wait_without_saying_how_long_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Patient, "asks", ())
    results = await played(Subscriber(KEYS.secret), Patient)
    assert {"pushback", "every-type"} <= found(results, Verdict.WRONG)


async def test_what_no_probe_shows_is_not_observable() -> None:
    results = await played(Subscriber(KEYS.secret), Probeless)
    assert found(results, Verdict.WRONG) == set()
    assert found(results, Verdict.UNSEEN) == {"duplicates", "reordered", "older-version", "outage", "pushback"}


async def test_a_redirect_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = Subscriber(KEYS.secret)
    with served(elsewhere) as url:
        monkeypatch.setattr(Moved, "elsewhere", url)
        results = await played(Subscriber(KEYS.secret), Moved)
    assert elsewhere.seen == set()
    assert {"challenge", "every-type", "outage"} <= found(results, Verdict.WRONG)


async def test_of_an_endpoint_that_answers_nothing_nothing_more_is_said_than_that() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server:
        with pytest.raises(NobodyThere, match=f"gave no answer to {1 + len(EVENTS)} requests: broken"):
            await play(url, KEYS, limit=10, pause=0)


async def test_an_endpoint_that_takes_requests_and_is_silent_is_not_waited_for_all_day() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server:
        with pytest.raises(NobodyThere, match=": no answer"):
            await play(url, KEYS, limit=0.05, pause=0)


def test_without_the_frozen_examples_the_kit_says_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("infra.kit.examples.FOLDER", tmp_path)
    assert kit("http://127.0.0.1:9/hooks") == 1
    assert f"run the kit from a checkout: it needs a frozen example of every event in {tmp_path}" in (
        capsys.readouterr().out
    )


async def test_where_nobody_listens_nothing_is_said() -> None:
    with served(Subscriber(KEYS.secret)) as url:
        pass
    with pytest.raises(NobodyThere, match="start the endpoint"):
        await play(url, KEYS, limit=10, pause=0)


def test_what_is_given_wrongly_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert kit("ftp://somewhere/hooks") == 1
    assert kit("http://127.0.0.1:9/hooks", secret="abc") == 1
    assert kit("http://127.0.0.1:9/hooks", secret=KEYS.secret, key=f"{PRIVATE}c2hvcnQ=") == 1
    told = capsys.readouterr().out
    assert "begins with http:// or https://" in told
    assert f"write it as {SECRET} and base64" in told
    assert "base64 of 32 bytes" in told


def test_the_report_names_every_scenario_and_no_secret(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with served(subscribers.Closed(KEYS.secret)) as url:
        code = kit(url, secret=KEYS.secret, json=tmp_path / "kit.json", pause=0)
    text = (tmp_path / "kit.json").read_text(encoding="utf-8")
    said = json.loads(text)
    assert code == 1
    assert said["counts"] == {"right": len(SCENARIOS) - 2, "wrong": 1, "not observable": 1}
    assert [one["name"] for one in said["scenarios"]] == [scenario.name for scenario in SCENARIOS]
    assert all(one["seen"] and one["should"].endswith(".") for one in said["scenarios"])
    assert KEYS.secret not in text
    told = capsys.readouterr().out
    assert KEYS.secret in told
    assert told.splitlines()[-1].startswith("FAILED: 16 right, 1 wrong")


# -- what is sent ----------------------------------------------------------------------------------------


def events(messages: Iterable[Message]) -> list[dict[str, Any]]:
    return [json.loads(message.body) for message in messages]


def test_there_is_one_of_every_type_with_its_link_in_the_chain_of_its_line_and_nothing_sealed() -> None:
    made = events(Examples().each())
    assert [event["type"] for event in made] == list(EVENTS)
    assert [event["position"] for event in made] == list(range(1, len(made) + 1))
    for line in ("33", "national"):
        chain = ""
        for place, event in enumerate((one for one in made if one["authority"] == line), start=1):
            assert event["digest"] == digest_of(event)
            chain = chained(chain, event["digest"])
            assert (event["place"], event["chain"]) == (place, chain)
    assert "v1.Sk" in (FOLDER / "registry.card.changed.v1.json").read_text(encoding="utf-8")
    assert "v1.Sk" not in json.dumps(made)


def test_two_runs_speak_of_different_entities() -> None:
    one, other = events(Examples().each()), events(Examples().each())
    assert {event["id"] for event in one}.isdisjoint(event["id"] for event in other)


def test_a_thin_event_says_where_its_data_is() -> None:
    for event in events(Examples().thin()):
        assert "data" not in event
        assert event["dataref"].endswith(f"/v1/events/{event['position']}")


def test_a_message_is_signed_as_notification_signs_it() -> None:
    message = Examples().one("registry.plan.filed.v1")
    theirs = Signer([KEYS.secret]).headers(message.identity, message.body)
    at = datetime.fromtimestamp(int(theirs["webhook-timestamp"]), UTC)
    ours = KEYS.headers(message, at)
    v1, v1a = ours["webhook-signature"].split(" ")
    assert {**ours, "webhook-signature": v1} == theirs
    assert v1a.startswith("v1a,")


def test_keys_are_made_once_and_read_again() -> None:
    assert Keys.made(KEYS.secret).secret == KEYS.secret
    key = f"{PRIVATE}{'A' * 43}="
    assert Keys.made(key=key).public == Keys.made(key=key).public
    assert Keys.made().public != Keys.made().public
    with pytest.raises(WrongKey):
        Keys.made("whsec_")


@pytest.mark.parametrize(("status", "refused"), [(401, True), (400, True), (410, False), (429, False), (500, False)])
def test_gone_and_too_many_are_no_refusal_of_what_was_sent(status: int, refused: bool) -> None:
    assert Answer(status, 0).refused is refused
