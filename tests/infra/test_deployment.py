"""What docker-compose.yml and the files it uses say, held against the settings, commands and files that are there."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import chain, pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from infra.broker import SERVICES
from infra.deploy_check import COMPOSE_FILE, ROOT, check, compose_command, refusal, variables
from infra.order import read_order
from infra.provision import REPLICA_SET
from services.commands import app
from shared.settings import Settings

DOCKERFILE = ROOT / "infra/docker/Dockerfile"
FILES = [COMPOSE_FILE, DOCKERFILE, *sorted((ROOT / "infra/docker").glob("*.*"))]
FILLED = {name: value or f"filled-{name}" for name, value in variables().items()}
SUBSTITUTED = re.compile(r"\$\{([A-Z_]+):([?-])([^}]*)\}")
SECRET_NAME = re.compile(r"PASS|KEY|SECRET|TOKEN")
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+[\w.-]*")

OPTIONAL = {"SMTP_URL", "MAIL_FROM"}
"""What may stay empty: without it a part of the product is off."""

Part = dict[str, Any]


def _filled(text: str) -> str:
    return SUBSTITUTED.sub(lambda found: FILLED.get(found[1], ""), text).replace("$$", "$")


WRITTEN: dict[str, Part] = yaml.safe_load(COMPOSE_FILE.read_text(encoding="utf-8"))["services"]
PARTS: dict[str, Part] = yaml.safe_load(_filled(COMPOSE_FILE.read_text(encoding="utf-8")))["services"]
OURS = {name: part for name, part in PARTS.items() if part["image"].startswith("skillcert:")}
SCALED = [f"{service}-{role}" for service in SERVICES for role in ("api", "worker")]
PROCESSES = [*SCALED, *(f"prepare-{service}" for service in SERVICES)]


def _runs_once(part: Part) -> bool:
    return bool(part["restart"] == "no")


def _service_of(process: str) -> str:
    return next(service for service in SERVICES if service in process)


def _environments() -> Iterator[tuple[str, str]]:
    return chain.from_iterable(part.get("environment", {}).items() for part in WRITTEN.values())


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_is_given_every_setting_it_needs_and_none_it_does_not_know(process: str) -> None:
    environment = PARTS[process]["environment"]
    assert set(environment) <= {name.upper() for name in Settings.model_fields}
    told = {name.lower(): value for name, value in environment.items()}
    settings = Settings.model_validate({"service": _service_of(process), **told})
    assert settings.http_host == "0.0.0.0"  # noqa: S104 - inside its container


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_knows_its_own_user_and_database_by_what_provision_makes_them(process: str) -> None:
    order, service = read_order(PARTS["provision"]["environment"]), _service_of(process)
    environment = PARTS[process]["environment"]
    amqp, mongo = urlsplit(environment["AMQP_URL"]), urlsplit(environment["MONGO_URL"])
    assert (amqp.username, amqp.password) == (service, order.amqp_passwords[service])
    assert (mongo.username, mongo.password) == (service, order.mongo_passwords[service])
    assert (mongo.path, mongo.query) == (f"/{service}", f"authSource={service}&replicaSet={REPLICA_SET}")


def test_provision_speaks_to_the_member_that_is_preferred_as_primary() -> None:
    assert read_order(PARTS["provision"]["environment"]).replica_member == "mongo-1:27017"
    (script,) = PARTS["replica-set"]["command"]
    assert re.findall(r'host: "([\w-]+):27017", priority: (\d)', script) == [
        ("mongo-1", "2"),
        ("mongo-2", "1"),
        ("mongo-3", "1"),
    ]
    assert f'_id: "{REPLICA_SET}"' in script
    assert all(REPLICA_SET in PARTS[name]["command"] for name in ("mongo-1", "mongo-2", "mongo-3"))


def test_every_command_is_one_that_the_image_knows() -> None:
    entries = {name: part["entrypoint"] for name, part in OURS.items() if "entrypoint" in part}
    assert entries == {"provision": ["python", "-m", "infra.provision"]}
    assert find_spec("infra.provision")
    for name in PROCESSES:
        _, told, _ = app.parse_args(PARTS[name]["command"], exit_on_error=False, print_error=False)
        assert told.arguments["service"] == _service_of(name)
        assert told.arguments.get("role", "worker") in name.replace("prepare", "worker")


def test_every_service_has_an_api_and_a_worker_that_scale_alone() -> None:
    assert set(SCALED) <= set(PARTS)
    for name in SCALED:
        assert "container_name" not in PARTS[name]
        assert "volumes" not in PARTS[name]
        assert ("ports" in PARTS[name]) == name.endswith("-api")


def test_host_ports_are_local_and_never_clash() -> None:
    published = [port.split(":") for part in PARTS.values() for port in part.get("ports", ())]
    assert {address for address, _, _ in published} == {"127.0.0.1"}
    ranges = sorted((int(ports.split("-")[0]), int(ports.split("-")[-1])) for _, ports, _ in published)
    assert all(last < first for (_, last), (first, _) in pairwise(ranges))
    assert all("-" in PARTS[f"{service}-api"]["ports"][0] for service in SERVICES)


def test_whatever_keeps_running_is_asked_after_its_health() -> None:
    assert "/health/live" in DOCKERFILE.read_text(encoding="utf-8").partition("\nHEALTHCHECK")[2]
    for name, part in PARTS.items():
        health = part.get("healthcheck", {})
        assert health.get("disable", False) == _runs_once(part), name
        assert _runs_once(part) or health.get("test") or name in OURS, name


def test_whoever_waits_waits_for_health_or_for_success() -> None:
    for name, part in PARTS.items():
        for needed, wait in part.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if _runs_once(PARTS[needed]) else "service_healthy"
            assert wait["condition"] == wanted, (name, needed)


def test_no_service_speaks_before_every_queue_is_there() -> None:
    prepared = {f"prepare-{service}" for service in SERVICES}
    assert all(prepared <= set(PARTS[name]["depends_on"]) for name in SCALED)
    assert all(set(PARTS[name]["depends_on"]) == {"provision"} for name in prepared)
    assert "replica-set" in PARTS["provision"]["depends_on"]


def test_processes_of_ours_can_write_nothing_and_have_no_rights() -> None:
    for part in OURS.values():
        assert (part["read_only"], part["cap_drop"]) == (True, ["ALL"])
    assert re.search(r"^USER \d+:\d+$", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE)


def test_every_host_in_a_url_is_part_of_the_stack() -> None:
    collector = yaml.safe_load((ROOT / "infra/docker/collector.yaml").read_text(encoding="utf-8"))
    urls = [value for part in PARTS.values() for value in part.get("environment", {}).values() if "://" in value]
    hosts = {address for url in urls for address in urlsplit(url).netloc.rpartition("@")[2].split(",")}
    hosts.add(collector["exporters"]["otlp_grpc"]["endpoint"])
    assert {host.split(":")[0] for host in hosts} <= set(PARTS)


def test_every_variable_is_in_the_example_and_every_one_in_the_example_is_used() -> None:
    assert {found[1] for found in SUBSTITUTED.finditer(COMPOSE_FILE.read_text(encoding="utf-8"))} == set(variables())


def test_what_has_no_default_is_asked_for_by_its_name() -> None:
    written = COMPOSE_FILE.read_text(encoding="utf-8")
    assert len(re.findall(r"(?<!\$)\$\{", written)) == len(SUBSTITUTED.findall(written))
    for name, kind, text in SUBSTITUTED.findall(written):
        assert (kind, text) == (
            ("-", variables()[name]) if variables()[name] or name in OPTIONAL else ("?", f"set {name} in .env")
        )


def test_no_secret_is_written_down() -> None:
    assert not [name for name, value in variables().items() if value and SECRET_NAME.search(name)]
    for name, value in _environments():
        assert not SECRET_NAME.search(name) or SUBSTITUTED.fullmatch(value), name
        assert not re.search(r"://\w+:(?!\$\{)[^@/]*@", value), name
    for file in FILES:
        words = re.findall(r"[A-Za-z0-9+/]{20,}=*", file.read_text(encoding="utf-8"))
        assert not [word for word in words if re.search(r"\d.*\d.*\d", word)], file


def test_every_image_is_pinned_to_a_minor_version() -> None:
    stages = re.findall(
        r"(?:^FROM|--from=)\s*(\S+)(?: AS (\w+))?", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE
    )
    own = {name for _, name in stages}
    images = [part["image"] for part in PARTS.values()] + [image for image, _ in stages if image not in own]
    assert not [image for image in images if not PINNED.fullmatch(image)]


def test_every_mounted_and_built_file_is_there() -> None:
    declared = yaml.safe_load(COMPOSE_FILE.read_text(encoding="utf-8"))["volumes"]
    for part in PARTS.values():
        for source in (volume.split(":")[0] for volume in part.get("volumes", ())):
            assert (ROOT / source).is_file() if source.startswith("./") else source in declared
        build = part.get("build", {"context": ".", "dockerfile": "infra/docker/Dockerfile"})
        assert ROOT / build["context"] / build["dockerfile"] == DOCKERFILE
        assert f" AS {build.get('target', 'packages')}\n" in DOCKERFILE.read_text(encoding="utf-8")


def test_the_image_is_built_once() -> None:
    assert [name for name, part in OURS.items() if "build" in part] == ["provision"]


def _ignored(path: Path) -> bool:
    """Docker's rule: the last pattern that matches the path or a folder above it decides."""
    ignored = False
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = re.escape(line.lstrip("!")).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
        if line and not line.startswith("#") and any(re.fullmatch(pattern, str(p)) for p in (path, *path.parents)):
            ignored = not line.startswith("!")
    return ignored


