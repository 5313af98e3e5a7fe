"""Subscriptions over HTTP: subscribe, change, rotate, pause, go on, end; and the keys that webhooks are signed with."""

from base64 import b64encode
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from services.notification.subscriptions.calls import Tried
from services.notification.subscriptions.commands import ChangeSubscription, Subscribe
from services.notification.subscriptions.domain import Payload, State, Subscription
from services.notification.subscriptions.handlers import Subscriptions
from services.notification.subscriptions.storage import listed
from shared.auth import Role
from shared.http.door import Asked, Calling, Expected, allow, doors, public
from shared.http.pages import Cursor, Limit, Page, after, page
from shared.http.shown import showing
from shared.http.tags import tagged
from shared.signing import Keyring

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
    payload: Payload = Field(description="full, or thin: without `data`, with a `dataref` to it")
    ordered: bool = Field(description="whether it is sent one event after the other, by position")
    state: State
    reason: str = Field(description="why it is disabled or not verified; empty when it is sent to")
    previous_until: datetime | None = Field(description="until when the secret before this one signs as well")


class NewSubscription(SubscriptionView):
    """A subscription with its new secret, by which its deliveries are signed; it is shown here only."""

    secret: str = Field(examples=["whsec_c2tpbGxjZXJ0IGV4YW1wbGUgc2VjcmV0IDMyIGJ5dGVz"])


class WebhookKey(BaseModel):
    """One public key, as a JWK (RFC 8037) and as Standard Webhooks writes it."""

    kid: str = Field(examples=["https://skillcert.example.org#k1"])
    kty: str
    crv: str
    alg: str
    use: str
    x: str = Field(description="the 32 bytes, base64url")
    whpk: str = Field(description="the same bytes in base64 after `whpk_`")


class WebhookKeys(BaseModel):
    """The public keys of `v1a` signatures, as a JWK set (RFC 7517)."""

    keys: list[WebhookKey]


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
        route_class_override=showing("secret", subscriptions.sealer),
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
    _rotating(router, subscriptions)
    _changing(router, subscriptions)
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


def _rotating(router: APIRouter, subscriptions: Subscriptions) -> None:
    @allow(*OWNERS)
    async def rotate(subscription: str, act: Asked, expect: Expected, response: Response) -> NewSubscription:
        """A new secret, shown in this answer alone; the old one signs as well until `previous_until`."""
        made = tagged(response, await subscriptions.rotate(act, subscription, expect))
        return NewSubscription.model_validate(_fields(made))

    opening = showing("secret", subscriptions.sealer)
    router.add_api_route("/{subscription}/rotate", rotate, methods=["POST"], route_class_override=opening)


def _changing(router: APIRouter, subscriptions: Subscriptions) -> None:
    @router.post("/{subscription}/change")
    @allow(*OWNERS)
    async def change(
        subscription: str, asked: ChangeSubscription, act: Asked, expect: Expected, response: Response
    ) -> SubscriptionView:
        """Be sent something else, or elsewhere, within a second; what was on its way already is sent all the same.

        A new URL is challenged before the answer, as a new subscription's is.
        """
        return _view(tagged(response, await subscriptions.change(act, subscription, asked, expect)))


def key_routes(keyring: Keyring) -> APIRouter:
    """The public door of the keys that every webhook is signed with."""
    router = doors("/webhook-keys", "subscriptions")

    @router.get("")
    @public
    async def keys() -> WebhookKeys:
        """The keys that `v1a` signatures are checked with, the signing one first."""
        forms = {name: f"whpk_{b64encode(raw).decode()}" for name, raw in keyring.public().items()}
        return WebhookKeys.model_validate({"keys": [{**key, "whpk": forms[key["kid"]]} for key in _set(keyring)]})

    return router


def _set(keyring: Keyring) -> list[dict[str, Any]]:
    keys: list[dict[str, Any]] = keyring.jwks()["keys"]
    return keys
