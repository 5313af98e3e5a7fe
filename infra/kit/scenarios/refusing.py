"""What a subscriber must refuse: whatever is not signed by notification, for this text, just now."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from infra.kit.keys import Keys, Message, headers
from infra.kit.verdicts import Finding, Kit, Verdict, right, wrong
from shared.events.registry import CertificateFiled

HOURS = timedelta(hours=3)


class Fake(NamedTuple):
    """Something to refuse: what is wrong with it, and what is sent."""

    called: str
    headers: Mapping[str, str]
    message: Message


async def wrong_signature(kit: Kit) -> Finding:
    """By another secret and another key, or by none."""
    at, other = datetime.now(UTC), Keys.made()
    fakes = []
    for called in ("signed by somebody else", "signed with nonsense", "signed with nothing"):
        message = _message(kit)
        parts = {
            "signed by somebody else": (other.v1(message, at), other.v1a(message, at)),
            "signed with nonsense": ("v1,%%%", "nonsense"),
            "signed with nothing": ("v1,",),
        }[called]
        fakes.append(Fake(called, headers(message, at, *parts), message))
    return await _refused(kit, fakes)


async def old(kit: Kit) -> Finding:
    """Signed by us, and sent again hours later, or for hours ahead; or at no time at all."""
    now, keys, fakes = datetime.now(UTC), kit.endpoint.keys, []
    for called, at in (("three hours old", now - HOURS), ("three hours ahead", now + HOURS)):
        message = _message(kit)
        fakes.append(Fake(called, keys.headers(message, at), message))
    message = _message(kit)
    fakes.append(Fake("without a readable time", {**keys.headers(message), "webhook-timestamp": "just now"}, message))
    return await _refused(kit, fakes)


async def missing(kit: Kit) -> Finding:
    """Without one of the headers, and without all of them."""
    fakes = []
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature", "all"):
        message = _message(kit)
        whole = kit.endpoint.keys.headers(message)
        left = {header: value for header, value in whole.items() if name not in (header, "all")}
        fakes.append(Fake(f"without {name}" if name != "all" else "without any of them", left, message))
    return await _refused(kit, fakes)


async def tampered(kit: Kit) -> Finding:
    """The headers hold for another text, once seen and once never seen before; or for another id or time."""
    seen, never = _message(kit), _message(kit)
    signed = kit.endpoint.keys.headers(seen)
    genuine = await kit.endpoint.post(signed, seen.body)
    if not genuine.taken:
        return wrong(f"before the change it was answered {genuine}, not 2xx")
    unseen, timed = kit.endpoint.keys.headers(never), kit.endpoint.keys.headers(never)
    later = str(int(timed["webhook-timestamp"]) + 1)
    another = Message(f"{never.identity}0", never.body)
    return await _refused(
        kit,
        [
            Fake("with another body under headers seen before", signed, Message(f"{seen.identity}x", _changed(seen))),
            Fake("with another body", unseen, Message(f"{never.identity}x", _changed(never))),
            Fake("under another id", {**unseen, "webhook-id": another.identity}, another),
            Fake("under another time", {**timed, "webhook-timestamp": later}, never),
        ],
    )


async def ed25519_only(kit: Kit) -> Finding:
    """Either `v1a` is checked, or nothing is taken by it."""
    at, forged, message = datetime.now(UTC), _message(kit), _message(kit)
    fake = Fake("signed by another key", headers(forged, at, Keys.made().v1a(forged, at)), forged)
    found = await _refused(kit, [fake])
    if found.verdict is Verdict.WRONG:
        return found
    answer = await kit.endpoint.post(headers(message, at, kit.endpoint.keys.v1a(message, at)), message.body)
    if answer.taken:
        return right("it took one signed by our key, and refused one signed by another")
    if answer.refused:
        return right("it refused both: it checks v1 only, which is enough, as v1 is always sent")
    return wrong(f"one signed by our key alone was answered {answer}, neither 2xx nor 401")


async def _refused(kit: Kit, fakes: list[Fake]) -> Finding:
    """Right when every one is answered 400, 401 or the like, and none had an effect."""
    for fake in fakes:
        answer = await kit.endpoint.post(fake.headers, fake.message.body)
        if answer.taken:
            return wrong(f"it took one {fake.called} ({answer})")
        if not answer.refused:
            return wrong(f"one {fake.called} was answered {answer}; the answer is 400 or 401")
    handled = set(await kit.endpoint.handled() or ())
    for fake in fakes:
        if fake.message.identity in handled:
            return wrong(f"it refused one {fake.called}, and handled it")
    return right(f"{len(fakes)} of {len(fakes)} were refused")


def _message(kit: Kit) -> Message:
    return kit.examples.one(CertificateFiled.type)


def _changed(message: Message) -> str:
    event = json.loads(message.body)
    event["id"] += "x"
    event["data"]["holder"] = "赵*"
    return json.dumps(event, ensure_ascii=False)
