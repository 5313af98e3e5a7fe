"""What a subscriber must bear: the same again, the wrong order, old news, and everything at once."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from uuid import uuid4

from infra.kit.examples import types_of
from infra.kit.keys import Message
from infra.kit.verdicts import NO_PROBE, Finding, Kit, Verdict, all_taken, right, unseen, untaken, wrong
from shared.events.registry import (
    CardChanged,
    CardIssued,
    CertificateCorrected,
    CertificateFiled,
    OrganisationChanged,
    OrganisationRegistered,
    PlanFiled,
    PlanSubmitted,
    SiteChanged,
)

FIRST_AND_SECOND = (
    (PlanSubmitted, PlanFiled),
    (CardIssued, CardChanged),
    (CertificateFiled, CertificateCorrected),
    (OrganisationRegistered, OrganisationChanged),
)
WHOLE = (CardChanged, OrganisationChanged, SiteChanged)
"""Events that say all of an entity as it is now, so that the one of the highest sequence is what holds."""
BURST = 50
ROUNDS = 3
"""So many events of every type wait after an outage."""


async def duplicates(kit: Kit) -> Finding:
    """A sender that did not hear the answer sends again, and two processes may send at once."""
    sent = kit.examples.each()
    answers = [await kit.endpoint.send_all(sent)]
    twice = await kit.endpoint.send_all([message for message in sent for _ in range(2)])
    answers += [twice[0::2], twice[1::2]]
    if lost := next((lost for one in answers if (lost := untaken(sent, one))), ""):
        return wrong(lost)
    return await _once(kit, sent, f"{len(sent)} events were answered 2xx three times each")


async def reordered(kit: Kit) -> Finding:
    """The later event arrives first; it counts, whatever is still to come."""
    pairs = []
    for first, second in FIRST_AND_SECOND:
        subject = f"kit-{uuid4().hex}"
        pairs.append((kit.examples.one(second.type, subject, 2), kit.examples.one(first.type, subject, 1)))
    found = await _one_by_one(kit, [message for pair in pairs for message in pair])
    handled = await kit.endpoint.handled()
    if found.verdict is Verdict.WRONG:
        return found
    if handled is None:
        return unseen(f"{found.seen}; whether the later one counts is not seen: {NO_PROBE}")
    for later, before in pairs:
        if before.identity in handled and later.identity not in handled:
            return wrong(f"it handled {before.identity} and dropped {later.identity}, which came first")
    return _of_any(found, [later for later, _ in pairs], handled, "the later one counts")


async def older(kit: Kit) -> Finding:
    """What holds is what the highest sequence said, not what came last."""
    pairs = []
    for event in WHOLE:
        subject = f"kit-{uuid4().hex}"
        pairs.append((kit.examples.one(event.type, subject, 9), kit.examples.one(event.type, subject, 5)))
    found = await _one_by_one(kit, [message for pair in pairs for message in pair])
    handled = await kit.endpoint.handled()
    if found.verdict is Verdict.WRONG:
        return found
    if handled is None:
        return unseen(f"{found.seen}; which version holds now is not seen: {NO_PROBE}")
    if applied := [old.identity for _, old in pairs if old.identity in handled]:
        return wrong(f"it handled {applied[0]} after a version of sequence 9")
    return _of_any(found, [new for new, _ in pairs], handled, "no older version was handled")


async def outage(kit: Kit) -> Finding:
    """Notification was away; what was said in the meantime comes as fast as it is taken."""
    await asyncio.sleep(kit.pause)
    sent = [message for _ in range(ROUNDS) for message in kit.examples.each()]
    found = all_taken(sent, await kit.endpoint.send_all(sent, BURST))
    if found.verdict is Verdict.WRONG:
        return found
    once = await _once(kit, sent, found.seen)
    lost = _lost(sent, await kit.endpoint.handled() or ())
    return wrong(f"it answered 2xx and lost {len(lost)}, the first {lost[0]}") if lost else once


async def _one_by_one(kit: Kit, sent: Sequence[Message]) -> Finding:
    return all_taken(sent, [await kit.endpoint.send(message) for message in sent])


def _of_any(found: Finding, wanted: Sequence[Message], handled: Sequence[str], said: str) -> Finding:
    """Right, unless none of them had an effect, so that nothing follows from it."""
    if not any(message.identity in handled for message in wanted):
        return unseen(f"{found.seen}; it handled none of these")
    return right(f"{found.seen}; {said}")


async def _once(kit: Kit, sent: Sequence[Message], taken: str) -> Finding:
    """Whether what was taken had its effect once."""
    handled = await kit.endpoint.handled()
    if handled is None:
        return unseen(f"{taken}; whether they were handled once is not seen: {NO_PROBE}")
    counted = Counter(handled)
    times = {message.identity: counted[message.identity] for message in sent}
    if again := [identity for identity, count in times.items() if count > 1]:
        return wrong(f"{taken}; {len(again)} were handled more than once, the first {again[0]}")
    return _of_any(right(taken), sent, handled, "none was handled twice")


def _lost(sent: Sequence[Message], handled: Sequence[str]) -> list[str]:
    """Those not handled of a type of which another was."""
    seen: dict[str, list[str]] = defaultdict(list)
    for identity, event_type in types_of(sent).items():
        seen[event_type].append(identity)
    known = set(handled)
    partly = [ids for ids in seen.values() if known.intersection(ids)]
    return [identity for ids in partly for identity in ids if identity not in known]
