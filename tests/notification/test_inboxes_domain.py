"""What comes into whose inbox: in words, until when, and what settles it, whatever order the bus brought it in."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from services.notification.feed.domain.event import FeedEvent, about
from services.notification.inboxes.commands import ReadItems
from services.notification.inboxes.domain.causes import Cause, Causes, items_of
from services.notification.inboxes.domain.item import Item, Standing
from services.notification.notices.domain.causes import Causes as NoticeCauses
from shared.errors import NotFound
from shared.events.catalogue import EVENTS
from shared.rulebook import Rulebook
from tests.notification.examples import feed_event

ROOT = Path(__file__).parents[2]
DATA = ROOT / "services/notification/data"
CAUSES = Causes.model_validate_json((DATA / "inbox.json").read_bytes())
WORDS = NoticeCauses.model_validate_json((DATA / "notices.json").read_bytes()).words
RULES = Rulebook.load(DATA / "rules.json")
PERSONAL = {"holder", "person", "employer", "proposer"}


def example(event_type: str, **changed: Any) -> FeedEvent:
    """The frozen example of an event as the feed keeps it."""
    frozen = json.loads((ROOT / f"tests/contracts/{event_type}.json").read_text(encoding="utf-8"))
    head, body = frozen["headers"], {**frozen["body"], **changed}
    return feed_event(
        event=head["ce-id"],
        type=event_type,
        source=head["ce-source"],
        subject=head["ce-subject"],
        sequence=head["ce-sequence"],
        time=datetime.fromisoformat(head["ce-time"]),
        authority=head["ce-authority"],
        unit=body.get("unit") or None,
        body=json.dumps(body),
        about=about(head["ce-subject"], body),
    )


def made(event: FeedEvent, now: datetime | None = None) -> list[Item]:
    cause = CAUSES.of(event.type)
    assert cause is not None
    return list(items_of(cause, event, WORDS, RULES, now or event.time))


def returned(**changed: Any) -> Item:
    (item,) = made(example("registry.plan.returned.v1")._replace(**changed))
    return item


def submitted(**changed: Any) -> FeedEvent:
    return example("registry.plan.submitted.v1")._replace(**changed)


@pytest.mark.parametrize("cause", CAUSES.causes, ids=lambda cause: cause.type)
def test_every_event_that_comes_into_an_inbox_has_the_fields_its_words_name(cause: Cause) -> None:
    texts = (cause.title.zh, cause.title.en, cause.text.zh, cause.text.en)
    named = {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}
    assert named | ({cause.due} if cause.due else set()) <= set(EVENTS[cause.type].model_fields)
    assert not named & PERSONAL, "an inbox goes by mail: it names nobody"
    items = made(example(cause.type))
    assert items
    for item in items:
        said = f"{item.title}{item.text}"
        assert item.title.zh != item.title.en
        assert "{" not in said
        assert "None" not in said
        assert item.waits == bool(cause.settled_by) == (item.due_on is not None)
    assert items == made(example(cause.type))


def test_every_cause_and_what_settles_it_is_an_event_of_the_catalogue_once() -> None:
    types = [cause.type for cause in CAUSES.causes]
    assert len(types) == len(set(types))
    assert set(types) | CAUSES.settlers <= set(EVENTS)


def test_what_settles_something_names_what_it_is_about() -> None:
    for cause in CAUSES.causes:
        for settler in cause.settled_by:
            mine, other = example(cause.type), example(settler)
            assert mine.source == other.source, (cause.type, settler)


def test_every_period_that_no_event_names_is_a_rule() -> None:
    named = {rule for cause in CAUSES.causes for rule in (cause.due_after, cause.shown_before) if rule}
    assert named <= RULES.keys
    assert all(not (cause.due and cause.due_after) for cause in CAUSES.causes)


def test_a_returned_plan_waits_for_its_unit_and_an_overall_plan_for_its_authority() -> None:
    assert returned().desk == "unit/33/unit-33-001"
    (overall,) = made(example("registry.plan.returned.v1", unit="")._replace(unit=None))
    assert (overall.desk, overall.authority, overall.unit) == ("authority/33", "33", None)


def test_what_the_center_looks_at_is_no_lines_to_see() -> None:
    (item,) = made(submitted())
    assert (item.desk, item.authority, item.line) == ("center", "national", "33")


def test_each_organisation_told_of_an_event_has_an_item_of_its_own() -> None:
    items = made(example("registry.certificate.revoked.v1"))
    assert [item.desk for item in items] == ["unit/33/unit-33-001", "authority/33"]
    assert len({item.id for item in items}) == 2


def test_an_objection_waits_until_the_day_the_event_names_and_stands_by_the_clock() -> None:
    (item,) = made(example("assessment.objection.accepted.v1"))
    assert str(item.due_on) == "2019-10-29"
    assert item.due_at == datetime(2019, 10, 29, 16, tzinfo=UTC)
    assert item.standing(item.due_at - timedelta(days=3, seconds=1), 3) is Standing.WAITING
    assert item.standing(item.due_at - timedelta(days=3), 3) is Standing.SOON
    assert item.standing(item.due_at - timedelta(seconds=1), 3) is Standing.SOON
    assert item.standing(item.due_at, 3) is Standing.OVERDUE


def test_a_returned_plan_is_to_be_mended_within_the_days_of_the_rule() -> None:
    assert str(returned().due_on) == "2019-10-03"


def test_a_card_shows_as_about_to_lapse_only_shortly_before_its_last_day() -> None:
    (item,) = made(example("registry.card.issued.v1"))
    assert str(item.due_on) == "2022-09-01"
    assert item.shown_at == datetime(2022, 7, 2, 16, tzinfo=UTC)
    late = datetime(2022, 8, 30, tzinfo=UTC)
    (told_late,) = made(example("registry.card.issued.v1"), late)
    assert (told_late.shown_at, told_late.reminded) == (late, Standing.SOON)


def test_a_card_renewed_before_it_was_about_to_lapse_never_shows() -> None:
    (item,) = made(example("registry.card.issued.v1"))
    early = example("registry.card.renewed.v1")._replace(time=item.shown_at - timedelta(days=1))
    assert item.settled_among([early])[0].shown_at.year == 9999
    late = early._replace(time=item.shown_at + timedelta(days=1))
    assert item.settled_among([late])[0].shown_at == item.shown_at


def test_what_is_settled_or_has_no_last_day_comes_after_what_has_one_and_the_newest_first() -> None:
    dated, (news,) = returned(position=1), made(example("registry.plan.filed.v1")._replace(position=2))
    settled, _ = returned(position=3).settled_among([submitted(position=4)])
    assert sorted([settled.soonest, news.soonest, dated.soonest]) == [dated.soonest, settled.soonest, news.soonest]


def test_an_authorisation_without_a_last_day_never_lapses() -> None:
    assert made(example("registry.unit.authorised.v1", valid_until=None)) == []


def test_what_comes_after_it_settles_it_and_what_was_before_it_does_not() -> None:
    item = returned()
    settled, _ = item.settled_among([submitted()])
    assert settled.settlement is not None
    assert settled.standing(datetime.now(UTC), 3) is Standing.SETTLED
    assert item.settled_among([submitted(sequence=1, position=9)]) == (item, [])


def test_the_bus_may_turn_both_round_and_it_is_settled_all_the_same() -> None:
    overtaken = returned(position=7)
    settled, _ = overtaken.settled_among([submitted(position=3)])
    assert settled.settlement is not None


def test_an_event_of_another_subject_or_line_settles_nothing() -> None:
    item = returned()
    other = submitted(subject="plan-other", about=("plan-other",), position=9)
    assert item.settled_among([other, submitted(authority="44"), submitted(type="registry.plan.expired.v1")]) == (
        item,
        [],
    )


def test_an_event_of_another_source_that_names_it_settles_it_by_its_place_in_the_log() -> None:
    item = returned(position=5)
    other = submitted(source="/registry/elsewhere", subject="x", about=("x", item.subject), sequence=1)
    assert item.settled_among([other._replace(position=4)]) == (item, [])
    assert item.settled_among([other._replace(position=6)])[0].settlement is not None


def test_the_first_who_reads_and_acknowledges_stands() -> None:
    now = datetime.now(UTC)
    item, _ = returned().marked_acknowledged("a", now)
    assert item.read is not None
    assert item.acknowledged is not None
    assert item.marked_acknowledged("b", now) == (item, [])
    assert item.marked_read("b", now) == (item, [])


def test_an_inbox_is_touched_by_its_own_organisation_and_not_before_it_shows() -> None:
    item = returned()
    item.must_lie_on("unit/33/unit-33-001", item.shown_at)
    with pytest.raises(NotFound):
        item.must_lie_on("authority/33", item.shown_at)
    with pytest.raises(NotFound):
        item.must_lie_on("unit/33/unit-33-001", item.shown_at - timedelta(seconds=1))


def test_an_id_number_in_remarks_is_masked() -> None:
    (item,) = made(example("registry.plan.returned.v1", remarks="见11010118900307301X的材料"))
    assert "11010118900307301X" not in item.text.zh


def test_a_bulk_reading_names_items_or_a_position() -> None:
    with pytest.raises(ValueError, match="one of both"):
        ReadItems(items=("a",), up_to=3)
    with pytest.raises(ValueError, match="one of both"):
        ReadItems()
