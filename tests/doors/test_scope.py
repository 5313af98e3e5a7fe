"""What a pilot unit of line 33 leaves behind is seen by its own line and the Center, and by nobody else."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import get_args

import httpx
import pytest
from fastapi.routing import APIRoute

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from shared.http.door import READS
from shared.settings import ServiceName
from tests.doors.made import MAKERS, UNIT, Made
from tests.doors.routes import allowed, api_routes, examples_of, method_of, writes
from tests.live import Running, running

pytestmark = pytest.mark.live

EVERYBODYS = {
    "/v1/occupations",
    "/v1/standards",
    "/v1/standards/{standard}",
    "/v1/standards/{standard}/difference/{other}",
    "/v1/plans/sections",
    "/v1/batches/modes",
    "/v1/programmes",
    "/v1/programmes/{programme}",
    "/v1/cycles",
    "/v1/cycles/{cycle}",
}
"""Read by everybody with a token: they belong to no line."""
ENDLESS = {"/v1/events/stream"}
"""Its answer does not end: what it shows is tried in tests/notification/test_streams_of_events_live.py."""
ASKED = {
    "/v1/events/timeline": "?subject={subject}",
    "/v1/checkpoints": "?line={line}",
    "/v1/checkpoints/latest": "?line={line}",
}
"""What a reading cannot do without."""
PAPERS = {"text/html", "application/vc+jwt"}
INSIDERS = {"unit": (UNIT, "33"), "authority": ("33", "33"), "center": ("center", None), "auditor": ("audit", None)}
OUTSIDERS = {
    "another line's authority": ("authority", "44", "44"),
    "another line's unit": ("unit", "unit-44-001", "44"),
    "another line's auditor": ("auditor", "audit-44", "44"),
    "another line's subscriber": ("subscriber", "reader-44", "44"),
    "another line's unit of the same name": ("unit", UNIT, "44"),
    "another unit of the line": ("unit", "unit-33-999", "33"),
}


@dataclass(frozen=True)
class Filled:
    """A running service in which the unit has left something, and the paths on which that is read."""

    service: Running
    made: Made

    def paths(self, role: str) -> list[str]:
        """The paths a role may read."""
        routes = api_routes(self.service.process.app())
        paths = [route.path for route in routes if self._is_read(route, role)]
        return [(path.replace(":path", "") + ASKED.get(path, "")).format(**self.made) for path in paths]

    def _is_read(self, route: APIRoute, role: str) -> bool:
        if route.path in EVERYBODYS | ENDLESS or method_of(route) not in READS:
            return False
        return role in (allowed(route) or ()) and set(route.param_convertors) <= self.made.keys()

    def shows(self, answer: httpx.Response) -> bool:
        """Whether an answer tells of what was left; a paper or credential is of nothing else."""
        if answer.headers["content-type"].split(";")[0] in PAPERS:
            return answer.is_success
        return any(f'"{name}"' in answer.text for name in (*self.made.values(), UNIT))


@pytest.fixture(scope="module", params=get_args(ServiceName))
async def filled(
    request: pytest.FixtureRequest, servers: Servers, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Filled]:
    name: ServiceName = request.param
    async with running(name, servers, issuer, tmp_path_factory.mktemp(f"scope-{name}")) as service:
        yield Filled(service, await MAKERS[name](service))


async def test_its_own_line_and_the_center_see_it(filled: Filled) -> None:
    seen = set()
    for role, (org, line) in INSIDERS.items():
        for path in filled.paths(role):
            answer = await filled.service.http.get(path, headers=filled.service.token(role, org, line))
            if answer.status_code == 200 and filled.shows(answer):
                seen.add(path)
    assert seen == {path for role in INSIDERS for path in filled.paths(role)}


@pytest.mark.parametrize("who", OUTSIDERS)
async def test_nobody_else_sees_it(filled: Filled, who: str) -> None:
    role, org, line = OUTSIDERS[who]
    for path in filled.paths(role):
        answer = await filled.service.http.get(path, headers=filled.service.token(role, org, line))
        assert answer.status_code in (200, 404), (path, answer.text)
        assert answer.status_code == 404 or not filled.shows(answer), (path, answer.text)


async def test_nobody_else_can_change_it(filled: Filled) -> None:
    for route in filter(writes, api_routes(filled.service.process.app())):
        if not route.param_convertors or not set(route.param_convertors) <= filled.made.keys():
            continue
        examples = examples_of(route)
        body = examples[0][1] if examples else []
        for role, org, line in OUTSIDERS.values():
            if role in (allowed(route) or ()):
                answer = await filled.service.http.request(
                    method_of(route),
                    route.path.replace(":path", "").format(**filled.made),
                    json=body,
                    headers=filled.service.token(role, org, line),
                )
                assert answer.status_code == 404, (route.path, role, line, answer.text)
