"""About the key itself, and the balances of its person."""

from __future__ import annotations

from flask import current_app

from portal.blueprints.api.keys import api_actor, current_client
from portal.blueprints.api.limits import CONFIG_KEY, REQUESTS_MAX
from portal.blueprints.api.operations import operation
from portal.blueprints.api.schemas import Amount
from portal.blueprints.api.v1.account import examples
from portal.blueprints.api.v1.account.schemas import Balances, ChannelRef, DepositBalance, Key, MileageBalance
from portal.blueprints.identity import current_channel
from portal.db import reading
from portal.queries.benefits import load_balances
from portal.rules.permissions import Permission, may

TAG = "Account"


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
        name=client.name,
        hint=client.hint,
        channel=ChannelRef(code=channel.code, name=channel.name, currency=channel.currency, country=channel.country),
        permissions=[permission.value for permission in Permission if may(actor, permission)],
        created_at=client.created_at,
        expires_at=client.expires_at,
        requests_per_minute=current_app.config.get(CONFIG_KEY, REQUESTS_MAX),
    )


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
