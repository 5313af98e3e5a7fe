"""Checks that Docker Compose takes docker-compose.yml with every variable filled: `python -m infra.deploy_check`.

It needs no Docker daemon. What the file says is checked by tests/infra/test_deployment.py, with or without Compose.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMPOSE_FILE = ROOT / "docker-compose.yml"
ENV_EXAMPLE = ROOT / "infra/docker/env.example"

INSTALL = ("install", "-y", "--no-install-recommends", "docker-compose")


def variables(example: Path = ENV_EXAMPLE) -> dict[str, str]:
    """What `.env` has to name, each with its default or nothing."""
    return dict(re.findall(r"^([A-Z][A-Z0-9_]*)=(.*)$", example.read_text(encoding="utf-8"), re.MULTILINE))


def compose_command() -> list[str] | None:
    """How Compose is called here: Docker's plugin, the program of its own, or None where there is neither."""
    if shutil.which("docker") and _run(["docker", "compose", "version"]).returncode == 0:
        return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else None


def install_compose() -> bool:
    """Install Debian's docker-compose; False where that takes apt-get and root that are not there, or it fails."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return False
    print("installing docker-compose with apt-get", file=sys.stderr)
    # Another apt-get may be at work on the same machine: wait for it.
    patient = [apt, "-o", "DPkg::Lock::Timeout=120"]
    return all(_run([*patient, *step]).returncode == 0 for step in (("update",), INSTALL))


def refusal(compose: Sequence[str], file: Path = COMPOSE_FILE) -> str:
    """Why Compose does not take the file; empty when it does."""
    filled = "".join(f"{name}={value or 'filled'}\n" for name, value in variables().items())
    with tempfile.NamedTemporaryFile("w", suffix=".env", encoding="utf-8") as env:
        env.write(filled)
        env.flush()
        done = _run([*compose, "--env-file", env.name, "-f", str(file), "config", "--quiet"])
    return (done.stderr.strip() or "no reason given") if done.returncode else ""


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    # None of the caller's variables: they would go before those of the file.
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment["DEBIAN_FRONTEND"] = "noninteractive"
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def check() -> int:
    """Say how it went in one line; 1 where Compose refuses the file."""
    compose = compose_command() or (compose_command() if install_compose() else None)
    if compose is None:
        print("deployment: no Docker Compose here (it takes apt-get and root to install it), so the tests alone check")
        return 0
    why = refusal(compose)
    print(f"deployment: `{' '.join(compose)}` refuses {COMPOSE_FILE.name}: {why}" if why else "deployment: ok")
    return 1 if why else 0


if __name__ == "__main__":
    sys.exit(check())
