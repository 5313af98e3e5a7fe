"""What a subscriber must take: the challenge, every event in every form it may come in, every right signature."""

import base64
import json
import secrets
from datetime import UTC, datetime
from uuid import uuid4

from infra.kit.endpoint import Answer
from infra.kit.keys import Keys, Message, headers
from infra.kit.verdicts import Finding, Kit, all_taken, right, wrong
from shared.events.registry import CertificateFiled

NEW_TYPE = "registry.invention.patented.v1"
NEW_SCHEME = "v9," + base64.b64encode(b"a signature of a later scheme").decode()


async def challenge(kit: Kit) -> Finding:
    """The endpoint proves that whoever runs it wants to be told."""
    asked = secrets.token_urlsafe(32)
    body = {"type": "skillcert.challenge", "challenge": asked, "subscription": f"subscription-{uuid4().hex}"}
    answer = await kit.endpoint.send(Message(f"challenge-{uuid4().hex}", json.dumps(body)))
    if not answer.taken:
        return wrong(f"it answered {answer}, not 2xx")
    if _echoed(answer) != asked:
        return wrong(f"it answered {answer} without the challenge, as JSON or alone")
    return right(f"it answered {answer} with the challenge")


def _echoed(answer: Answer) -> str:
    text = answer.body.decode(errors="replace").strip()
    try:
        said = json.loads(text)
    except ValueError:
        return text
    return str(said.get("challenge", "")) if isinstance(said, dict) else str(said)


async def every_type(kit: Kit) -> Finding:
    """Each after its frozen example."""
    sent = kit.examples.each()
    return all_taken(sent, await kit.endpoint.send_all(sent))


async def thin(kit: Kit) -> Finding:
    """Subscriptions with the payload `thin` get these."""
    sent = kit.examples.thin()
    return all_taken(sent, await kit.endpoint.send_all(sent))


async def unknown_type(kit: Kit) -> Finding:
    """A service begins to say something new."""
    sent = [kit.examples.one(CertificateFiled.type, named=NEW_TYPE)]
    return all_taken(sent, await kit.endpoint.send_all(sent))


async def unknown_fields(kit: Kit) -> Finding:
    """A service begins to say more, at the top and in every part."""
    types = [json.loads(one.body)["type"] for one in kit.examples.each()]
    sent = [kit.examples.one(event_type, later=True) for event_type in types]
    return all_taken(sent, await kit.endpoint.send_all(sent))


async def rotation(kit: Kit) -> Finding:
    """During the overlap one of two signatures is by a secret the subscriber does not know (yet, or any more)."""
    keys, other, at = kit.endpoint.keys, Keys.made(), datetime.now(UTC)
    sent, answers = [], []
    for order in ("known first", "unknown first", "a scheme of later", "four parts"):
        message = kit.examples.one(CertificateFiled.type)
        known, unknown, ours = keys.v1(message, at), other.v1(message, at), keys.v1a(message, at)
        parts = {
            "known first": (known, unknown),
            "unknown first": (unknown, known),
            "a scheme of later": (NEW_SCHEME, known),
            "four parts": (unknown, NEW_SCHEME, known, ours),
        }[order]
        sent.append(message)
        answers.append(await kit.endpoint.post(headers(message, at, *parts), message.body))
    return all_taken(sent, answers)
