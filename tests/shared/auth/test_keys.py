"""The keys tokens are checked with: fetched, cached, renewed, missing."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from structlog.testing import capture_logs

from infra.local.issuer import Issuer
from shared.auth import IssuerUnavailable, UnknownKey, Verifier
from shared.errors import Kind
from tests.shared.auth.doubles import Door, Ticks, signed

TROUBLES = ["silence", "status", "text", "shape", "nothing"]


async def renewed(verifier: Verifier) -> None:
    """Wait until the fetch that the last request began is over."""
    fetch = verifier._keys._fetching
    assert fetch is not None
    await fetch


def spoil(door: Door, trouble: str) -> None:
    if trouble == "silence":
        door.answering.clear()
    door.status = 503 if trouble == "status" else 200
    bodies = {"text": b"<html>", "shape": b'{"keys": {}}', "nothing": b'{"keys": []}'}
    door.body = bodies.get(trouble, door.body)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (RSAKey.generate_key(2048, auto_kid=True), "RS256"),
        (ECKey.generate_key("P-256", auto_kid=True), "ES256"),
        (OKPKey.generate_key("Ed25519", auto_kid=True), "Ed25519"),
    ],
)
async def test_the_algorithms_of_real_issuers_are_accepted(key: Key, algorithm: str) -> None:
    others = ECKey.generate_key("P-384", auto_kid=True), OKPKey.generate_key("X25519", auto_kid=True)
    async with Door(*others, key).verifier() as verifier:
        assert (await verifier.caller(signed(key, algorithm, x5t="abc"))).subject == "li"
        assert (await verifier.caller(signed(key, algorithm, kid=None))).subject == "li"


async def test_a_key_is_used_for_nothing_but_its_own_algorithm_and_purpose() -> None:
    for_secrets = OKPKey.generate_key("Ed25519", parameters={"use": "enc", "kid": "a"})
    for_another = RSAKey.generate_key(2048, parameters={"alg": "RS512", "kid": "b"})
    async with Door(for_secrets, for_another).verifier() as verifier:
        for token in (
            signed(OKPKey.import_key(for_secrets.raw_value, {"kid": "a"}), "Ed25519"),
            signed(RSAKey.import_key(for_another.as_pem(private=True), {"kid": "b"}), "RS256"),
        ):
            with pytest.raises(UnknownKey):
                await verifier.caller(token)


async def test_without_a_key_id_the_key_must_be_clear() -> None:
    first, second = (OKPKey.generate_key("Ed25519", auto_kid=True) for _ in range(2))
    async with Door(first, second).verifier() as verifier:
        with pytest.raises(UnknownKey):
            await verifier.caller(signed(first, "Ed25519", kid=None))
        assert await verifier.caller(signed(first, "Ed25519"))


async def test_one_unusable_key_does_not_spoil_the_others() -> None:
    key = OKPKey.generate_key("Ed25519", auto_kid=True)
    door = Door()
    point = {"x": "AAAA", "y": "AAAA"}
    unusable: list[dict[str, Any]] = [
        {},
        {"kty": "PQ"},
        {"kty": ["EC"]},
        {"kty": "oct", "k": "AAAA"},
        {"kty": "EC"},
        {"kty": "EC", "crv": "P-999", **point},
        {"kty": "EC", "crv": "P-256", **point},
        {"kty": "RSA", "n": 7},
        {"kty": "OKP", "crv": "Ed25519", "x": "*"},
        {"kty": "OKP", "crv": "x", "x": "AAAA"},
    ]
    door.publish(keys=[*unusable, key.as_dict(private=False)])
    with capture_logs() as logs:
        async with door.verifier() as verifier:
            assert await verifier.caller(signed(key, "Ed25519"))
    assert {entry["event"] for entry in logs} == {"published_key_ignored"}


async def test_keys_are_fetched_once_for_many_requests(issuer: Issuer, verifier: Verifier) -> None:
    token = issuer.token("unit", "u1", "44")
    await asyncio.gather(*(verifier.caller(token) for _ in range(20)))
    assert issuer.fetches == 1


async def test_a_new_key_is_found_at_once_and_the_old_one_works_until_it_is_dropped(
    issuer: Issuer, verifier: Verifier, ticks: Ticks
) -> None:
    old = issuer.token("unit", "u1", "44")
    await verifier.caller(old)
    issuer.rotate()
    new = issuer.token("unit", "u1", "44")
    await asyncio.gather(*(verifier.caller(token) for token in (new, old, new)))
    assert issuer.fetches == 2
    issuer.drop_old()
    ticks.at += 300
    await verifier.caller(new)
    await renewed(verifier)
    assert issuer.fetches == 3
    with pytest.raises(UnknownKey):
        await verifier.caller(old)


async def test_an_unknown_key_is_asked_for_once_in_ten_seconds(
    issuer: Issuer, verifier: Verifier, ticks: Ticks
) -> None:
    stranger = Issuer().token("unit", "u1", "44")
    for seconds, fetches in ((0, 2), (0, 2), (9.9, 2), (0.2, 3), (0, 3)):
        ticks.at += seconds
        with pytest.raises(UnknownKey):
            await verifier.caller(stranger)
        assert issuer.fetches == fetches


async def test_old_keys_are_renewed_without_making_a_request_wait(ticks: Ticks) -> None:
    key = OKPKey.generate_key("Ed25519", auto_kid=True)
    door = Door(key)
    token = signed(key, "Ed25519")
    async with door.verifier(ticks=ticks) as verifier:
        await verifier.caller(token)
        await door.asked.acquire()
        door.answering.clear()
        ticks.at += 299
        await verifier.caller(token)
        assert door.asked.locked()
        ticks.at += 1
        await asyncio.wait_for(asyncio.gather(*(verifier.caller(token) for _ in range(5))), 1)
        await asyncio.wait_for(door.asked.acquire(), 10)
        assert door.asked.locked()


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_cached_keys_serve_on_when_the_issuer_fails(trouble: str, ticks: Ticks) -> None:
    key = OKPKey.generate_key("Ed25519", auto_kid=True)
    door = Door(key)
    token = signed(key, "Ed25519")
    async with door.verifier(ticks=ticks, patience=0.2) as verifier:
        await verifier.caller(token)
        spoil(door, trouble)
        for _ in range(2):
            ticks.at += 300
            await verifier.caller(token)
            await renewed(verifier)
        last = verifier._keys._fetching
        await verifier.caller(token)
        assert verifier._keys._fetching is last


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_without_any_keys_the_issuer_is_unavailable_until_it_answers(trouble: str) -> None:
    key = OKPKey.generate_key("Ed25519", auto_kid=True)
    door = Door(key)
    spoil(door, trouble)
    async with door.verifier(patience=0.2) as verifier:
        with pytest.raises(IssuerUnavailable) as refused:
            await verifier.caller(signed(key, "Ed25519"))
        assert refused.value.kind is Kind.UNAVAILABLE
        door.answering.set()
        door.status = 200
        door.publish(key)
        assert await verifier.caller(signed(key, "Ed25519"))


async def test_an_issuer_that_is_not_there_is_unavailable(issuer: Issuer) -> None:
    with Issuer().serve() as gone:
        url = gone.url
    async with aclosing(Verifier(jwks_url=url, issuer="skillcert", audience="skillcert")) as verifier:
        with pytest.raises(IssuerUnavailable):
            await verifier.caller(issuer.token("unit", "u1", "44"))


async def test_a_request_that_is_given_up_does_not_end_the_fetch_for_others() -> None:
    key = OKPKey.generate_key("Ed25519", auto_kid=True)
    door = Door(key)
    door.answering.clear()
    async with door.verifier() as verifier:
        given_up, waiting = (asyncio.create_task(verifier.caller(signed(key, "Ed25519"))) for _ in range(2))
        await door.asked.acquire()
        given_up.cancel()
        door.answering.set()
        assert (await waiting).subject == "li"
        assert door.asked.locked()


async def test_closing_ends_a_running_fetch() -> None:
    key = OKPKey.generate_key("Ed25519", auto_kid=True)
    door = Door(key)
    door.answering.clear()
    async with door.verifier(patience=60) as verifier:
        waiting = asyncio.create_task(verifier.caller(signed(key, "Ed25519")))
        await door.asked.acquire()
        await verifier.aclose()
        with pytest.raises(asyncio.CancelledError):
            await waiting


@pytest.mark.parametrize("url", ["file:///etc/keys", "ftp://host/keys", "keys.json", ""])
def test_keys_come_by_http_only(url: str) -> None:
    with pytest.raises(ValueError, match="http"):
        Verifier(jwks_url=url, issuer="skillcert", audience="skillcert")
