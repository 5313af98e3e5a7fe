"""Tokens, good and bad, over real HTTP."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import OctKey, OKPKey

from infra.local.issuer import Issuer
from shared.auth import (
    AlgorithmRefused,
    BadSignature,
    Caller,
    Expired,
    MalformedClaims,
    MalformedToken,
    NotYetValid,
    Role,
    Unauthenticated,
    Verifier,
    WrongAudience,
    WrongIssuer,
)
from shared.errors import Kind
from tests.shared.auth.doubles import claims, signed


async def test_a_token_names_its_caller(issuer: Issuer, verifier: Verifier) -> None:
    token = issuer.token("unit", "u1", "44", subject="li")
    named = Caller(subject="li", role=Role.UNIT, organisation="u1", authority="44")
    assert await verifier.caller(token) == named


@pytest.mark.parametrize("role", Role)
async def test_every_role_can_carry_an_authority(role: Role, issuer: Issuer, verifier: Verifier) -> None:
    caller = await verifier.caller(issuer.token(role, "o1", "44"))
    assert (caller.role, caller.authority) == (role, "44")


@pytest.mark.parametrize("role", ["center", "auditor"])
async def test_the_center_and_auditors_need_no_authority(role: str, issuer: Issuer, verifier: Verifier) -> None:
    assert (await verifier.caller(issuer.token(role, "o1"))).authority is None


@pytest.mark.parametrize("role", ["authority", "unit", "assessor", "supervisor", "subscriber"])
async def test_nobody_else_sees_all_for_want_of_an_authority(role: str, issuer: Issuer, verifier: Verifier) -> None:
    with pytest.raises(MalformedClaims, match="authority"):
        await verifier.caller(issuer.token(role, "o1"))


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"exp": timedelta(seconds=-31)}, Expired),
        ({"nbf": timedelta(seconds=60)}, NotYetValid),
        ({"iat": timedelta(seconds=60)}, NotYetValid),
        ({"iss": "another"}, WrongIssuer),
        ({"aud": "another"}, WrongAudience),
        ({"aud": ["another", "third"]}, WrongAudience),
        ({"aud": []}, WrongAudience),
    ],
)
async def test_a_claim_that_does_not_hold_refuses_the_token(
    changed: dict[str, Any], refusal: type[Unauthenticated], issuer: Issuer, verifier: Verifier
) -> None:
    with pytest.raises(refusal) as refused:
        await verifier.caller(issuer.sign(claims(**changed)))
    assert refused.value.kind is Kind.UNAUTHENTICATED
    assert refused.value.slug.startswith("token-")


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": timedelta(seconds=-15)},
        {"nbf": timedelta(seconds=25)},
        {"iat": timedelta(seconds=25)},
        {"aud": ["another", "skillcert"]},
        {"nbf": None},
        {"azp": "more claims", "scope": ["x"]},
    ],
)
async def test_a_small_skew_and_unknown_claims_do_not_matter(
    changed: dict[str, Any], issuer: Issuer, verifier: Verifier
) -> None:
    assert (await verifier.caller(issuer.sign(claims(**changed)))).subject == "li"


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        *[(name, None) for name in ("iss", "aud", "sub", "role", "org", "authority", "exp", "iat")],
        *[(name, "") for name in ("iss", "aud", "sub", "role", "org", "authority")],
        *[(name, 7) for name in ("iss", "aud", "sub", "role", "org", "authority")],
        *[("role", "king"), ("role", ["center"]), ("org", "x" * 201), ("aud", [7])],
        *[(name, "soon") for name in ("exp", "iat", "nbf")],
        *[("exp", value) for value in (float("nan"), float("inf"), True, 10**400)],
    ],
)
async def test_a_malformed_claim_is_named_and_not_shown(
    claim: str, value: object, issuer: Issuer, verifier: Verifier
) -> None:
    with pytest.raises(MalformedClaims, match=claim) as refused:
        await verifier.caller(issuer.sign(claims(**{claim: value})))
    assert "king" not in f"{refused.value} {refused.value.__cause__}"


@pytest.mark.parametrize("payload", ["", "[]", "7", "null", "{", "[" * 5000])
async def test_a_signed_text_without_claims_is_refused(payload: str, issuer: Issuer, verifier: Verifier) -> None:
    key = issuer._keys[0]
    token = jws.serialize_compact({"alg": "Ed25519", "kid": key.kid}, payload, key, algorithms=["Ed25519"])
    with pytest.raises(MalformedClaims):
        await verifier.caller(token)


@pytest.mark.parametrize(
    "token",
    [
        *["", ".", "..", "...", "a.b.c", "Bearer x", "é.é.é", "\ud800", "x" * 200_000],
        *[f"{header}.e30.AAAA" for header in ("bnVsbA", "Nw", "W10", "WyJhbGciXQ", "WyJhbGciLCJiNjQiXQ", "e30")],
        *["eyJhbGciOjd9.e30.AAAA", "eyJhbGciOiJFZDI1NTE5Iiwia2lkIjo3fQ.e30.AAAA"],
        *["eyJhbGciOiJFZDI1NTE5IiwiY3JpdCI6N30.e30.AAAA", "eyJhbGciOiJFZDI1NTE5IiwiY3JpdCI6WyJ4Il19.e30.AAAA"],
    ],
    ids=lambda token: f"{len(token)} characters",
)
async def test_what_is_no_signed_token_is_refused(token: str, verifier: Verifier, issuer: Issuer) -> None:
    with pytest.raises(MalformedToken):
        await verifier.caller(token)
    assert issuer.fetches == 0


@pytest.mark.parametrize("algorithm", ["none", "HS256", "HS512", "EdDSA", "PS256", "RS384", "made-up"])
async def test_other_algorithms_are_refused_unseen(algorithm: str, verifier: Verifier, issuer: Issuer) -> None:
    # The classic attack: the published key, taken as the secret of a MAC.
    key = OctKey.import_key(json.dumps(issuer.jwks()))
    good = jwt.encode({"alg": "HS256"}, claims(), key, algorithms=["HS256"])
    header = base64.urlsafe_b64encode(json.dumps({"alg": algorithm}).encode()).rstrip(b"=").decode()
    with pytest.raises(AlgorithmRefused):
        await verifier.caller(f"{header}.{good.split('.')[1]}.{good.split('.')[2]}")


async def test_a_changed_token_is_refused(issuer: Issuer, verifier: Verifier) -> None:
    header, _, signature = issuer.token("unit", "u1", "44").split(".")
    other = issuer.token("center", "c").split(".")[1]
    for token in (f"{header}.{other}.{signature}", f"{header}.{other}.", f"{header}.{other}.AAAA"):
        with pytest.raises(BadSignature):
            await verifier.caller(token)


async def test_a_token_of_a_foreign_key_with_the_right_name_is_refused(issuer: Issuer, verifier: Verifier) -> None:
    foreign = OKPKey.generate_key("Ed25519", parameters={"kid": str(issuer._keys[0].kid)})
    with pytest.raises(BadSignature):
        await verifier.caller(signed(foreign, "Ed25519"))
