"""The shape of the code, kept by lints: short files and functions, rooms that look alike, the trade's own words."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).resolve().parents[1]
CODE = sorted(file for part in ("services", "shared", "infra") for file in (ROOT / part).rglob("*.py"))
SERVICES = sorted(folder.parent for folder in (ROOT / "services").glob("*/app.py"))
ROOMS = sorted(folder for service in SERVICES for folder in service.iterdir() if (folder / "__init__.py").exists())

LONGEST_FILE = 250
ROOM_FILES = {"commands", "domain", "handlers", "storage", "consumers", "api", "__init__"}
SERVICE_FILES = {"app", "rooms", "__init__"}
SERVICES_FILES = {"commands", "__init__", "__main__"}
EXTRA_FILES = {
    "assessment/notices/pages.py": "the public's pages of HTML, where whatever goes wrong is a page as well",
    "assessment/imports/takers.py": "which room takes which rows of a file: the one place that knows both",
    "assessment/imports/worker.py": "the loop that goes through files run by run and line by line: in no handler",
    "notification/deliveries/posting.py": "one attempt over HTTP and its span: neither a rule nor a write",
    "notification/subscriptions/calls.py": "the challenge and the test call over HTTP: neither rule nor write",
    "notification/subscriptions/wire.py": "one bounded connection to a foreign endpoint: below outward.py",
    "notification/subscriptions/outward.py": "one signed request to a foreign endpoint: neither a rule nor a write",
    "notification/deliveries/lanes": "what is due for one endpoint, tried so that it holds up no other",
    "notification/deliveries/sender.py": "the loop over all lanes, and the one place their outcomes are written",
    "notification/feed/growth.py": "waiting for the feed to grow: for readers and the fan-out, in no handler",
    "notification/mails/letters.py": "the one place that writes what mails say: a picture of items, not a rule",
    "notification/mails/posting.py": "the one place that speaks SMTP: one attempt, neither a rule nor a write",
    "notification/mails/sender.py": "the loop over the mails that are due, in no handler",
    "notification/notices/atom.py": "the one place that writes Atom: a picture of notices, not a rule",
    "notification/notices/pages.py": "the public board of HTML, where whatever goes wrong is a page as well",
    "notification/streams/broker.py": "the one place that knows what RabbitMQ is told: neither a rule nor a write",
    "notification/subscriptions/hosts.py": "looks up hosts at the network: asked at the door and at each attempt",
    "registry/verification/pages.py": "the public's doors of HTML, where whatever goes wrong is a page as well",
    "registry/verification/printing.py": "the one place that knows WeasyPrint: a page becomes a PDF in a thread",
    "registry/verification/rendering.py": "what the paper's template needs beside the sheet: its QR code, a drawing",
    "registry/verification/signing.py": "the keys of credentials: neither a rule nor a write",
}

AVOIDED_CLASSES = re.compile(r"(Base|Abstract)[A-Z]\w*|\w*(Manager|Service|Impl)")
AVOIDED_MODULES = {"utils", "util", "helpers", "helper", "misc", "common"}
MEANT_OTHERWISE = {
    "assessment": "the name of the service; the regime is called appraisal",
    "closed": "a batch is closed before its results are finalised: the period is over, the chunks are being said",
    "delete": "a subscription can be deleted; a certificate or a pilot status never",
    "grade": "the yearly grade of an assessor's work (年度考核等次); a level is never called so",
    "id": "every entity has an identity; a certificate's number and a person's ID number are not called so",
    "registration": "the days in which candidates are entered (报名); a filing is never called so",
    "region": "where a unit is or a plan is for, by GB/T 2260; an authority is never called so",
    "retry": "the header Retry-After of an endpoint's answer has its name from HTTP; trying again is never called so",
    "pass": "the pass line and the pass rate; the document for the exam is a ticket",
}


def named(files: list[Path]) -> list[str]:
    return [file.relative_to(ROOT).as_posix() for file in files]


def test_no_file_is_longer_than_250_lines() -> None:
    long = [file for file in CODE if len(file.read_text(encoding="utf-8").splitlines()) > LONGEST_FILE]
    assert named(long) == []


def test_every_module_opens_by_saying_what_it_is_for() -> None:
    modules = [*CODE, *sorted((ROOT / "tests").rglob("*.py"))]
    assert named([file for file in modules if not ast.get_docstring(ast.parse(file.read_bytes()))]) == []


def functions() -> Iterator[int]:
    """How many lines each function takes."""
    for file in CODE:
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                yield node.end_lineno - node.lineno + 1


def test_half_of_all_functions_take_ten_lines_and_nine_in_ten_take_thirty() -> None:
    lengths = sorted(functions())
    assert median(lengths) <= 10
    assert lengths[len(lengths) * 9 // 10] <= 30


# -- rooms ---------------------------------------------------------------------------------------------


def strangers() -> Iterator[str]:
    """Modules and folders of the services whose names are not those every service and room has."""
    known = {ROOT / "services": SERVICES_FILES | {service.name for service in SERVICES}}
    known |= {service: SERVICE_FILES | {room.name for room in ROOMS} for service in SERVICES}
    known |= dict.fromkeys(ROOMS, ROOM_FILES)
    for folder, expected in known.items():
        for item in sorted(folder.iterdir()):
            is_code = item.suffix == ".py" or (item.is_dir() and any(item.glob("*.py")))
            if is_code and item.stem not in expected:
                yield item.relative_to(ROOT / "services").as_posix()


def test_rooms_hold_only_the_files_that_every_room_has_and_those_with_a_reason() -> None:
    assert set(strangers()) == set(EXTRA_FILES)


def test_a_file_becomes_a_folder_only_when_it_would_be_too_long() -> None:
    for room in ROOMS:
        for folder in (item for item in room.iterdir() if item.is_dir() and item.stem in ROOM_FILES):
            lines = sum(len(file.read_text(encoding="utf-8").splitlines()) for file in folder.rglob("*.py"))
            assert lines > LONGEST_FILE, folder


def test_beside_code_a_service_holds_its_data_and_one_readme() -> None:
    files = [file for service in SERVICES for file in service.rglob("*") if file.is_file() and file.suffix != ".pyc"]
    others = [file for file in files if file.suffix != ".py"]
    assert named([file for file in others if file.parent.name != "data" and file.name != "README.md"]) == []
    assert [file.parent for file in sorted(others) if file.name == "README.md"] == SERVICES


# -- texts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_service_introduces_itself_in_25_lines(service: Path) -> None:
    text = (service / "README.md").read_text(encoding="utf-8")
    assert 5 <= len(text.splitlines()) <= 25


def test_the_first_page_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


# -- words ---------------------------------------------------------------------------------------------


def glossary() -> tuple[set[str], set[str]]:
    """The words to avoid, and the words that are names in the code, from the tables of the glossary."""
    avoid, in_code = set(), set()
    for line in (ROOT / "docs/glossary.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 5 and cells[0] not in ("Chinese", "---"):
            in_code |= {word.replace("_", " ") for word in re.findall(r"`([^`]+)`", cells[2])}
            avoid |= {word.strip().lower().replace("-", " ") for word in cells[3].split(",") if word.strip() != "–"}
    return avoid, in_code


def names(file: Path) -> Iterator[str]:
    """The module's name and those of its classes, functions, fields and parameters."""
    yield file.stem
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        elif isinstance(node, ast.arg):
            yield node.arg


def words(name: str) -> str:
    """`FileBatch` and `file_batch` as ` file batch `."""
    parts = re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)
    return f" {' '.join(parts).lower()} "


def test_words_that_the_glossary_avoids_name_nothing_in_the_services() -> None:
    avoid, in_code = glossary()
    assert len(avoid) > 50, "the glossary is not read as it is written"
    assert set(MEANT_OTHERWISE) <= avoid, "an exemption that is not needed any more"
    unwanted = avoid - in_code - set(MEANT_OTHERWISE)
    found = [
        f"{file.relative_to(ROOT)}: {name} ({word})"
        for file in CODE
        if file.is_relative_to(ROOT / "services")
        for name in names(file)
        for word in unwanted
        if f" {word} " in words(name) or f" {word}s " in words(name)
    ]
    assert found == []


def test_nothing_is_called_a_manager_a_service_class_a_base_or_a_helper() -> None:
    for file in CODE:
        assert file.stem not in AVOIDED_MODULES, file
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.ClassDef) and file.is_relative_to(ROOT / "services"):
                assert not AVOIDED_CLASSES.fullmatch(node.name), f"{file}: {node.name}"
