"""The page for subscribers keeps its word: its commands run as they stand, its table is what the kit plays."""

import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from infra.docs.__main__ import ROOT
from infra.kit.scenarios import SCENARIOS

PAGE = (ROOT / "docs/subscribers.md").read_text(encoding="utf-8")
START, TRY = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
PORT = "8099"


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return str(taken.getsockname()[1])


def plain() -> dict[str, str]:
    """This environment without what the page sets itself."""
    return {name: value for name, value in os.environ.items() if not name.startswith("WEBHOOK_")}


@contextmanager
def endpoint(port: str) -> Iterator[None]:
    """The first commands, until the block ends; `exec`, so that what is ended is the endpoint and not a shell."""
    commands = START.replace(PORT, port).replace(".venv/bin/python", "exec .venv/bin/python")
    with subprocess.Popen(["bash", "-euc", commands], cwd=ROOT, env=plain()) as process:  # noqa: S603, S607 - our page
        try:
            while process.poll() is None and not listens(port):
                time.sleep(0.02)
            yield
        finally:
            process.terminate()


def listens(port: str) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", int(port)), timeout=1):
            return True
    except OSError:
        return False


def test_the_commands_of_the_page_find_nothing_wrong_with_the_endpoint_to_copy_from() -> None:
    port, report = free_port(), ROOT / "build/kit.json"
    report.unlink(missing_ok=True)
    with endpoint(port):
        done = subprocess.run(  # noqa: S603 - our page
            ["bash", "-euc", TRY.replace(PORT, port)],  # noqa: S607
            cwd=ROOT,
            env=plain(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    (promised,) = re.findall(r"ends with `(OK: [^`]*)`", PAGE)
    assert done.stdout.splitlines()[-1].strip() == promised
    said = json.loads(report.read_text(encoding="utf-8"))
    assert said["url"] == f"http://127.0.0.1:{port}/hooks"
    assert [one["name"] for one in said["scenarios"] if one["verdict"] != "right"] == ["pushback"]


def test_where_no_endpoint_listens_the_same_command_says_so_and_fails() -> None:
    done = subprocess.run(  # noqa: S603 - our page
        ["bash", "-euc", TRY.replace(PORT, free_port())],  # noqa: S607
        cwd=ROOT,
        env=plain(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "start the endpoint, or mend the URL" in done.stdout


def test_the_table_is_what_the_kit_plays() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| (.*) \| (.*) \|$", PAGE, re.MULTILINE)
    assert rows == [(one.name, one.title, one.should) for one in SCENARIOS]


@pytest.mark.parametrize("option", ["--json", "--limit", "--pause"])
def test_an_option_of_the_page_is_one_of_the_kit(option: str) -> None:
    helped = subprocess.run(  # noqa: S603 - our own module
        [str(ROOT / ".venv/bin/python"), "-m", "infra.kit", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert option in PAGE
    assert option in helped.stdout
