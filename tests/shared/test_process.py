"""One process of a service: what it does by its role, and how it ends when its work cannot go on."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from infra.local.issuer import Issuer
from infra.local.servers import Servers
from services.registry.app import build
from shared.errors import NotFound
from shared.process import Process, Service, Step, Tools, serve
from shared.settings import Settings
from tests.live import eventually, is_ready, served, settings_for

pytestmark = pytest.mark.live
ID_NUMBER = "110105188912310021"


@pytest.fixture
def settings(servers: Servers, issuer: Issuer, tmp_path: Path) -> Settings:
    return settings_for("registry", servers, issuer.url, tmp_path)


def with_loop(loop: Step) -> Callable[[Tools], Service]:
    """The registry with one more loop."""
    return lambda tools: replace(build(tools), loops=[loop])


async def defect() -> None:
    raise ValueError(f"no such person: {ID_NUMBER}")


async def test_a_defect_in_a_loop_turns_readiness_red_and_its_cause_is_logged(settings: Settings) -> None:
    tools = Tools.made(settings)
    process = Process(tools, with_loop(defect)(tools))
    with capture_logs() as logs:
        async with served(process) as http:
            await eventually(process.broken.wait)
            answer = await http.get("/health/ready")
    assert (answer.status_code, answer.json()["failing"]["prepared"]) == (503, "stopped")
    [causes] = [line["causes"] for line in logs if line["event"] == "stopped by a defect"]
    assert causes[0].startswith("ValueError: no such person: 110105********0021 (")
    assert __file__ in causes[0]


async def test_a_process_with_a_defect_ends_so_that_its_supervisor_starts_it_again(settings: Settings) -> None:
    def process() -> None:
        with pytest.raises(SystemExit, match="1"):
            serve(settings, with_loop(defect))

    await asyncio.wait_for(asyncio.to_thread(process), 30)


async def test_a_loop_that_meets_an_outage_goes_on_after_it(settings: Settings) -> None:
    turns: list[int] = []

    async def meets_an_outage_once() -> None:
        turns.append(len(turns))
        if len(turns) == 1:
            raise NotFound("away for a moment")
        await asyncio.Event().wait()

    async def second() -> bool:
        return len(turns) == 2

    tools = Tools.made(settings)
    async with served(Process(tools, with_loop(meets_an_outage_once)(tools))) as http:
        await eventually(second)
        assert await is_ready(http)


@pytest.mark.parametrize(
    ("role", "answers", "works"), [("api", 401, False), ("worker", 404, True), ("both", 401, True)]
)
async def test_an_api_process_answers_and_a_worker_works(
    settings: Settings, role: str, answers: int, works: bool
) -> None:
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()
        await asyncio.Event().wait()

    tools = Tools.made(settings.model_copy(update={"role": role}))
    async with served(Process(tools, with_loop(work)(tools))) as http:
        await eventually(lambda: is_ready(http))
        assert (await http.get("/v1/plans")).status_code == answers
    assert begun.is_set() is works
