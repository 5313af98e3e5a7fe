"""Events, subscriptions and deliveries that the tests of notification begin from."""

from datetime import UTC, datetime
from typing import Any

from services.notification.deliveries.domain import Delivery, identity
from services.notification.feed.domain.event import FeedEvent
from services.notification.feed.domain.filters import Filter
from services.notification.subscriptions.domain import Subscription

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


def feed_event(position: int = 1, **changed: Any) -> FeedEvent:
    """A filed plan of unit-33-001 as the feed keeps it."""
    event = FeedEvent(
        position=position,
        event=f"registry.plans.plan-{position}@2",
        type="registry.plan.filed.v1",
        source="/registry/plans",
        subject=f"plan-{position}",
        time=NOON,
        sequence=2,
        authority="33",
        unit="unit-33-001",
        correlation="c1",
        causation=None,
        trace=None,
        body='{"plan":"plan-1","unit":"unit-33-001"}',
        heard_at=NOON,
    )
    return event._replace(**changed)


def subscription(**changed: Any) -> Subscription:
    """A subscriber of line 33 that wants everything."""
    return Subscription(
        id="subscription-1",
        authority="33",
        owner="sub-1",
        line="33",
        unit=None,
        url="https://hooks.example.org/skillcert",
        only=Filter(),
        from_position=0,
        secret="sealed",
    ).having(**changed)


def delivery(**changed: Any) -> Delivery:
    """The first event on its way to that subscriber."""
    return Delivery(
        id=identity("subscription-1", 1),
        subscription="subscription-1",
        position=1,
        event="registry.plans.plan-1@2",
        type="registry.plan.filed.v1",
        authority="33",
        unit=None,
        owner="sub-1",
        due=NOON,
    ).model_copy(update=changed)
