"""Every decision is one page of four parts, and what it says enforces it is there."""

import ast
import re
from pathlib import Path

import pytest

from infra.docs.__main__ import ROOT

DECISIONS = sorted((ROOT / "docs/decisions").glob("*.md"))
PARTS = ["Context", "Decision", "Consequences", "Enforced by"]
IMPORT_RULES = set(re.findall(r'^name = "(.*)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE))


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def test_decisions_are_numbered_one_after_the_other() -> None:
    assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_is_one_page_of_four_parts(page: Path) -> None:
    text = text_of(page)
    assert text.startswith(f"# {int(page.name[:4])}. ")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == PARTS
    assert len(text.splitlines()) <= 60


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_what_enforces_a_decision_is_there(page: Path) -> None:
    listed = text_of(page).partition("## Enforced by\n")[2].splitlines()
    named = [found[1] for line in listed if (found := re.match(r"- `([^`]+)`", line))]
    assert len(named) == len(listed) > 0
    for name in named:
        assert is_there(name), name


def is_there(name: str) -> bool:
    """Whether a file, a test in a file (`file::test`) or an import rule (`lint-imports: rule`) exists."""
    if name.startswith("lint-imports: "):
        return name.removeprefix("lint-imports: ") in IMPORT_RULES
    file, _, test = name.partition("::")
    path = ROOT / file
    return path.exists() and (not test or test in functions_in(path))


def functions_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_bytes())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
