"""What can only be said of a whole run: how fast it answered, whether it asked to wait, whether it said it is gone."""

from infra.kit.endpoint import ASKS_TO_WAIT, GONE, TOO_MANY
from infra.kit.verdicts import Finding, Kit, right, unseen, wrong


async def timely(kit: Kit) -> Finding:
    """Every answer of the run, against the time notification waits."""
    endpoint = kit.endpoint
    slowest = max(answer.seconds for answer in endpoint.answers)
    late = [answer for answer in endpoint.answers if answer.seconds > endpoint.limit]
    if late:
        return wrong(
            f"{len(late)} of {len(endpoint.answers)} took over {endpoint.limit:g} s, the longest {slowest:.1f} s"
        )
    return right(f"the slowest of {len(endpoint.answers)} answers took {slowest:.2f} s of {endpoint.limit:g} s")


async def pushback(kit: Kit) -> Finding:
    """Asking to wait is allowed; it only has to say for how long."""
    asked = [answer for answer in kit.endpoint.answers if answer.status in ASKS_TO_WAIT]
    waited = [answer for answer in asked if answer.wait is not None]
    if waited:
        return right(f"it asked to wait {len(waited)} times; the kit waited each time, and so does notification")
    if any(answer.status == TOO_MANY for answer in asked):
        return wrong("it answered 429 without Retry-After, so that nobody knows how long to wait")
    return unseen("it never asked to wait")


async def gone(kit: Kit) -> Finding:
    """One 410 is enough to be sent nothing any more."""
    times = sum(answer.status == GONE for answer in kit.endpoint.answers)
    if times:
        return wrong(f"it answered 410 {times} times; the first would have disabled the subscription")
    return right(f"none of {len(kit.endpoint.answers)} answers was 410")
