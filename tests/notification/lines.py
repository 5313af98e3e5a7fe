"""Lines of events as the feed writes them, and their signed checkpoints, without any server."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from infra.verify.signed import Checkpoint as Signed
from infra.verify.signed import checked, keys_of
from services.notification.checkpoints.domain import Checkpoint
from services.notification.checkpoints.handlers import TYPE
from services.notification.feed.domain.event import FeedEvent, LineHead, digested, placed
from shared.signing import Keyring
from tests.live import CREDENTIAL_KEYS, PUBLIC_URL
from tests.notification.examples import NOON, feed_event

KEYRING = Keyring(CREDENTIAL_KEYS, PUBLIC_URL)
STRANGER = Keyring("k1:" + "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg=", PUBLIC_URL)
Event = dict[str, Any]


def rows_of(count: int, line: str = "33", word: str = "计划") -> list[FeedEvent]:
    """So many different events of a line at their places."""
    said = [
        feed_event(
            number,
            event=f"registry.plans.{line}-{number}@2",
            authority=line,
            body=json.dumps({"plan": f"plan-{number}", "remarks": f"{word}{number}", "share": number / 7}),
        )
        for number in range(1, count + 1)
    ]
    return placed([digested(event) for event in said], 0, {})


def events_of(rows: Sequence[FeedEvent]) -> list[Event]:
    """The same as whoever reads the feed gets them."""
    return [json.loads(row.cloud_event()) for row in rows]


def head_of(rows: Sequence[FeedEvent], place: int = 0) -> LineHead:
    """How far a line had come at a place, or at its end."""
    row = rows[place - 1]
    return LineHead(row.authority, row.place, row.position, row.chain)


def signed(checkpoint: Checkpoint, keyring: Keyring = KEYRING) -> Checkpoint:
    return checkpoint.model_copy(update={"signed": keyring.sign(checkpoint.claims(), TYPE)})


def checkpoints_of(rows: Sequence[FeedEvent], *places: int, at: datetime = NOON) -> list[Checkpoint]:
    """The line's checkpoints at these places (0: its end), an hour after each other."""
    made: list[Checkpoint] = []
    for hour, place in enumerate(places):
        last = made[-1] if made else None
        made.append(signed(Checkpoint.following(last, head_of(rows, place), at + timedelta(hours=hour))))
    return made


def read(*checkpoints: Checkpoint) -> list[Signed]:
    """As the verifier reads them."""
    keys = keys_of(json.dumps(KEYRING.jwks()))
    return [checked(checkpoint.signed, keys) for checkpoint in checkpoints]
