"""What the local servers are made of: programs, folders, ports and leashes."""

import fcntl
import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from infra.local import install, ports
from infra.local.folders import OWNER, private_environment, remove_abandoned, working_folder, write_private
from infra.local.leash import Leashed
from infra.waiting import TookTooLong, wait_until


def test_a_working_folder_is_private_and_gone_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with working_folder() as folder:
        assert folder.stat().st_mode & 0o077 == 0
        assert write_private(folder / "key", "secret").stat().st_mode & 0o777 == 0o400
    assert not folder.exists()


def test_an_abandoned_folder_is_removed_and_an_owned_or_foreign_one_is_not(tmp_path: Path) -> None:
    for name in ("skillcert-abandoned", "skillcert-owned", "skillcert-foreign", "other"):
        (tmp_path / name).mkdir()
    for name in ("skillcert-abandoned", "skillcert-owned", "other"):
        (tmp_path / name / OWNER).touch()
    with (tmp_path / "skillcert-owned" / OWNER).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        remove_abandoned(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"skillcert-owned", "skillcert-foreign", "other"}


def test_free_ports_differ_and_are_never_lent_to_clients() -> None:
    chosen = ports.free_ports(50)
    lowest_lent = int(ports.EPHEMERAL_RANGE.read_text().split()[0])
    assert len(set(chosen)) == 50
    assert lowest_lent <= ports.LOWEST + 1_000 or max(chosen) < lowest_lent


def test_a_port_listens_while_a_server_does() -> None:
    with socket.create_server((ports.LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        assert ports.listens(port)
    assert not ports.listens(port)


def test_a_leashed_process_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    started: list[Leashed] = []

    def start() -> None:
        command = ["sh", "-c", "echo started; exec sleep 60"]
        started.append(Leashed(command, private_environment(tmp_path), tmp_path / "log"))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    wait_until(lambda: "started" in (tmp_path / "log").read_text(), _soon(), "nothing in the log")
    assert started[0].runs()
    started[0].stop(grace=5)
    assert not started[0].runs()
    assert not Path(f"/proc/{started[0].pid}").exists()


def test_a_leashed_process_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    command = ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 60; done"]
    deaf = Leashed(command, private_environment(tmp_path), tmp_path / "log")
    wait_until(lambda: "deaf" in (tmp_path / "log").read_text(), _soon(), "nothing in the log")
    deaf.stop(grace=0.2)
    assert not deaf.runs()


def test_a_killed_leash_takes_its_process_along(tmp_path: Path) -> None:
    held = Leashed(["sleep", "60"], private_environment(tmp_path), tmp_path / "log")
    leash = int(Path(f"/proc/{held.pid}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(leash, signal.SIGKILL)
    wait_until(lambda: not held.runs() and _is_gone(held.pid), _soon(), "it still lives")


def test_a_program_that_is_not_there_is_an_ended_process_with_a_reason(tmp_path: Path) -> None:
    missing = Leashed(["/nowhere/program"], private_environment(tmp_path), tmp_path / "log")
    wait_until(lambda: not missing.runs(), _soon(), "it seems to run")
    assert "/nowhere/program" in (tmp_path / "log").read_text()


@pytest.mark.parametrize(("server", "variable"), [("rabbitmq_server", "AMQP_URL"), ("mongod", "MONGO_URL")])
def test_what_cannot_be_installed_here_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, server: str, variable: str
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(install, "RABBITMQ", Path("/nowhere/rabbitmq-server"))
    monkeypatch.setattr(install, "MONGOD_WHEEL", "no-such-wheel")
    with pytest.raises(install.ServersUnavailable, match=f"set {variable} to"):
        getattr(install, server)()


def test_a_given_url_asks_for_no_installation(capsys: pytest.CaptureFixture[str]) -> None:
    install.install({"AMQP_URL": "amqp://given/", "MONGO_URL": "mongodb://given/"})
    assert capsys.readouterr().out == ""


def test_waiting_ends_with_the_reason() -> None:
    with pytest.raises(TookTooLong, match="the kettle is cold"):
        wait_until(lambda: False, 0.0, "the kettle is cold")


def _soon() -> float:
    return time.monotonic() + 10


def _is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"
