"""What mails say: plain text and plain HTML, Chinese first, without names of people; the one place that writes them."""

from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from html import escape
from typing import NamedTuple

from services.notification.inboxes.domain.item import Item, Standing
from services.notification.mails.domain import Mail, Purpose
from services.notification.notices.domain.notice import Both

STANDINGS = {
    Standing.NEWS: Both(zh="新消息", en="News"),
    Standing.WAITING: Both(zh="新待办", en="Waits for you"),
    Standing.SOON: Both(zh="即将到期", en="Near its limit"),
    Standing.OVERDUE: Both(zh="已逾期", en="Overdue"),
    Standing.SETTLED: Both(zh="已办结", en="Settled"),
}
FOOT = Both(
    zh="本邮件由系统自动发送，请勿回复。本单位可随时停用此邮箱。",
    en="This mail was sent by a machine; do not answer it. Your organisation can end this address at any time.",
)


class Letter(NamedTuple):
    """A mail before it has a recipient."""

    subject: str
    lines: tuple[str, ...]
    link: str


def code_letter(code: str, hours: int, url: str) -> Letter:
    """The code that proves an address."""
    return Letter(
        "邮箱验证码 · Code for your address",
        (
            f"验证码：{code}（{hours}小时内有效）",
            "请勿将验证码告知他人；如非本单位操作，请忽略本邮件。",
            f"Code: {code} (it counts for {hours} hours)",
            "Tell it nobody; if your organisation did not ask for it, ignore this mail.",
        ),
        url,
    )


def item_letter(item: Item, standing: Standing, url: str) -> Letter:
    """One item, new or near its limit."""
    word = STANDINGS[standing]
    return Letter(f"【{word.zh}】{item.title.zh}", _told(item, word), f"{url}/v1/inbox/{item.id}")


def bundle_letter(items: Sequence[tuple[Item, Standing]], further: int, url: str) -> Letter:
    """Many items that came, or came near their limit, at the same moment."""
    return _list(f"【待办与消息】{len(items) + further}项", items, further, url)


def digest_letter(items: Sequence[tuple[Item, Standing]], further: int, day: str, url: str) -> Letter:
    """What came in a day, and what is near its limit."""
    return _list(f"【每日摘要】{day}：{len(items) + further}项", items, further, url)


def _list(subject: str, items: Sequence[tuple[Item, Standing]], further: int, url: str) -> Letter:
    lines = [line for item, standing in items for line in (*_told(item, STANDINGS[standing]), "")]
    if further:
        lines += [f"另有{further}项，请登录查看。", f"{further} more; see the inbox."]
    return Letter(subject, tuple(lines), f"{url}/v1/inbox")


def _told(item: Item, word: Both) -> tuple[str, ...]:
    zh, en = f"【{word.zh}】{item.title.zh}", f"[{word.en}] {item.title.en}"
    if item.due_on is None:
        return zh, en
    return f"{zh}（截止{item.due_on}）", f"{en} (last day: {item.due_on})"


def message(letter: Letter, mail: Mail, sender: str, to: str, domain: str) -> EmailMessage:
    """The mail as it goes over the wire; the same Message-ID for each attempt."""
    made = EmailMessage(policy=SMTP)
    made["Subject"] = one_line(letter.subject)
    made["From"] = sender
    made["To"] = to
    made["Date"] = mail.made_at
    made["Message-ID"] = f"<{mail.id}@{domain}>"
    made["Auto-Submitted"] = "auto-generated"
    if mail.purpose is not Purpose.CODE:
        made["X-Skillcert-Items"] = str(len(mail.items) + mail.further)
    lines = [one_line(line) for line in letter.lines]
    made.set_content("\n".join((*lines, "", letter.link, "", FOOT.zh, FOOT.en, "")))
    made.add_alternative(_html(lines, letter.link), subtype="html")
    return made


def one_line(text: str) -> str:
    """Without line ends and control characters: nothing in a title begins a header or a line of its own."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _html(lines: Sequence[str], link: str) -> str:
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in lines if line)
    foot = f"<p><small>{escape(FOOT.zh)}<br>{escape(FOOT.en)}</small></p>"
    address = escape(link, quote=True)
    body = f'{paragraphs}<p><a href="{address}">{address}</a></p>{foot}'
    return f'<!doctype html><html lang="zh-CN"><body>{body}</body></html>'
