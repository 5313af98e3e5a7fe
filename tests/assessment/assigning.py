"""Example cards, facts and assignments: three assessors, a supervisor and two invigilators who meet every rule."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from services.assessment.assignments.domain import Facts, Tie, limits_of
from services.assessment.assignments.domain.facts import Day
from services.assessment.batches.domain import Assignment, Batch, Group, Invigilator, Override, Room
from services.assessment.mirrors.domain import Card, Standard
from shared.events.assessment import Sitting
from shared.events.registry import Scope
from shared.rulebook import Rulebook
from tests.assessment.examples import ALL_LEVELS, NOW, batch, card, standard

RULES = Rulebook.load(Path(__file__).parents[2] / "services/assessment/data/rules.json")
SCOPES = (Scope(occupation="rebar_worker", levels=ALL_LEVELS),)
ROOM = Room(part="theory", name="一号考场", stations=20)


def holder(name: str, kind: str = "assessor", **changes: Any) -> Card:
    """A card of a holder of their own, unless `person_index` says whose."""
    known = {"person_index": f"index-of-{name}", "scopes": SCOPES, **changes}
    return card(card=name, number=f"no-{name}", kind=kind).having(**known)


def known_by(*cards: Card) -> dict[str, Card]:
    return {known.id: known for known in cards}


CARDS = known_by(
    *(holder(f"a{place}") for place in range(1, 6)),
    *(holder(f"s{place}", "senior_assessor") for place in range(1, 6)),
    *(holder(f"v{place}", "supervisor") for place in (1, 2)),
)


def facts(
    of: Batch,
    *cards: Card,
    by: Standard | None = None,
    previous: Mapping[str, Iterable[str]] | None = None,
    history: Mapping[str, Sequence[Day]] | None = None,
    ties: Mapping[str, Sequence[Tie]] | None = None,
    **more: Any,
) -> Facts:
    """What is known of a batch: the example cards, and those given in their place or beside them."""
    known = {**CARDS, **known_by(*cards)}
    plain = Facts(limits=limits_of(of, by or standard(), RULES), cards=known)
    return Facts(
        limits=plain.limits,
        cards=known,
        previous={part: plain.people(group) for part, group in (previous or {}).items()},
        history=history or {},
        ties=ties or {},
        candidates=more.pop("candidates", 20),
        **more,
    )


def day(on: date, *cards: str) -> Day:
    """A day before at the site, and who assessed."""
    return on, frozenset(f"index-of-{name}" for name in cards)


def watching(place: int = 1, **changes: Any) -> Invigilator:
    about = {"part": "theory", "room": ROOM.name, "holder": "测*", "person": "v1.sealed", "person_index": f"w{place}"}
    return Invigilator(**{**about, **changes})


def group(*cards: str, part: str = "practical") -> Group:
    return Group(part=part, assessors=cards, head=cards[0])


def assignment(*groups: Group, supervisor: str = "v1", **changes: Any) -> Assignment:
    """Three assessors, or the groups given, a supervisor, and as many invigilators as the example's room needs."""
    about: dict[str, Any] = {
        "groups": groups or (group("a1", "a2", "a3"),),
        "supervisor": supervisor,
        "invigilators": (watching(1), watching(2)),
    }
    return Assignment(**{**about, **changes})


def arranged(level: str = "5", **changes: Any) -> Batch:
    """A batch whose room is named."""
    return batch(level, **{"rooms": (ROOM,), "arrangement": 1, **changes})


def let(of: Batch, rule: str, subject: str) -> Batch:
    """The batch with a rule set aside."""
    override = Override(rule=rule, subject=subject, reason="scarce", actor="authority", at=NOW)
    return of.having(assignment=of.assignment.model_copy(update={"overrides": (override,)}))


def on_days(of: Batch, **days: date) -> Batch:
    """The batch with parts on days of their own, at the same site."""
    sittings = tuple(
        Sitting(**{**sitting.model_dump(), "on": days.get(sitting.part, sitting.on)}) for sitting in of.sittings
    )
    return of.having(sittings=sittings, ends_on=max(sitting.on for sitting in sittings))
