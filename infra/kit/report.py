"""What the kit found: as a table for a person, and as JSON."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from infra.kit.endpoint import Endpoint
from infra.kit.verdicts import Result, Verdict

COLOURS = {Verdict.RIGHT: "green", Verdict.WRONG: "bold red", Verdict.UNSEEN: "yellow"}


def table(results: Sequence[Result]) -> Table:
    """A row for each scenario; what to do where something is not right."""
    rows = Table("scenario", "verdict", "what was seen", "what a subscriber should do", show_lines=True)
    for result in results:
        verdict, seen = result.finding
        name = f"{result.scenario.name}\n[dim]{result.scenario.title}[/]"
        rows.add_row(name, f"[{COLOURS[verdict]}]{verdict}[/]", seen.replace("[", r"\["), result.scenario.should)
    return rows


def summary(results: Sequence[Result]) -> str:
    """The last line."""
    counted = Counter(result.finding.verdict for result in results)
    said = ", ".join(f"{counted[verdict]} {verdict}" for verdict in Verdict)
    return f"{'FAILED' if counted[Verdict.WRONG] else 'OK'}: {said}"


def write(file: Path, endpoint: Endpoint, results: Sequence[Result]) -> None:
    """The same for a machine; the secret is not in it."""
    said = {
        "schema": 1,
        "url": endpoint.url,
        "public_key": endpoint.keys.public,
        "requests": len(endpoint.answers),
        "counts": {verdict: sum(one.finding.verdict is verdict for one in results) for verdict in Verdict},
        "scenarios": [
            {
                "name": one.scenario.name,
                "title": one.scenario.title,
                "verdict": one.finding.verdict,
                "seen": one.finding.seen,
                "should": one.scenario.should,
            }
            for one in results
        ],
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
