"""`python -m infra.verify EVENTS.jsonl CHECKPOINT --keys KEYS.json`: is everything there up to the checkpoint?"""

import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from infra.verify.fetching import Source, append
from infra.verify.holding import Finding, Holding
from infra.verify.reading import Read, read
from infra.verify.report import aside, named, told
from infra.verify.signed import Checkpoint, Unproved, by_line, checked, contradictions, keys_of, tokens_in

COMPLETE, INCOMPLETE, UNPROVED = 0, 1, 2
app = App(name="infra.verify", help="Prove that a file holds every event of a line up to a signed checkpoint.")
Given = Mapping[str, Sequence[Checkpoint]]


@app.default
def verify(
    events: Annotated[Path, Parameter(help="CloudEvents, one JSON object a row, in any order")],
    checkpoint: Annotated[Path, Parameter(help="a signed checkpoint, or what /v1/checkpoints answered")],
    *more: Path,
    keys: Annotated[Path, Parameter(help="the JWK set of /v1/checkpoints/keys, kept from an earlier day")],
    fetch: Annotated[str, Parameter(help="address of the notification service: get what is missing from there")] = "",
    token: Annotated[str, Parameter(env_var="SKILLCERT_TOKEN", help="bearer token of whoever may read the line")] = "",
) -> int:
    """Exit code 0: complete; 1: something is missing or changed, and named; 2: nothing can be proved."""
    console = Console(soft_wrap=True, highlight=False)
    try:
        given = _given([checkpoint, *more], keys)
        found = _read(events, given)
        with Source(fetch, token) if fetch else nullcontext() as source:
            findings = {line: _judged(line, holding, source) for line, holding in found.lines.items()}
            if source and any(finding.missing for finding in findings.values()):
                findings, found = _completed(console, source, events, given, findings)
    except (Unproved, OSError, UnicodeDecodeError) as error:
        console.print(f"unproved: {error}", markup=False)
        return UNPROVED
    return _report(console, found, findings)


def _given(files: Sequence[Path], keys: Path) -> Given:
    ring = keys_of(keys.read_text(encoding="utf-8"))
    tokens = [token for file in files for token in tokens_in(file.read_text(encoding="utf-8"))]
    given = by_line(checked(token, ring) for token in tokens)
    wrong = [sentence for rows in given.values() for sentence in contradictions(rows)]
    if wrong or not given:
        raise Unproved("; ".join(wrong) or "no checkpoint was given")
    return given


def _read(events: Path, given: Given) -> Read:
    columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("", total=events.stat().st_size)
        return read(events, given, lambda count: progress.advance(bar, count))


def _judged(line: str, holding: Holding, source: Source | None) -> Finding:
    """What is missing is known by its place; what was changed the signed digests settle, where there is a source."""
    finding = holding.judged()
    if source is None or not (finding.changed or finding.broken or finding.forked):
        return finding
    try:
        return holding.judged_by(source.digests(line, holding.size))
    except ValueError as error:
        raise Unproved(f"line {line}: {error}; whoever answers there tells another history") from error


def _completed(
    console: Console, source: Source, events: Path, given: Given, before: Mapping[str, Finding]
) -> tuple[dict[str, Finding], Read]:
    """Fetch the gaps into the file, and judge what it holds then."""
    for line, finding in before.items():
        if finding.missing:
            count = append(events, source.events(line, finding.missing))
            console.print(f"fetched {count:,} events: {named(finding.missing)} of line {line}")
    found = _read(events, given)
    return {line: _judged(line, holding, source) for line, holding in found.lines.items()}, found


def _report(console: Console, found: Read, findings: Mapping[str, Finding]) -> int:
    for line, finding in findings.items():
        for sentence in told(line, found.lines[line], finding):
            console.print(sentence, markup=False)
    for sentence in aside(found):
        console.print(sentence, markup=False)
    return COMPLETE if all(finding.complete for finding in findings.values()) else INCOMPLETE


def main(asked: Sequence[str]) -> int:
    """The command; what cannot be understood proves nothing."""
    try:
        answer = app(asked, exit_on_error=False, result_action="return_value")
    except CycloptsError:
        return UNPROVED  # cyclopts has printed what is wrong
    return answer if isinstance(answer, int) else COMPLETE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
