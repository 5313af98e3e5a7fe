"""The newest notices as an Atom feed (RFC 4287), for readers of feeds."""

from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from services.notification.notices.domain.notice import Notice

ATOM = "http://www.w3.org/2005/Atom"
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
NONE = "\ufffe\uffff"
register_namespace("", ATOM)


def atom(notices: Sequence[Notice], url: str) -> bytes:
    """The feed of these notices, the newest first."""
    feed = Element(f"{{{ATOM}}}feed", {"xml:lang": "zh-CN"})
    _text(feed, "id", f"{url}/notices")
    _text(feed, "title", "职业技能鉴定公示公告")
    _text(feed, "updated", max((_changed(row) for row in notices), default=NEVER).isoformat())
    SubElement(_child(feed, "author"), f"{{{ATOM}}}name").text = "skillcert"
    _child(feed, "link").attrib.update({"rel": "self", "href": f"{url}/notices.atom"})
    _child(feed, "link").attrib.update({"rel": "alternate", "href": f"{url}/notices"})
    for row in notices:
        _entry(_child(feed, "entry"), row, url)
    text: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return text


def _entry(entry: Element, notice: Notice, url: str) -> None:
    _text(entry, "id", f"{url}/notices/{notice.id}")
    _text(entry, "title", f"（已撤回）{notice.title.zh}" if notice.withdrawal else notice.title.zh)
    _text(entry, "published", notice.opens_at.isoformat())
    _text(entry, "updated", _changed(notice).isoformat())
    _child(entry, "link").attrib.update({"rel": "alternate", "href": f"{url}/notices/{notice.id}"})
    _child(entry, "category").attrib["term"] = notice.kind
    _text(entry, "summary", f"{notice.text.zh}\n{notice.text.en}".strip())


def _changed(notice: Notice) -> datetime:
    return notice.withdrawal.at if notice.withdrawal else notice.opens_at


def _child(parent: Element, name: str) -> Element:
    return SubElement(parent, f"{{{ATOM}}}{name}")


def _text(parent: Element, name: str, text: str) -> None:
    # XML 1.0 has no place for control characters, and for two that are no characters, escaped or not.
    _child(parent, name).text = "".join(sign for sign in text if (sign >= " " or sign in "\n\t") and sign not in NONE)
