"""`python -m infra.docs` writes the generated documents; `--check` names those that are out of date and exits 1."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter, run

from infra.docs.asyncapi import asyncapi
from infra.docs.catalogue import catalogue
from infra.docs.events import page
from infra.docs.wiring import services

ROOT = Path(__file__).resolve().parents[2]
GENERATED = ("docs/asyncapi", "docs/openapi")
"""Folders in which nothing else lies."""
OK = "generated documents: ok"


def documents() -> dict[str, str]:
    """Every generated document by its path in the repository."""
    wired = services()
    made = {"docs/events.md": page(wired), "docs/catalogue.html": catalogue(wired)}
    made |= {f"docs/asyncapi/{service.name}.json": _text(asyncapi(service)) for service in wired}
    return made | {f"docs/openapi/{service.name}.json": _text(service.app.openapi()) for service in wired}


def outdated(root: Path, made: Mapping[str, str]) -> list[str]:
    """The paths under `root` that are not as they would be written now, or would not be written at all."""
    wrong = [path for path, text in made.items() if not (root / path).exists() or _read(root / path) != text]
    return sorted([*wrong, *_left_over(root, made)])


def write(root: Path, made: Mapping[str, str], paths: Sequence[str]) -> None:
    """Write these documents under `root`; what is not made any more is deleted."""
    for path in paths:
        file = root / path
        if path in made:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(made[path], encoding="utf-8")
        else:
            file.unlink()


def _left_over(root: Path, made: Mapping[str, str]) -> list[str]:
    found = [file.relative_to(root).as_posix() for folder in GENERATED for file in (root / folder).glob("*")]
    return [path for path in found if path not in made]


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def docs(
    *,
    check: Annotated[bool, Parameter(negative="", help="only compare")] = False,
    root: Annotated[Path, Parameter(help="where the repository is")] = ROOT,
) -> int:
    """Write the generated documents, or compare them."""
    made = documents()
    wrong = outdated(root, made)
    if not check:
        write(root, made, wrong)
    for path in wrong:
        print(f"{'out of date' if check else 'written'}: {path}")
    print("generated documents: run `make docs` and look at what it changes" if check and wrong else OK)
    return 1 if check and wrong else 0


if __name__ == "__main__":
    sys.exit(run(docs))
