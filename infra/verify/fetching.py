"""Asks the notification service for what is missing, and for the digests that tell what was changed."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

import httpx

from infra.verify.signed import Unproved

EVENTS, DIGESTS = 1_000, 10_000  # rows of one answer
NEAR = 100  # gaps so near to each other are fetched by one request
DIGEST = 3  # in a row of digests


class Source:
    """The doors of one service, as one caller."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def digests(self, line: str, last: int) -> Iterator[str]:
        """The digests of a line from the first place to the last."""
        for run in self._runs(f"/v1/lines/{line}/digests", 1, last, DIGESTS):
            yield from (row[DIGEST] for row in run)

    def events(self, line: str, missing: Iterable[range]) -> Iterator[dict[str, Any]]:
        """The events at the missing places of a line."""
        for near in _near(missing):
            wanted = {place for one in near for place in one}
            for run in self._runs(f"/v1/lines/{line}/events", near[0].start, near[-1].stop - 1, EVENTS):
                yield from (event for event in run if event["place"] in wanted)

    def _runs(self, path: str, first: int, last: int, limit: int) -> Iterator[list[Any]]:
        place: int | None = first
        while place is not None:
            found = self._get(path, from_place=place, to_place=last, limit=limit)
            yield found["rows"]
            if found["next"] is not None and found["next"] <= place:
                raise Unproved(f"{path} goes round in circles")
            place = found["next"]

    def _get(self, path: str, **query: int) -> dict[str, Any]:
        try:
            answer = self._http.get(path, params=query)
            answer.raise_for_status()
            found = answer.json()
            return {"rows": list(found["rows"]), "next": found["next"]}
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise Unproved(f"{path} was not answered: {error}") from error


def _near(missing: Iterable[range]) -> Iterator[list[range]]:
    run: list[range] = []
    for one in missing:
        if run and one.start - run[-1].stop > NEAR:
            yield run
            run = []
        run.append(one)
    if run:
        yield run


def append(file: Path, events: Iterable[dict[str, Any]]) -> int:
    """Write events behind what the file holds, also when its last row broke off; how many."""
    count = 0
    with file.open("ab+") as out:
        if out.tell():
            out.seek(-1, 2)
            out.write(b"" if out.read(1) == b"\n" else b"\n")
        for event in events:
            out.write(json.dumps(event, ensure_ascii=False).encode() + b"\n")
            count += 1
    return count
