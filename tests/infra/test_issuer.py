"""The local issuer of tokens."""

import httpx
import pytest

from infra.local.issuer import Issuer


def test_it_publishes_no_private_key() -> None:
    issuer = Issuer()
    issuer.rotate()
    assert [sorted(key) for key in issuer.jwks()["keys"]] == [["alg", "crv", "kid", "kty", "use", "x"]] * 2


def test_it_knows_the_roles_only() -> None:
    with pytest.raises(ValueError, match="king"):
        Issuer().token("king", "o1")


def test_it_serves_its_keys_and_nothing_else_until_the_block_ends() -> None:
    issuer = Issuer()
    with issuer.serve() as serving:
        url = serving.url
        assert httpx.get(url).json() == issuer.jwks()
        assert httpx.get(f"{url}/more").status_code == 404
    assert issuer.url == ""
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_a_rotated_key_stays_published_until_it_is_dropped() -> None:
    issuer = Issuer()
    old = issuer.jwks()["keys"]
    issuer.rotate()
    assert issuer.jwks()["keys"][1:] == old
    issuer.drop_old()
    assert len(issuer.jwks()["keys"]) == 1
    assert issuer.jwks()["keys"] != old
