"""Events and the notices of them (docs.stripe.com/api/events/types)."""

import time

from sandbox.faults import Facts
from sandbox.http import Json
from sandbox.notices import Target
from sandbox.store import new_id
from sandbox.stripe.objects import API_VERSION, clean
from sandbox.world import World

# What the portal's endpoint is subscribed to (STR-03); other endpoints say so themselves.
PORTAL_EVENTS = frozenset(
    """
    charge.dispute.closed charge.dispute.created charge.dispute.funds_reinstated charge.dispute.funds_withdrawn
    charge.dispute.updated charge.refunded payment_intent.amount_capturable_updated
    payment_intent.canceled payment_intent.payment_failed payment_intent.processing
    payment_intent.requires_action payment_intent.succeeded payment_method.detached refund.created
    refund.failed refund.updated setup_intent.succeeded
    """.split()  # noqa: SIM905 - a list of words reads better than a column of them
)


def emit(world: World, kind: str, thing: Json) -> None:
    """Record that something happened and tell whoever listens."""
    event = {
        "id": new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": int(time.time()),
        "data": {"object": clean(thing)},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }
    world.store.save("events", event)
    metadata = thing.get("metadata") or {}
    card = (thing.get("_card") or "")[-4:] or None
    facts = Facts(
        "notice",
        "stripe",
        card=card,
        amount=thing.get("amount"),
        order=metadata.get("order_number"),
        metadata=metadata,
        event=kind,
    )
    world.notices.send("stripe", event, _targets(world), facts)


def _targets(world: World) -> list[Target]:
    config = world.config
    url = config.hook_url(config.stripe_webhook_path)
    found = [Target(url, config.stripe_webhook_secret, PORTAL_EVENTS)] if url else []
    for endpoint in world.store.tables.get("webhook_endpoints", {}).values():
        events = None if "*" in endpoint["enabled_events"] else frozenset(endpoint["enabled_events"])
        found.append(Target(endpoint["url"], endpoint["_secret"], events))
    return found
