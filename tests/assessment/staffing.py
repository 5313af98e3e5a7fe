"""Staffs a running assessment's batches: cards as the registry says them, and an assignment that meets every rule."""

import json
from typing import Any

from services.assessment.batches.domain import Room
from shared.events.registry import CardIssued, CardStanding, Scope
from shared.storage.mongo import Document
from tests.assessment.driving import get, post
from tests.assessment.examples import ALL_LEVELS, issued, person, resident_id
from tests.live import Running, eventually

SCOPES = (Scope(occupation="rebar_worker", levels=ALL_LEVELS),)
ROOMS = [Room(part="theory", name="一号考场", stations=20).model_dump()]
CARDS = {
    **{f"a{place}": ("assessor", 900_000 + place) for place in range(1, 8)},
    **{f"s{place}": ("senior_assessor", 905_000 + place) for place in range(1, 4)},
    **{f"v{place}": ("supervisor", 910_000 + place) for place in (1, 2)},
}
WATCHING = [
    {"part": "theory", "room": "一号考场", "name": f"监考{place}", "id_number": resident_id(920_000 + place)}
    for place in (1, 2)
]


def asked(*cards: str, part: str = "practical", **changes: Any) -> dict[str, Any]:
    """An assignment of three assessors, or those named, of whom the first is the head."""
    group = {"part": part, "assessors": list(cards or ("a1", "a2", "a3")), "head": (cards or ("a1",))[0]}
    return {"groups": [group], "supervisor": "v1", "supervision": "internal", "invigilators": WATCHING, **changes}


async def says_card(
    service: Running, card: str, sequence: int = 1, kind: type[CardStanding] = CardIssued, **changes: Any
) -> None:
    sort, number = CARDS[card]
    sealed = service.process.tools.sealer.seal(json.dumps(person(number)), bound_to=card)
    about = {"card": card, "number": f"no-{card}", "kind": sort, "person": sealed, "scopes": SCOPES, **changes}
    said = kind(**issued(**about).model_dump())
    await service.says(said, subject=card, sequence=sequence, event_id=f"{card}@{sequence}")
    await eventually(lambda: card_known(service, card, sequence))


async def card_known(service: Running, card: str, sequence: int) -> Document | None:
    return await service.process.tools.database.collection("cards").find_one(
        {"_id": card, "sequence": {"$gte": sequence}}
    )


async def cards_known(service: Running) -> None:
    """Every example card, as the registry issues it; safe to repeat."""
    for card in CARDS:
        await says_card(service, card)


async def staffed(service: Running, unit: str, batch: str, *cards: str) -> None:
    """Assign a batch: three assessors for each part that has a group, a supervisor, invigilators for its rooms."""
    shown = await get(service, unit, f"/{batch}")
    assessed = [part["id"] for part in shown["parts"] if part["id"] != "theory"]
    fit = cards or (("s1", "s2", "s3") if shown["level"] in "21" else ("a1", "a2", "a3"))
    groups = [group for part in assessed for group in asked(*fit, part=part)["groups"]]
    rooms = [room for room in shown["rooms"] if room["part"] == "theory"]
    answer = await post(service, unit, f"/{batch}/assignment", asked(groups=groups, invigilators=watching(rooms)))
    assert answer.status_code == 200, answer.text


def watching(rooms: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Invigilators for each room, one for every fifteen at a time and at least two; two where no room is named."""
    wanted = [(room["name"], max(2, -(-room["stations"] // 15))) for room in rooms] or [("", 2)]
    names = [name for name, count in wanted for _ in range(count)]
    return [
        {"part": "theory", "room": name, "name": f"监考{place}", "id_number": resident_id(920_000 + place)}
        for place, name in enumerate(names, start=1)
    ]
