"""Where addresses are counted and nothing is signed: the board says so, and still shows its notices."""

from pathlib import Path

import pytest

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from tests.live import running
from tests.notification.test_notices_live import Public

pytestmark = pytest.mark.live
PER_MINUTE = 60


async def test_an_address_that_asks_too_often_gets_a_page_that_says_so(
    servers: Servers, issuer: Issuer, tmp_path: Path
) -> None:
    async with running("notification", servers, issuer, tmp_path, public_limit=True) as service:
        answers = [await service.http.get("/notices") for _ in range(PER_MINUTE + 5)]
        assert {answer.status_code for answer in answers[: PER_MINUTE - 1]} == {200}
        assert answers[-1].status_code == 429
        assert "访问过于频繁" in answers[-1].text
        assert (await service.http.get("/v1/notices")).status_code == 429


async def test_without_keys_a_notice_is_shown_with_its_place_and_only_the_signature_is_missing(
    servers: Servers, issuer: Issuer, tmp_path: Path
) -> None:
    async with running("notification", servers, issuer, tmp_path, credential_keys=None) as service:
        public = Public(service)
        made = await public.announce()
        found = await public.seen(made["id"])
        page = await service.http.get(f"/notices/{made['id']}")
        assert (page.status_code, found["digest"] in page.text) == (200, True)
        proof = await service.http.get(f"/v1/notices/{made['id']}/proof")
        assert (proof.status_code, proof.json()["type"].rpartition(":")[2]) == (503, "no-credential-keys")
