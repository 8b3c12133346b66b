"""A buyer in front of the button: the cart filled, the amounts seen, the form ready to be sent any number of times."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from portal.db import atomically, reading, transaction
from portal.kit import clock
from portal.kit.ids import new_token
from portal.queries.carts import load_cart
from portal.queries.channels import ChannelView
from portal.rules.cash_receipts import ReceiptWish
from portal.services.cart.add_to_cart import add_to_cart
from portal.services.checkout.choices import Choices, clean_codes
from portal.services.checkout.place_order import Blocked, Placed, Submission, place_order
from portal.services.checkout.quote import quote_cart
from tests.factories.account import ADDRESSES, Person


def ready_to_buy(
    buyer: Person,
    channel: ChannelView,
    goods: Mapping[int, int],
    *,
    codes: Sequence[str] = (),
    deposit_minor: int = 0,
    mileage_points: int = 0,
    method: str = "credit_card",
    token: str | None = None,
    saved_method_id: uuid.UUID | None = None,
    key: str | None = None,
    cash_receipt: ReceiptWish | None = None,
    personal_code: str | None = None,
) -> Callable[[], Placed | Blocked]:
    """What is returned presses the button, in a transaction of its own."""
    now = clock.now()
    choices = Choices(clean_codes(codes), None, deposit_minor, mileage_points, method)
    with transaction() as session:
        for variant_id, quantity in goods.items():
            add_to_cart(
                session,
                actor=buyer.actor,
                channel_id=channel.id,
                variant_id=variant_id,
                quantity=quantity,
                now=now,
            )
    with reading() as session:
        cart = load_cart(session, user_id=buyer.id, session_id=None, channel=channel)
        shown = quote_cart(
            session, cart=cart, user_id=buyer.id, channel=channel, choices=choices, locale="en", now=now
        ).fingerprint
    submission = Submission(
        key=key or new_token(),
        choices=choices,
        shown=shown,
        contact={"email": buyer.email, "name": buyer.name},
        address=dict(ADDRESSES[channel.country]),
        personal_code=personal_code,
        consents={"terms": "1"},
        locale="en",
        return_url="http://127.0.0.1/orders/{order_id}",
        source_token=token,
        cash_receipt=cash_receipt,
        saved_method_id=saved_method_id,
    )
    return lambda: atomically(
        lambda session: place_order(
            session,
            actor=buyer.actor,
            channel=channel,
            submission=submission,
            hold_for=timedelta(minutes=30),
            key_lifetime=timedelta(hours=24),
            now=clock.now(),
        )
    )
