"""The life of a subscription, what it is sent, and which URLs and addresses it may name."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notification.feed.domain.filters import Filter, MatchesNothing, UnknownEventType
from services.notification.subscriptions.commands import ChangeSubscription
from services.notification.subscriptions.domain import (
    MOVED,
    Payload,
    State,
    Subscription,
    WrongUrl,
    check_url,
    is_public,
)
from services.notification.subscriptions.handlers import new_secret
from shared.errors import NotFound
from shared.events.base import Event
from shared.events.notification import EndpointDisabled
from tests.notification.examples import NOON, feed_event, subscription


def test_no_types_means_every_type() -> None:
    assert subscription(only=Filter()).wants(feed_event())


def test_only_the_named_types_are_sent() -> None:
    wants = subscription(only=Filter(types=("evaluation.*", "registry.plan.filed.v1"))).wants
    assert wants(feed_event(type="registry.plan.filed.v1"))
    assert wants(feed_event(type="evaluation.unit.passed.v1"))
    assert not wants(feed_event(type="registry.plan.returned.v1"))


def test_an_endpoint_that_is_given_up_is_disabled_and_its_owner_told() -> None:
    found, events = subscription(unit="u1").given_up(NOON, "500")
    assert found.state is State.DISABLED
    assert "500" in found.reason
    assert events == [EndpointDisabled(subscription="subscription-1", unit="u1", failing_since=NOON, last_answer="500")]


@pytest.mark.parametrize("state", [State.DISABLED, State.DELETED])
def test_what_is_not_sent_to_is_not_given_up_again(state: State) -> None:
    given = subscription(state=state)
    assert given.given_up(NOON, "500") == (given, [])


def test_it_is_disabled_and_enabled_as_often_as_asked() -> None:
    disabled, _ = subscription().disabled()
    assert disabled.disabled()[0] is disabled
    enabled, _ = disabled.enabled()
    assert (enabled.state, enabled.reason) == (State.ACTIVE, "")
    assert enabled.enabled()[0] is enabled


def test_an_answer_at_one_url_says_nothing_of_another() -> None:
    unverified = subscription(state=State.UNVERIFIED)
    assert unverified.challenged("https://other.example.org/", "")[0] is unverified
    assert unverified.challenged(unverified.url, "")[0].state is State.ACTIVE


@pytest.mark.parametrize("state", [State.ACTIVE, State.DISABLED, State.DELETED])
def test_a_late_answer_changes_nothing_of_what_is_verified(state: State) -> None:
    standing = subscription(state=state)
    assert standing.challenged(standing.url, "")[0] is standing
    assert standing.challenged(standing.url, "it answered something else")[0] is standing


def test_what_is_changed_is_sent_otherwise_and_the_rest_stays() -> None:
    found, events = changed(subscription(reason="x"), payload=Payload.THIN, ordered=True)
    assert (found.payload, found.ordered, found.state, found.reason) == (Payload.THIN, True, State.ACTIVE, "x")
    assert (found.url, found.only, events) == (subscription().url, Filter(), [])


def test_a_change_of_nothing_changes_nothing() -> None:
    given = subscription()
    assert changed(given)[0] is given


@pytest.mark.parametrize("state", [State.ACTIVE, State.DISABLED, State.UNVERIFIED])
def test_at_another_url_it_is_unverified_whatever_it_was(state: State) -> None:
    found, _ = changed(subscription(state=state, reason="by its owner"), url="https://hooks.example.org/new")
    assert (found.state, found.reason) == (State.UNVERIFIED, MOVED)
    same, _ = changed(subscription(state=state, reason="by its owner"), ordered=True)
    assert (same.state, same.reason) == (state, "by its owner")


@pytest.mark.parametrize(
    ("only", "field"), [(Filter(types=("police.*",)), "/types/0"), (Filter(authorities=("44",)), "/authorities/0")]
)
def test_a_filter_that_can_match_nothing_of_what_it_is_told_is_refused(only: Filter, field: str) -> None:
    with pytest.raises((UnknownEventType, MatchesNothing)) as refusal:
        changed(subscription(), only=only)
    assert refusal.value.field == field


def test_a_command_replaces_the_fields_it_names_and_empties_them_by_an_empty_list() -> None:
    before = Filter(types=("registry.*",), levels=("5",))
    assert ChangeSubscription().filter(before) == before
    assert ChangeSubscription(levels=()).filter(before) == Filter(types=("registry.*",))
    assert ChangeSubscription(types=("evaluation.*",)).filter(before) == Filter(types=("evaluation.*",), levels=("5",))


def test_after_a_rotation_the_secret_before_holds_until_its_end_and_of_two_rotations_the_newest_two_hold() -> None:
    end, later = NOON + timedelta(hours=24), NOON + timedelta(hours=25)
    first, _ = subscription().rotated("second", end)
    assert (first.secret, first.previous_at(NOON)) == ("second", ("sealed", end))
    assert first.previous_at(end) is None
    second, _ = first.rotated("third", later)
    assert (second.secret, second.previous_at(end)) == ("third", ("second", later))
    assert not {"sealed", "second", "third"} & set(repr(second).replace("'", " ").split())


def changed(given: Subscription, **asked: Any) -> tuple[Subscription, Sequence[Event]]:
    """A change that names some of it."""
    now = {name: getattr(given, name) for name in ("url", "only", "payload", "ordered")}
    return given.changed(**{**now, **asked}, at=NOON)


def test_a_subscriber_of_the_same_line_does_not_find_it() -> None:
    given = subscription(owner="sub-1")
    given.must_belong_to("sub-1")
    given.must_belong_to(None)
    with pytest.raises(NotFound):
        given.must_belong_to("sub-2")


def test_a_deleted_one_is_not_found_by_anybody() -> None:
    deleted, _ = subscription().deleted()
    with pytest.raises(NotFound):
        deleted.must_belong_to(None)


def test_its_secret_is_not_shown_when_it_is_printed() -> None:
    assert "sealed" not in repr(subscription())


def test_every_secret_is_another_one() -> None:
    secrets = {new_secret() for _ in range(50)}
    assert len(secrets) == 50
    assert all(secret.startswith("whsec_") and len(secret) == 50 for secret in secrets)


@pytest.mark.parametrize(
    "url", ["https://hooks.example.org/a?b=c", "http://127.0.0.1:8080/", "https://[2001:db8::1]:8443/x"]
)
def test_a_web_address_is_taken(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://hooks.example.org/",
        "hooks.example.org",
        "https://",
        "https://user:word@hooks.example.org/",
        "https://hooks.example.org:99999/",
        "https://hooks.example.org/钩",
        "https://hooks.example.org/a b",
        "https://[::1/",
        "javascript:alert(1)",
        "file:///etc/passwd",
    ],
)
def test_what_no_webhook_can_be_sent_to_is_refused(url: str) -> None:
    with pytest.raises(WrongUrl) as refusal:
        check_url(url)
    assert refusal.value.field == "/url"


@given(st.text(max_size=60))
def test_no_text_at_all_does_worse_than_be_refused(text: str) -> None:
    with suppress(WrongUrl):
        check_url(text)


@pytest.mark.parametrize("address", ["8.8.8.8", "223.5.5.5", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"])
def test_a_public_address_may_be_reached(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - an address to refuse, nothing is bound to it
        "255.255.255.255",
        "224.0.0.1",
        "239.1.2.3",
        "::",
        "::1",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:192.168.1.1",
        "64:ff9b::10.0.0.1",
        "2002:7f00:1::",
        "::127.0.0.1",
        "::ffff:0:127.0.0.1",
        "fec0::1",
        "64:ff9b:1::7f00:1",
        "5f00::1",
    ],
)
def test_a_private_address_is_found_in_whatever_form_it_comes(address: str) -> None:
    assert not is_public(ip_address(address))
