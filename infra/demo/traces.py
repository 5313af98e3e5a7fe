"""The trace of one piece of work, read from the services' span files and printed as a tree."""

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.tree import Tree

Span = dict[str, Any]
MOST = 12  # different children shown of one span


def spans_of(file: Path, trace: str) -> list[Span]:
    """All spans of a trace, by start."""
    with file.open(encoding="utf-8") as lines:
        found = [span for span in map(json.loads, lines) if span["trace"] == trace]
    return sorted(found, key=lambda span: span["start"])


def tree_of(spans: Iterable[Span]) -> Tree:
    """Spans under their parents; brothers of the same name stand in one line with their number."""
    rows = list(spans)
    known = {span["span"] for span in rows}
    children: dict[str, list[Span]] = defaultdict(list)
    roots: list[Span] = []
    for span in rows:
        (children[span["parent"]] if span["parent"] in known else roots).append(span)
    tree = Tree("trace")
    _grow(tree, roots, children)
    return tree


def _grow(tree: Tree, brothers: list[Span], children: dict[str, list[Span]]) -> None:
    groups: dict[tuple[str, str], list[Span]] = defaultdict(list)
    for span in brothers:
        groups[span["service"], span["name"]].append(span)
    for (service, name), group in list(groups.items())[:MOST]:
        took = max((span["end"] - span["start"]) / 1e6 for span in group)
        times = f" ×{len(group)}" if len(group) > 1 else ""
        branch = tree.add(f"[bold]{service}[/] {name}{times} [dim]{took:.1f} ms[/]")
        _grow(branch, [child for span in group for child in children[span["span"]]], children)
