"""The first page keeps its word: its ten lines hear a certificate, its commands and links are there."""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aio_pika
import pytest

from infra.docs.__main__ import ROOT
from infra.docs.examples import example_of
from infra.local.servers import Servers
from shared.events.registry import CertificateFiled, PlanFiled
from shared.messaging.topology import EVENTS

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
QUEUE = "example.certificates"
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def block() -> str:
    """The Python code of the README."""
    blocks = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1
    return str(blocks[0])


def test_a_subscriber_takes_ten_lines() -> None:
    assert len([line for line in block().splitlines() if line.strip()]) == 10


@asynccontextmanager
async def subscriber(url: str) -> AsyncIterator[asyncio.StreamReader]:
    """What the ten lines print, run as somebody would who copied them."""
    environment = {**os.environ, "AMQP_URL": url, "PYTHONUNBUFFERED": "1"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", block(), env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()


@asynccontextmanager
async def exchange(servers: Servers) -> AsyncIterator[aio_pika.abc.AbstractExchange]:
    """The exchange, with no queue of the subscriber's before or after."""
    async with await aio_pika.connect(servers.admin_amqp_url) as connection:
        channel = await connection.channel()
        await channel.queue_delete(QUEUE)
        yield await channel.get_exchange(EVENTS)
        await channel.queue_delete(QUEUE)


def message_of(example: dict[str, Any]) -> aio_pika.Message:
    return aio_pika.Message(json.dumps(example["body"]).encode(), headers=example["headers"], delivery_mode=2)


@pytest.mark.live
async def test_the_ten_lines_hear_certificates_and_nothing_else(servers: Servers) -> None:
    certificate, plan = example_of(CertificateFiled), example_of(PlanFiled)
    async with exchange(servers) as events, subscriber(servers.admin_amqp_url) as printed:
        line = b""
        async with asyncio.timeout(30):
            while not line:  # said again until the queue is bound: before, nobody hears it
                await events.publish(message_of(plan), PlanFiled.type)
                await events.publish(message_of(certificate), CertificateFiled.type, mandatory=False)
                with suppress(TimeoutError):
                    line = await asyncio.wait_for(printed.readline(), 0.2)
    identity, body = line.decode().split(" ", 1)
    assert identity == certificate["headers"]["ce-id"]
    assert json.loads(body) == certificate["body"]


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_every_make_target_that_is_named_is_there(page: Path) -> None:
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert named
    assert named <= TARGETS


def test_what_ci_runs_is_what_the_readme_says_it_runs() -> None:
    (said,) = re.findall(r"CI runs (.*), nothing else", README)
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert re.findall(r"`(make [a-z]+)`", said) == re.findall(r"^make [a-z]+", script, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file_or_a_heading(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    headings = {
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.*)", text, re.MULTILINE)
    }
    for target in re.findall(r"\]\(([^)]+)\)", text):
        file, _, anchor = target.partition("#")
        assert "://" in target or not file or (page.parent / file).exists(), target
        assert file or anchor in headings, target