def _copied() -> list[Path]:
    """The files, by their paths in the repository, that the Dockerfile copies into the image."""
    lines = re.findall(r"^COPY (?!--)(.+) \S+$", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE)
    found: list[Path] = []
    for source in " ".join(lines).split():
        tops = list(ROOT.glob(source))
        assert tops, source
        found += chain.from_iterable([top] if top.is_file() else top.rglob("*") for top in tops)
    return [path.relative_to(ROOT) for path in found if path.is_file() and "__pycache__" not in path.parts]


def test_what_is_copied_into_the_image_is_not_ignored_and_the_rest_is() -> None:
    assert not [path for path in _copied() if _ignored(path)]
    assert all(_ignored(Path(name)) for name in (".env", ".git/HEAD", "tests/live.py", "shared/__pycache__/x.pyc"))


def test_what_is_copied_is_enough_to_run(tmp_path: Path) -> None:
    for path in _copied():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    apps = [f"services.{file.parent.name}.app" for file in tmp_path.glob("services/*/app.py")]
    assert apps
    script = f"import services.commands, infra.provision, {', '.join(apps)}"
    command = [sys.executable, "-W", "error", "-c", script]
    subprocess.run(command, cwd=tmp_path, env={"PATH": os.environ["PATH"]}, check=True)  # noqa: S603 - our own files


@pytest.mark.skipif(compose_command() is None, reason="there is no Docker Compose here")
def test_compose_takes_the_file_and_refuses_a_wrong_one(tmp_path: Path) -> None:
    compose = compose_command()
    assert compose
    assert refusal(compose) == ""
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text("services: {one: {imagine: that}}")
    assert "imagine" in refusal(compose, wrong)


def test_without_compose_the_check_says_so_and_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert check() == 0
    assert "no Docker Compose here" in capsys.readouterr().out
