"""An address is proved before it is told anything; a mail says a thing once, and nothing breaks out of a header."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest

from services.notification.deliveries.domain import Attempt, Schedule, State
from services.notification.inboxes.domain.item import Standing
from services.notification.mails.domain import (
    CodeOver,
    Mail,
    Mailbox,
    MailboxState,
    Outcome,
    ProvedBefore,
    Purpose,
    TooManyCodes,
    WrongAddress,
    checked_address,
    mail_for,
    masked,
)
from services.notification.mails.letters import code_letter, digest_letter, item_letter, message
from services.notification.mails.posting import Post, SmtpUrlError
from services.notification.notices.domain.notice import Both
from tests.notification.test_inboxes_domain import returned

NOW = datetime(2026, 11, 25, 2, tzinfo=UTC)
TWICE = Schedule([0, 60])


def mailbox(**changed: Any) -> Mailbox:
    made = Mailbox(
        id="mailbox-1",
        authority="33",
        desk="unit/33/unit-33-001",
        unit="unit-33-001",
        address="sealed",
        shown="of***@example.org",
        ordinal=1,
        named_at=NOW,
    )
    return made.with_code("sealed code", NOW, 24, 5)[0].having(**changed)


def mail(**changed: Any) -> Mail:
    return mail_for(mailbox(), Purpose.ITEM, "", NOW, ["item-1"]).model_copy(update=changed)


def written(subject: str, **changed: Any) -> EmailMessage:
    item = returned().having(title=Both(zh=subject, en=subject))
    letter = item_letter(item, Standing.WAITING, "https://cert.example.org")
    made = message(letter, mail(**changed), "skillcert@example.org", "office@example.org", "example.org")
    read = message_from_bytes(made.as_bytes(), policy=default)
    assert isinstance(read, EmailMessage)
    return read


@pytest.mark.parametrize(
    "text",
    [
        "office",
        "@example.org",
        "office@example",
        "office@example.org\n",
        "office@example.org\r\nBcc: all@example.org",
        "a@example.org,b@example.org",
        "Office <office@example.org>",
        "of fice@example.org",
        "of..fice@example.org",
        ".office@example.org",
        "办公室@example.org",
        "office@[127.0.0.1]",
        f"{'o' * 65}@example.org",
        f"office@{'.'.join(['e' * 60] * 5)}.org",
        '"a b"@example.org',
    ],
)
def test_what_is_no_single_plain_address_is_refused(text: str) -> None:
    with pytest.raises(WrongAddress):
        checked_address(text)


@pytest.mark.parametrize("text", ["a@b.cn", "office.33+plans@mail.example.org", "li-wei_1@x.example.com.cn"])
def test_what_is_one_is_taken(text: str) -> None:
    assert checked_address(text) == text


def test_an_address_is_shown_masked() -> None:
    assert masked("lihua@example.org") == "li***@example.org"
    assert masked("l@example.org") == "***@example.org"
    assert masked("li@example.org") == "l***@example.org"


def test_an_address_is_told_nothing_before_its_code_is_named() -> None:
    box = mailbox()
    assert not box.wants("plan")
    proved, _ = box.proved(NOW, 5, right=True)
    assert (proved.state, proved.code) == (MailboxState.VERIFIED, "")
    assert proved.wants("plan")
    assert not proved.having(kinds=("card",)).wants("plan")
    with pytest.raises(ProvedBefore):
        proved.proved(NOW, 5, right=True)
    with pytest.raises(ProvedBefore):
        proved.with_code("x", NOW, 24, 5)


def test_a_code_counts_for_its_hours_and_its_tries() -> None:
    box = mailbox()
    with pytest.raises(CodeOver):
        box.proved(NOW + timedelta(hours=24), 5, right=True)
    for _ in range(5):
        box, _ = box.proved(NOW, 5, right=False)
    with pytest.raises(CodeOver):
        box.proved(NOW, 5, right=True)
    again, _ = box.with_code("another", NOW, 24, 5)
    assert again.proved(NOW, 5, right=True)[0].state is MailboxState.VERIFIED


def test_only_so_many_codes_go_to_an_address_in_a_day() -> None:
    box = mailbox()
    for _ in range(4):
        box, _ = box.with_code("another", NOW, 24, 5)
    with pytest.raises(TooManyCodes):
        box.with_code("another", NOW, 24, 5)
    assert box.with_code("another", NOW + timedelta(hours=24), 24, 5)[0].round == 6


def test_an_ended_address_is_forgotten() -> None:
    ended, _ = mailbox().ended()
    assert (ended.address, ended.ordinal, ended.code) == ("", 0, "")


def test_the_same_about_the_same_to_the_same_is_the_same_mail() -> None:
    box = mailbox()
    first = mail_for(box, Purpose.REMINDER, "soon", NOW, ["item-1"])
    assert first.id == mail_for(box, Purpose.REMINDER, "soon", NOW + timedelta(days=1), ["item-1"]).id
    assert first.id != mail_for(box, Purpose.REMINDER, "overdue", NOW, ["item-1"]).id
    day = mail_for(box, Purpose.DIGEST, "2026-11-25", NOW, ["item-1"])
    assert day.id == mail_for(box, Purpose.DIGEST, "2026-11-25", NOW, ["item-1", "item-2"]).id


def attempt(answer: str) -> Attempt:
    return Attempt(at=NOW, answer=answer, ms=1)


def test_a_mail_is_tried_again_by_the_schedule_and_fails_when_it_is_over_or_the_answer_is_final() -> None:
    waiting = mail().after(attempt("451"), TWICE, final=False)
    assert (waiting.state, waiting.due, waiting.tried) == (State.WAITING, NOW + timedelta(seconds=60), 1)
    assert waiting.after(attempt("timeout"), TWICE, final=False).state is State.FAILED
    assert mail().after(attempt("550"), TWICE, final=True).state is State.FAILED
    assert mail().after(attempt("250"), TWICE, final=False).state is State.DELIVERED


def test_a_title_cannot_begin_another_header_or_line() -> None:
    read = written("坏\r\nBcc: all@example.org\n\nX-Evil: 1\x00\u2028End")
    assert (read["Bcc"], read["X-Evil"]) == (None, None)
    assert read["Subject"] == "【新待办】坏 Bcc: all@example.org X-Evil: 1 End"
    assert read["To"] == "office@example.org"


def test_a_title_is_no_markup() -> None:
    page = written("<script>alert(1)</script>").get_body(("html",))
    assert page is not None
    assert "<script>" not in page.get_content()


def test_a_mail_is_plain_and_html_chinese_first_with_a_link_and_an_id_that_stays() -> None:
    read, again = written("工作方案被退回"), written("工作方案被退回", tried=3)
    assert read["Message-ID"] == again["Message-ID"] == f"<{mail().id}@example.org>"
    plain = read.get_body(("plain",))
    assert plain is not None
    lines = plain.get_content().splitlines()
    assert lines[0] == "【新待办】工作方案被退回（截止2019-10-03）"
    assert lines[1] == "[Waits for you] 工作方案被退回 (last day: 2019-10-03)"
    assert f"https://cert.example.org/v1/inbox/{returned().id}" in lines
    assert "请补充考评员名单" not in plain.get_content(), "remarks stay in the inbox"


def test_a_code_and_a_daily_mail_say_what_they_are_for() -> None:
    code = code_letter("01234567", 24, "https://cert.example.org")
    assert any("01234567" in line for line in code.lines)
    day = digest_letter([(returned(), Standing.OVERDUE)], 3, "2026-11-25", "https://cert.example.org")
    assert day.subject == "【每日摘要】2026-11-25：4项"
    assert any("已逾期" in line for line in day.lines)


def test_the_settings_name_a_server_a_user_and_how_it_is_protected() -> None:
    post = Post.at("smtp://u%40x:p%2Fw@mail.example.org", "skillcert <skillcert@example.org>")
    assert (post.host, post.port, post.user, post.password) == ("mail.example.org", 587, "u@x", "p/w")
    assert (post.starttls, post.implicit, post.domain) == (True, False, "example.org")
    assert "p/w" not in repr(post)
    assert Post.at("smtps://mail.example.org", "a@example.org").port == 465
    assert Post.at("smtp://127.0.0.1:2525", "a@example.org").starttls is None
    assert Post.at("smtp://mail:25?starttls=no", "a@example.org").starttls is False


@pytest.mark.parametrize("url", ["http://mail", "smtp://:secret@", "smtp://mail:port", "mail.example.org"])
def test_settings_that_name_no_mail_server_are_refused_without_showing_them(url: str) -> None:
    with pytest.raises(SmtpUrlError) as refused:
        Post.at(url, "a@example.org")
    assert "secret" not in str(refused.value)
    with pytest.raises(SmtpUrlError):
        Post.at("smtp://mail", "nobody")
    with pytest.raises(SmtpUrlError):
        Post.at("smtp://mail", "a@example.org\r\nBcc: b@example.org")


def test_an_outcome_is_not_final_unless_it_says_so() -> None:
    assert Outcome("451").final is False
