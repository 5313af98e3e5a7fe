"""What was found, in words: one sentence for each line, and the places by name."""

from collections.abc import Iterator, Sequence

from infra.verify.holding import Finding, Holding
from infra.verify.reading import Read

SHOWN = 20  # ranges named one by one; the rest is counted


def told(line: str, holding: Holding, finding: Finding) -> list[str]:
    """What was found of one line."""
    newest = max(holding.checkpoints, key=lambda checkpoint: checkpoint.place)
    made = f"checkpoint {newest.number}, {newest.at:%Y-%m-%d %H:%M} UTC"
    if finding.complete:
        later = f"; {holding.beyond:,} later events are not covered yet" if holding.beyond else ""
        return [f"complete up to place {holding.size:,} of line {line} ({made}){later}"]
    return [f"NOT complete up to place {holding.size:,} of line {line} ({made})", *_wrong(line, finding)]


def _wrong(line: str, finding: Finding) -> Iterator[str]:
    if finding.missing:
        yield f"missing: {named(finding.missing)} of line {line}"
    for place in finding.changed[:SHOWN]:
        yield f"changed: place {place:,}: its digest differs"
    for place in finding.broken[:SHOWN]:
        yield f"changed: place {place:,} does not follow from the one before; one of the two was changed: use --fetch"
    for place in finding.forked[:SHOWN]:
        yield f"changed: the chain up to place {place:,} is not the one that was signed: use --fetch to see where"
    more = sum(max(0, len(rows) - SHOWN) for rows in (finding.changed, finding.broken, finding.forked))
    if more:
        yield f"changed: and {more:,} more places"
    if finding.changed:
        yield "take the changed lines out of the file: they are then missing, and --fetch brings them as they were said"


def named(ranges: Sequence[range]) -> str:
    """`places 17–19, 204`."""
    texts = [f"{one.start:,}" if len(one) == 1 else f"{one.start:,}–{one.stop - 1:,}" for one in ranges[:SHOWN]]
    further = sum(len(one) for one in ranges[SHOWN:])
    word = "place" if len(ranges) == 1 and len(ranges[0]) == 1 else "places"
    return f"{word} {', '.join(texts)}{f' and {further:,} more' if further else ''}"


def aside(read: Read) -> Iterator[str]:
    """What the file holds beside."""
    if read.unreadable:
        yield f"not read: row {', '.join(map(str, read.unreadable))} of the file is no event (the first of such rows)"
    if read.others:
        yield f"{read.others:,} events of other lines were left out"
