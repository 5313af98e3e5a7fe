"""What a public notice is: made of an event the same each time, never changed, closed by the calendar of Shanghai."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from string import Formatter
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from services.notification.feed.domain.event import FeedEvent
from services.notification.notices.atom import atom
from services.notification.notices.commands import AnnounceNotice
from services.notification.notices.domain.causes import Cause, Causes
from services.notification.notices.domain.notice import (
    ClosesTooEarly,
    Notice,
    OpensInThePast,
    OpenTooLong,
    State,
    WithdrawnBefore,
    announced,
    digest_of,
)
from services.notification.notices.domain.proof import proof_of
from shared.events.catalogue import EVENTS
from shared.events.notification import NoticePublished, NoticeWithdrawn
from shared.rulebook import Rulebook
from tests.notification.examples import feed_event

ROOT = Path(__file__).parents[2]
DATA = ROOT / "services/notification/data"
CAUSES = Causes.model_validate_json((DATA / "notices.json").read_bytes())
NOW = datetime(2026, 11, 25, 2, 0, 0, 123456, tzinfo=UTC)
PERSON = "11010118900307301X"


def test_no_sign_that_xml_has_no_place_for_breaks_the_atom_feed_for_everybody() -> None:
    notice = announced(asked(title_zh="公\uffff告\ufffe", text_zh="内\x0b容\U0001f600。"), "notice-1", "33", NOW, 60)
    feed = fromstring(atom([notice], "https://example.org"))  # noqa: S314 - our own
    assert feed.findtext(".//{*}entry/{*}title") == "公告"
    assert feed.findtext(".//{*}entry/{*}summary") == "内容\U0001f600。"


def asked(**changed: Any) -> AnnounceNotice:
    body = {"title_zh": "公告", "text_zh": "内容。", "closes_on": "2026-12-01", **changed}
    return AnnounceNotice.model_validate(body)


def announcement(**changed: Any) -> Notice:
    return announced(asked(**changed), "notice-1", "33", NOW, 365)


def example(event_type: str) -> tuple[FeedEvent, dict[str, Any]]:
    """The frozen example of an event as the feed keeps it."""
    frozen = json.loads((ROOT / f"tests/contracts/{event_type}.json").read_text(encoding="utf-8"))
    head = frozen["headers"]
    event = feed_event(
        event=head["ce-id"],
        type=event_type,
        source=head["ce-source"],
        subject=head["ce-subject"],
        sequence=head["ce-sequence"],
        time=datetime.fromisoformat(head["ce-time"]),
    )
    return event, frozen["body"]


@pytest.mark.parametrize("cause", CAUSES.causes, ids=lambda cause: cause.type)
def test_every_event_that_makes_a_notice_has_the_fields_its_words_name(cause: Cause) -> None:
    event, body = example(cause.type)
    texts = (cause.title.zh, cause.title.en, cause.text.zh, cause.text.en, cause.link)
    named = {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}
    named |= {fact.field for fact in cause.facts} | ({cause.closes} if cause.closes else set())
    assert named <= set(EVENTS[cause.type].model_fields)
    assert bool(cause.closes) != bool(cause.closes_after)
    made = CAUSES.notice(cause, event, body, date(2026, 12, 1))
    assert len(made.facts) == len(cause.facts)
    assert made.title.zh != made.title.en
    assert "{" not in f"{made.title}{made.text}{made.link}"
    assert made == CAUSES.notice(cause, event, body, date(2026, 12, 1))


def test_every_period_that_no_event_names_is_a_rule() -> None:
    rules = Rulebook.load(DATA / "rules.json")
    assert {cause.closes_after for cause in CAUSES.causes if cause.closes_after} <= rules.keys


def test_codes_become_words_in_both_languages() -> None:
    event, body = example("assessment.results.publicised.v1")
    cause = CAUSES.of(event.type)
    assert cause is not None
    made = CAUSES.notice(cause, event, body, date(2019, 10, 22))
    assert made.title.zh == "钢筋工（五级/初级工）职业技能鉴定成绩公示"
    assert made.title.en == "Exam results: Rebar worker, junior worker"


def test_a_name_that_is_not_masked_and_an_id_number_in_a_reason_never_reach_the_public() -> None:
    event, body = example("registry.certificate.revoked.v1")
    cause = CAUSES.of(event.type)
    assert cause is not None
    made = CAUSES.notice(cause, event, {**body, "holder": "测试人", "reason": f"冒用{PERSON}"}, date(2019, 12, 4))
    shown = made.model_dump_json()
    assert "测试人" not in shown
    assert PERSON not in shown
    assert "测" in shown


def test_an_announcement_opens_now_and_closes_at_midnight_in_shanghai() -> None:
    made = announcement()
    assert (made.state, made.opens_at) == (State.PUBLISHED, NOW.replace(microsecond=0))
    assert made.ends_at == datetime(2026, 12, 1, 16, tzinfo=UTC)
    assert made.standing(made.ends_at - timedelta(seconds=1)) == "open"
    assert made.standing(made.ends_at) == "closed"


def test_what_is_announced_for_later_is_published_once_at_its_time() -> None:
    made = announcement(opens_at="2026-11-26T08:00:00+08:00")
    assert (made.state, made.was_published) == (State.SCHEDULED, False)
    opened, (said,) = made.opened()
    assert isinstance(said, NoticePublished)
    assert (opened.state, opened.was_published, said.digest) == (State.PUBLISHED, True, made.digest)
    assert opened.opened() == (opened, [])


@pytest.mark.parametrize(
    ("changed", "fault", "field"),
    [
        ({"closes_on": "2026-11-24"}, ClosesTooEarly, "/closes_on"),
        ({"closes_on": "2027-11-26"}, OpenTooLong, "/closes_on"),
        ({"opens_at": "2026-11-25T01:59:59Z"}, OpensInThePast, "/opens_at"),
    ],
)
def test_a_period_that_cannot_be_is_refused_with_its_field(
    changed: dict[str, str], fault: type[Exception], field: str
) -> None:
    with pytest.raises(fault) as refused:
        announcement(**changed)
    assert getattr(refused.value, "field") == field  # noqa: B009 - of several faults


def test_an_id_number_in_an_announcement_is_masked() -> None:
    made = announcement(title_zh=f"公告 {PERSON}", text_en=f"see {PERSON}")
    assert PERSON not in made.model_dump_json()


def test_a_withdrawn_notice_keeps_what_was_published_and_its_first_reason() -> None:
    made = announcement()
    withdrawn, (said,) = made.withdrawn("内容有误。", NOW)
    assert isinstance(said, NoticeWithdrawn)
    assert (withdrawn.content(), withdrawn.digest) == (made.content(), made.digest)
    assert withdrawn.standing(NOW) == "withdrawn"
    with pytest.raises(WithdrawnBefore):
        withdrawn.withdrawn("别的原因。", NOW)


def test_the_feed_proves_publication_and_withdrawal_in_either_order() -> None:
    withdrawn, _ = announcement().withdrawn("内容有误。", NOW)
    said = feed_event(5, type=NoticePublished.type, event="n@1", sequence=1)
    unsaid = feed_event(7, type=NoticeWithdrawn.type, event="n@2", sequence=2)
    one, _ = withdrawn.proved(said)[0].proved(unsaid)
    other, _ = withdrawn.proved(unsaid)[0].proved(said)
    assert one == other
    assert one.withdrawal is not None
    assert (one.position, one.event, one.withdrawal.position) == (5, "n@1", 7)
    assert one.proved(feed_event(9, type=NoticePublished.type)) == (one, [])


def test_a_proof_names_the_place_in_the_line_and_a_digest_that_anybody_computes_anew() -> None:
    event = feed_event(5, type=NoticePublished.type, place=3, digest="d", chain="c")
    notice, _ = announcement().proved(event)
    proof = proof_of(notice, event, NOW)
    assert (proof.position, proof.line, proof.place, proof.event_digest, proof.chain) == (5, "33", 3, "d", "c")
    assert digest_of(proof.claims()["content"]) == proof.digest == notice.digest
    assert digest_of({**proof.content, "closes_on": "2026-12-02"}) != proof.digest
