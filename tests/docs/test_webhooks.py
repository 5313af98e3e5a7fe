"""The page on webhooks keeps its word: its code verifies what is sent and nothing else, its figures are the rules'."""

import base64
import json
import re
from datetime import date
from typing import Any

import pytest

from infra.docs.__main__ import ROOT
from services.notification.rooms import DATA
from services.notification.subscriptions.commands import ChangeSubscription, Subscribe
from services.notification.subscriptions.handlers import new_secret
from services.notification.subscriptions.outward import Signer
from shared.rulebook import Rulebook
from shared.signing import Keyring

PAGE = (ROOT / "docs/webhooks.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
RULES = Rulebook.load(DATA / "rules.json")
TODAY = date(2026, 3, 2)
SECRET, BODY = new_secret(), json.dumps({"id": "e1", "text": "备案"})
RING = Keyring(f"k1:{base64.b64encode(b'1' * 32).decode()}", "https://example.org")
OTHER = Keyring(f"k1:{base64.b64encode(b'2' * 32).decode()}", "https://example.org")


def code() -> dict[str, Any]:
    """What the page's Python defines, run as it stands."""
    assert len(BLOCKS) == 2
    names: dict[str, Any] = {}
    for block in BLOCKS:
        exec(block, names)  # noqa: S102 - the page's own
    return names


def public(ring: Keyring) -> list[str]:
    return [f"whpk_{base64.b64encode(raw).decode()}" for raw in ring.public().values()]


def test_each_takes_fifteen_lines_at_most() -> None:
    assert all(len([line for line in block.splitlines() if line.strip()]) <= 15 for block in BLOCKS)


@pytest.mark.parametrize("secrets", [[SECRET], [new_secret(), SECRET], [SECRET, new_secret()]])
def test_the_code_for_a_secret_takes_what_it_signed_and_nothing_else(secrets: list[str]) -> None:
    verified, headers = code()["verified"], Signer(secrets, RING).headers("e1", BODY)
    assert verified(SECRET, headers, BODY.encode())
    assert not verified(new_secret(), headers, BODY.encode())
    assert not verified(SECRET, headers, BODY.encode() + b" ")
    assert not verified(SECRET, {**headers, "webhook-id": "e2"}, BODY.encode())
    assert not verified(SECRET, {**headers, "webhook-signature": ""}, BODY.encode())


@pytest.mark.parametrize(
    "strange", [{"webhook-signature": "v1,é"}, {"webhook-signature": "v1a,é"}, {"webhook-timestamp": "soon"}]
)
def test_strange_headers_are_refused_and_break_nothing(strange: dict[str, str]) -> None:
    names, headers = code(), {**Signer([SECRET], RING).headers("e1", BODY), **strange}
    assert not names["verified"](SECRET, headers, BODY.encode())
    assert not names["verified_by_key"](public(RING), headers, BODY.encode())


def test_the_code_for_keys_takes_what_one_of_them_signed_and_nothing_else() -> None:
    verified, headers = code()["verified_by_key"], Signer([SECRET], RING).headers("e1", BODY)
    assert verified(public(RING), headers, BODY.encode())
    assert verified([*public(OTHER), *public(RING)], headers, BODY.encode())
    assert not verified(public(OTHER), headers, BODY.encode())
    assert not verified([], headers, BODY.encode())
    assert not verified(public(RING), headers, BODY.encode() + b" ")
    assert not verified(public(RING), {**headers, "webhook-id": "e2"}, BODY.encode())
    assert not verified(public(RING), {**headers, "webhook-signature": "v1a,AAAA"}, BODY.encode())
    assert not verified(public(RING), Signer([SECRET]).headers("e1", BODY), BODY.encode())


@pytest.mark.parametrize(("seconds", "taken"), [(-290, True), (290, True), (310, False), (-310, False)])
def test_what_was_signed_long_ago_or_ahead_is_refused_though_its_signature_is_right(seconds: int, taken: bool) -> None:
    names, headers = code(), Signer([SECRET], RING).headers("e1", BODY)
    names["time"] = _At(int(headers["webhook-timestamp"]) + seconds)
    assert names["verified"](SECRET, headers, BODY.encode()) is taken
    assert names["verified_by_key"](public(RING), headers, BODY.encode()) is taken


class _At:
    """A clock that stands."""

    def __init__(self, at: float) -> None:
        self._at = at

    def time(self) -> float:
        return self._at


def test_its_figures_are_those_of_the_rules() -> None:
    (said,) = re.findall(r"tried (\d+) times, after ([\d, \n]+ and \d+) seconds", PAGE)
    delays = [int(number) for number in re.findall(r"\d+", said[1])]
    assert delays == RULES.value("delivery.delays", list[float], on=TODAY)
    assert int(said[0]) == len(delays)
    assert f"within {RULES.number('delivery.timeout', on=TODAY):g} seconds" in PAGE
    assert f"takes nothing for {RULES.number('delivery.disable_after_days', on=TODAY):g} days" in PAGE
    assert f"For {RULES.number('secret.overlap_hours', on=TODAY):g} hours" in PAGE
    assert RULES.number("delivery.jitter", on=TODAY) == pytest.approx(0.1), "the page says: a tenth"


def test_it_names_every_field_that_a_subscription_is_asked_with() -> None:
    asked = {*Subscribe.model_fields, *ChangeSubscription.model_fields}
    assert [name for name in asked if f"`{name}" not in PAGE and f'"{name}"' not in PAGE] == []
