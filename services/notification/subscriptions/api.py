"""Subscriptions over HTTP: subscribe, pause, go on, end."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from services.notification.subscriptions.calls import Tried
from services.notification.subscriptions.commands import Subscribe
from services.notification.subscriptions.domain import State, Subscription
from services.notification.subscriptions.handlers import Subscriptions
from services.notification.subscriptions.storage import listed
from shared.auth import Role
from shared.http.door import Asked, Calling, Door, Expected, allow, doors
from shared.http.pages import Cursor, Limit, Page, after, page
from shared.http.tags import tagged
from shared.privacy import Sealer

OWNERS = (Role.SUBSCRIBER, Role.AUTHORITY, Role.UNIT, Role.CENTER)
CREATED = 201


class SubscriptionView(BaseModel):
    """A subscription without its secret."""

    id: str
    authority: str
    unit: str | None
    owner: str = Field(description="the organisation that subscribed")
    url: str
    types: tuple[str, ...] = Field(description="exact types or patterns; none means every event")
    authorities: tuple[str, ...] = Field(description="lines it is told of; none means all within its scope")
    units: tuple[str, ...] = Field(description="units it is told of; none means all within its scope")
    occupations: tuple[str, ...] = Field(description="occupations; none means all")
    levels: tuple[str, ...] = Field(description="levels; none means all")
    subjects: tuple[str, ...] = Field(description="subjects of events; none means all")
    correlations: tuple[str, ...] = Field(description="correlation ids; none means all")
    from_position: int = Field(description="it is told what comes after this position of the feed")
    state: State
    reason: str = Field(description="why it is disabled or not verified; empty when it is sent to")


class NewSubscription(SubscriptionView):
    """A subscription just made, with the secret its deliveries are signed with; it is shown here only."""

    secret: str = Field(examples=["whsec_c2tpbGxjZXJ0IGV4YW1wbGUgc2VjcmV0IDMyIGJ5dGVz"])


def routes(subscriptions: Subscriptions) -> APIRouter:
    """The doors of the subscriptions room."""
    router = doors("/subscriptions", "subscriptions")

    @allow(*OWNERS)
    async def subscribe(asked: Subscribe, act: Asked, response: Response) -> NewSubscription:
        """Be told by webhook of what the caller may see; the answer alone shows the secret (Standard Webhooks).

        The URL is challenged before the answer: it is sent `{"type": "skillcert.challenge", "challenge": "…",
        "subscription": "…"}` and answers 2xx with `{"challenge": "…"}`, the same text, in time; then the
        subscription is active. Else it is unverified, for the `reason` given, and `/verify` challenges it again.
        Nothing is missed meanwhile: it is told what comes after `from_position`, which is fixed now.
        """
        made = tagged(response, await subscriptions.subscribe(act, asked))
        return NewSubscription.model_validate(_fields(made))

    router.add_api_route(
        "",
        subscribe,
        methods=["POST"],
        status_code=CREATED,
        route_class_override=_door_that_opens(subscriptions.sealer),
    )

    @router.get("")
    @allow(*OWNERS, Role.AUDITOR)
    async def index(caller: Calling, cursor: Cursor = None, limit: Limit = 100) -> Page[SubscriptionView]:
        """The caller's subscriptions by id."""
        rows = await listed(subscriptions.subscriptions, caller, after=after(cursor), limit=limit + 1)
        return page([_view(row) for row in rows], limit, lambda row: row.id)

    @router.get("/{subscription}")
    @allow(*OWNERS, Role.AUDITOR)
    async def read(subscription: str, caller: Calling, response: Response) -> SubscriptionView:
        """One subscription."""
        return _view(tagged(response, await subscriptions.get(subscription, caller)))

    @router.delete("/{subscription}", status_code=204)
    @allow(*OWNERS)
    async def delete(subscription: str, act: Asked, expect: Expected) -> None:
        """End it; what was not yet delivered is dropped."""
        await subscriptions.delete(act, subscription, expect)

    _turns(router, subscriptions)
    return router


def _turns(router: APIRouter, subscriptions: Subscriptions) -> None:
    """The doors that turn a subscription on and off."""

    @router.post("/{subscription}/verify")
    @allow(*OWNERS)
    async def verify(subscription: str, act: Asked, expect: Expected, response: Response) -> SubscriptionView:
        """Challenge its URL again; `state` and `reason` tell how it went."""
        return _view(tagged(response, await subscriptions.verify(act, subscription, expect)))

    @router.post("/{subscription}/test")
    @allow(*OWNERS)
    async def try_out(subscription: str, act: Asked) -> Tried:
        """Send a signed example (`skillcert.test.v1`, no event of the feed) at once, and tell what came of it."""
        return await subscriptions.try_out(act, subscription)

    @router.post("/{subscription}/enable")
    @allow(*OWNERS)
    async def enable(subscription: str, act: Asked, expect: Expected, response: Response) -> SubscriptionView:
        """Send again, beginning with what was held back."""
        return _view(tagged(response, await subscriptions.enable(act, subscription, expect)))

    @router.post("/{subscription}/disable")
    @allow(*OWNERS)
    async def disable(subscription: str, act: Asked, expect: Expected, response: Response) -> SubscriptionView:
        """Hold everything back until it is enabled."""
        return _view(tagged(response, await subscriptions.disable(act, subscription, expect)))


def _view(subscription: Subscription) -> SubscriptionView:
    return SubscriptionView.model_validate(_fields(subscription))


def _fields(subscription: Subscription) -> dict[str, Any]:
    return {**subscription.model_dump(), **subscription.only.model_dump()}


def _door_that_opens(sealer: Sealer) -> type[Door]:
    """A door whose answers are kept with the secret sealed, and opened on their way out, repeats too."""

    class OpeningDoor(Door):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            kept = super().get_route_handler()

            async def through(request: Request) -> Response:
                return _opened(await kept(request), sealer)

            return through

    return OpeningDoor


def _opened(response: Response, sealer: Sealer) -> Response:
    if response.status_code != CREATED:
        return response
    answer = json.loads(bytes(response.body))
    answer["secret"] = sealer.open(answer["secret"], bound_to=answer["id"])
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    return JSONResponse(answer, CREATED, {**headers, "Cache-Control": "no-store"})
