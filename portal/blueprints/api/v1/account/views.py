"""About the key itself, and the balances of its person."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app, g

from portal.blueprints.api.keys import api_actor, current_client
from portal.blueprints.api.limits import CONFIG_KEY, REQUESTS_MAX
from portal.blueprints.api.operations import Reply, operation
from portal.blueprints.api.schemas import Amount
from portal.blueprints.api.v1.account import examples
from portal.blueprints.api.v1.account.schemas import (
    Balances,
    ChannelRef,
    DepositBalance,
    Key,
    KeyRotation,
    MileageBalance,
    NewKey,
)
from portal.blueprints.identity import current_channel
from portal.config import Settings
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.queries.benefits import load_balances
from portal.rules.permissions import Permission, may
from portal.services.accounts.rotate_api_client import rotate_api_client

TAG = "Account"


class KeyNeededError(PortalError):
    """A token is asked to do what only the key itself does."""

    code = "key_needed"
    status = 403
    sentence = N_("Send the API key itself for this, not an access token.")


@operation(
    "GET",
    "/key",
    tag=TAG,
    summary="Show the key",
    description="On which channel it works, and what it may do. It needs no permission.",
    answer=Key,
    example=examples.KEY,
)
def show_key() -> Key:
    client, channel, actor = current_client().client, current_channel(), api_actor()
    return Key(
        client_id=client.id,
        name=client.name,
        hint=client.hint,
        channel=ChannelRef(code=channel.code, name=channel.name, currency=channel.currency, country=channel.country),
        permissions=[permission.value for permission in Permission if may(actor, permission)],
        created_at=client.created_at,
        expires_at=client.expires_at,
        previous_key_until=client.previous_until,
        requests_per_minute=current_app.config.get(CONFIG_KEY, REQUESTS_MAX),
    )


@operation(
    "POST",
    "/key/rotation",
    tag=TAG,
    summary="Exchange the key",
    description=(
        "The new key is in this answer only. The one with which this is asked stays good for the overlap, so a lost "
        "answer does no harm: ask again with it. It needs no permission, and the key itself: a token is not enough."
    ),
    answer=NewKey,
    status=201,
    answer_text="The new key.",
    body=KeyRotation,
    body_example=examples.ROTATION,
    example=examples.NEW_KEY,
    refusals=(KeyNeededError,),
)
def rotate_key(body: KeyRotation) -> Reply:
    asked_with: bytes | None = g.api_key_hash
    if asked_with is None:
        raise KeyNeededError
    settings: Settings = current_app.config["PORTAL"]
    client, actor, now, overlap = current_client().client, api_actor(), clock.now(), timedelta(hours=body.overlap_hours)
    made = atomically(
        lambda s: rotate_api_client(
            s,
            actor=actor,
            client_id=client.id,
            overlap=overlap,
            asked_with=asked_with,
            is_live=settings.is_production,
            now=now,
        )
    )
    return Reply(NewKey(key=made.key, previous_key_until=now + overlap), 201)


@operation(
    "GET",
    "/balances",
    tag=TAG,
    summary="Show deposit and mileage",
    description="Of the key's person, the deposit in the currency of the key's channel.",
    permission=Permission.BALANCE_VIEW,
    answer=Balances,
    example=examples.BALANCES,
)
def show_balances() -> Balances:
    actor, currency = api_actor(), current_channel().currency
    assert actor.user_id is not None
    with reading() as session:
        held = load_balances(session, user_id=actor.user_id, currency=currency)
    return Balances(
        deposit=DepositBalance(
            balance=Amount.of(held.deposit_minor, currency),
            held=Amount.of(held.deposit_held_minor, currency),
            usable=Amount.of(held.deposit_usable_minor, currency),
        ),
        mileage=MileageBalance(
            points=held.mileage,
            held_points=held.mileage_held,
            usable_points=held.mileage_usable,
            pending_points=held.mileage_pending,
        ),
    )
