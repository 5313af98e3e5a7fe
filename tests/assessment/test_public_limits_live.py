"""How often one address may ask the public's doors of assessment, where the settings limit it."""

from pathlib import Path

import pytest

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from tests.live import running

pytestmark = pytest.mark.live


async def test_one_address_asks_so_often_and_no_more(servers: Servers, issuer: Issuer, tmp_path: Path) -> None:
    async with running("assessment", servers, issuer, tmp_path, public_limit=True) as limited:
        own = {"ticket": "T", "id_number": "1"}
        for path, body, most in (("/v1/objections/own", own, 10), ("/v1/batches/1/announcement", None, 60)):
            statuses = [
                (await limited.http.request("POST" if body else "GET", path, json=body)).status_code
                for _ in range(most + 5)
            ]
            assert statuses[:most] == [404] * most
            assert 429 in statuses[most:]
        page = await limited.http.get("/batches/1/announcement")
        assert (page.status_code, "访问过于频繁" in page.text) == (429, True)
