"""Webhooks that a program makes for itself: it sees and changes those of its own key, and no others (API-02)."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.keys import api_actor, current_client
from portal.blueprints.api.operations import PathValue, Reply, operation
from portal.blueprints.api.own_store import own_store
from portal.blueprints.api.v1.webhooks import examples
from portal.blueprints.api.v1.webhooks.schemas import (
    Delivery,
    DeliveryPage,
    DeliveryQuery,
    Replay,
    Replayed,
    Rotation,
    Webhook,
    WebhookChange,
    WebhookList,
    WebhookRequest,
    WebhookSecret,
)
from portal.blueprints.webhook_words import check_webhook
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.paging import CursorInvalidError
from portal.queries.webhooks import DeliveryRow, EndpointRow, list_deliveries, list_endpoints, load_endpoint
from portal.rules.permissions import Permission
from portal.rules.webhooks import EVENT_TYPES, EndpointState, WebhookTerms, WebhookUnfitError
from portal.services.webhooks.save_endpoint import (
    ENDPOINTS_MAX,
    Owner,
    WebhookChangedError,
    WebhooksTooManyError,
    WebhookStoppedError,
    WebhookUnknownError,
    change_endpoint,
    make_endpoint,
    rotate_secret,
    send_test,
    switch_endpoint,
)
from portal.services.webhooks.send_again import ReplayTooFarError, replay, send_again

TAG = "Webhooks"
_UUID = {"type": "string", "format": "uuid"}
HOOK = {"webhook_id": PathValue("The webhook's id.", _UUID, examples.ENDPOINT_ID)}
MESSAGE = {**HOOK, "message_id": PathValue("The message's id.", _UUID, examples.MESSAGE_ID)}


@operation(
    "GET",
    "/webhooks",
    tag=TAG,
    summary="List webhooks",
    description="Those that this key has made.",
    permission=Permission.WEBHOOK_VIEW,
    answer=WebhookList,
    example=examples.LIST,
)
def list_own_webhooks() -> WebhookList:
    with reading() as session:
        rows = list_endpoints(session, client_id=current_client().client.id)
    return WebhookList(items=[_as_webhook(row) for row in rows], event_types=list(EVENT_TYPES))


@operation(
    "POST",
    "/webhooks",
    tag=TAG,
    summary="Make a webhook",
    description=(
        "It hears from now on, on the channel of the key. Messages are signed by Standard Webhooks (`webhook-id`, "
        "`webhook-timestamp`, `webhook-signature`), name what has changed and nothing more, come in order for each "
        "thing, and are tried for a day. Answer with any 2xx within 10 seconds; 410 ends the webhook. "
        "The secret is in this answer only."
    ),
    permission=Permission.WEBHOOK_MANAGE,
    body=WebhookRequest,
    body_example=examples.REQUEST,
    answer=WebhookSecret,
    status=201,
    answer_text="The webhook, with its secret.",
    example=examples.SECRET,
    refusals=(NotFoundError, WebhookUnfitError, WebhooksTooManyError(maximum=ENDPOINTS_MAX)),
)
def make_own_webhook(body: WebhookRequest) -> Reply:
    actor, now, client = api_actor(), clock.now(), current_client().client
    owner = Owner(
        store_id=_store(body.store) if body.reach == "store" else None,
        user_id=client.user_id if body.reach == "user" else None,
        channel_id=client.channel_id,
    )
    terms = WebhookTerms(body.name, body.url, tuple(body.events))
    check_webhook(terms, owner.reach)
    made = atomically(lambda s: make_endpoint(s, owner=owner, terms=terms, client_id=client.id, actor=actor, now=now))
    return Reply(WebhookSecret(webhook=_as_webhook(_load(str(made.id))), secret=made.secret), 201)


@operation(
    "GET",
    "/webhooks/<string:webhook_id>",
    tag=TAG,
    summary="Show a webhook",
    permission=Permission.WEBHOOK_VIEW,
    answer=Webhook,
    example=examples.ENDPOINT,
    path_values=HOOK,
    refusals=(NotFoundError,),
)
def show_webhook(webhook_id: str) -> Webhook:
    return _as_webhook(_load(webhook_id))


@operation(
    "PATCH",
    "/webhooks/<string:webhook_id>",
    tag=TAG,
    summary="Change a webhook",
    description="Name, address, events, or whether it is on. What waits is sent when it is on again.",
    permission=Permission.WEBHOOK_MANAGE,
    body=WebhookChange,
    body_example=examples.CHANGE,
    answer=Webhook,
    example=examples.ENDPOINT,
    path_values=HOOK,
    refusals=(NotFoundError, WebhookUnfitError, WebhookChangedError),
)
def change_webhook(webhook_id: str, body: WebhookChange) -> Webhook:
    row, actor, now = _load(webhook_id), api_actor(), clock.now()
    terms = WebhookTerms(body.name or row.name, body.url or row.url, tuple(body.events or row.kinds))
    check_webhook(terms, Owner(row.store_id, row.user_id).reach)

    def work(session: Session) -> None:
        change_endpoint(session, endpoint_id=row.id, version=body.version, terms=terms, actor=actor, now=now)
        if body.state is not None:
            switch_endpoint(session, endpoint_id=row.id, new=EndpointState(body.state), actor=actor, now=now)

    atomically(work)
    return _as_webhook(_load(webhook_id))


@operation(
    "DELETE",
    "/webhooks/<string:webhook_id>",
    tag=TAG,
    summary="Remove a webhook",
    description="Nothing more is sent.",
    permission=Permission.WEBHOOK_MANAGE,
    answer=None,
    status=204,
    answer_text="It is gone.",
    path_values=HOOK,
    refusals=(NotFoundError,),
    changed=(WebhookChangedError,),
)
def remove_webhook(webhook_id: str, seen: int | None) -> Reply:
    row, actor, now, removed = _load(webhook_id), api_actor(), clock.now(), EndpointState.REMOVED
    atomically(lambda s: switch_endpoint(s, endpoint_id=row.id, new=removed, actor=actor, now=now, version=seen))
    return Reply(None, 204)


@operation(
    "POST",
    "/webhooks/<string:webhook_id>/secret",
    tag=TAG,
    summary="Change the secret of a webhook",
    description="Messages carry signatures of both secrets until the overlap ends. The new one is in this answer only.",
    permission=Permission.WEBHOOK_MANAGE,
    body=Rotation,
    body_example=examples.ROTATION,
    answer=WebhookSecret,
    status=201,
    answer_text="The webhook, with its new secret.",
    example=examples.SECRET,
    path_values=HOOK,
    refusals=(NotFoundError,),
    changed=(WebhookChangedError,),
)
def rotate_webhook_secret(webhook_id: str, body: Rotation, seen: int | None) -> Reply:
    row, actor, now = _load(webhook_id), api_actor(), clock.now()
    hours = body.overlap_hours
    secret = atomically(
        lambda s: rotate_secret(s, endpoint_id=row.id, overlap_hours=hours, actor=actor, now=now, version=seen)
    )
    return Reply(WebhookSecret(webhook=_as_webhook(_load(webhook_id)), secret=secret), 201)


@operation(
    "POST",
    "/webhooks/<string:webhook_id>/test",
    tag=TAG,
    summary="Send a test message",
    description="A message of the kind `webhook.test`, by the way of all others.",
    permission=Permission.WEBHOOK_MANAGE,
    answer=Webhook,
    status=202,
    answer_text="It is on its way.",
    example=examples.ENDPOINT,
    path_values=HOOK,
    refusals=(NotFoundError, WebhookStoppedError),
)
def send_test_message(webhook_id: str) -> Reply:
    return _acted(webhook_id, send_test)


@operation(
    "GET",
    "/webhooks/<string:webhook_id>/messages",
    tag=TAG,
    summary="List the messages of a webhook",
    description="With what the receiver answered, for 30 days.",
    permission=Permission.WEBHOOK_VIEW,
    query=DeliveryQuery,
    answer=DeliveryPage,
    example=examples.PAGE,
    path_values=HOOK,
    refusals=(NotFoundError, CursorInvalidError),
)
def list_webhook_messages(webhook_id: str, query: DeliveryQuery) -> DeliveryPage:
    row = _load(webhook_id)
    state = None if query.state == "all" else query.state
    with reading() as session:
        page = list_deliveries(session, endpoint_id=row.id, state=state, cursor=query.cursor, limit=query.limit)
    return DeliveryPage.of(page, [_as_delivery(one) for one in page.rows])


@operation(
    "POST",
    "/webhooks/<string:webhook_id>/messages/<string:message_id>/redelivery",
    tag=TAG,
    summary="Send a message again",
    description="Under its own id, whatever became of it.",
    permission=Permission.WEBHOOK_MANAGE,
    answer=Webhook,
    status=202,
    answer_text="It is on its way.",
    example=examples.ENDPOINT,
    path_values=MESSAGE,
    refusals=(NotFoundError, WebhookStoppedError),
)
def redeliver_message(webhook_id: str, message_id: str) -> Reply:
    wanted = _id(message_id)
    return _acted(webhook_id, lambda s, **who: send_again(s, message_id=wanted, **who))


@operation(
    "POST",
    "/webhooks/<string:webhook_id>/replay",
    tag=TAG,
    summary="Send what a webhook has missed",
    description=(
        "Everything since a moment that it has not heard: what was given up, and what happened before it was made. "
        "What was delivered is not sent again."
    ),
    permission=Permission.WEBHOOK_MANAGE,
    body=Replay,
    body_example=examples.REPLAY,
    answer=Replayed,
    status=202,
    answer_text="They are on their way.",
    example=examples.REPLAYED,
    path_values=HOOK,
    refusals=(NotFoundError, WebhookStoppedError, ReplayTooFarError),
)
def replay_webhook(webhook_id: str, body: Replay) -> Reply:
    row, actor, now = _load(webhook_id), api_actor(), clock.now()
    since = body.since
    if since.tzinfo is None:
        raise ReplayTooFarError
    count = atomically(lambda s: replay(s, endpoint_id=row.id, since=since, actor=actor, now=now))
    return Reply(Replayed(messages=count), 202)


def _acted(webhook_id: str, work: Callable[..., None]) -> Reply:
    row, actor, now = _load(webhook_id), api_actor(), clock.now()
    atomically(lambda s: work(s, endpoint_id=row.id, actor=actor, now=now))
    return Reply(_as_webhook(_load(webhook_id)), 202)


def _load(webhook_id: str) -> EndpointRow:
    """A webhook of this key; another one is not there."""
    with reading() as session:
        row = load_endpoint(session, endpoint_id=_id(webhook_id))
    if row is None or row.client_id != current_client().client.id:
        raise NotFoundError
    return row


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFoundError from None


def _store(slug: str) -> int:
    with reading() as session:
        return own_store(session, slug, WebhookUnknownError)


def _as_webhook(row: EndpointRow) -> Webhook:
    return Webhook(
        id=row.id,
        name=row.name,
        url=row.url,
        events=list(row.kinds),
        reach=Owner(row.store_id, row.user_id).reach.value,
        state=row.state,  # type: ignore[arg-type]  # The table has these and no others; removed ones are not found.
        failures=row.failures,
        waiting=row.waiting,
        given_up=row.dead,
        secret_made_at=row.secret_made_at,
        previous_secret_until=row.previous_until,
        created_at=row.created_at,
        version=row.version,
    )


def _as_delivery(row: DeliveryRow) -> Delivery:
    noun, _, subject_id = row.subject.partition(":")
    return Delivery(
        id=row.message_id,
        event=row.kind,
        sequence=row.event_id,
        data={"object": noun, "id": subject_id, **row.facts},
        state=row.state,  # type: ignore[arg-type]  # The table has these and no others.
        tries=row.attempts,
        due_at=row.due_at if row.state == "waiting" else None,
        delivered_at=row.delivered_at,
        status_code=row.status_code,
        latency_ms=row.latency_ms,
        problem=row.problem,
        occurred_at=row.occurred_at,
    )
