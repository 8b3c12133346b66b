"""Orders for tests, made the way buyers make them: cart, place_order, and what the gateway answers to settle_attempt.

    mall = make_mall()
    bea = make_person("bea")
    order = make_order(bea, mall, {make_variant(mall): 2, make_variant(mall, store=1): 1})   # paid by card

An amount above 3,000,000 won is held for review, and blocked for an account younger than a day:

    bea = make_person("bea", now=LONG_AGO)
    held = make_order(bea, mall, {make_variant(mall, krw=REVIEWED_KRW): 1}, outcome="authorised")
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, Literal

import orjson
from sqlalchemy import select

from portal.db import transaction
from portal.gateways.base import (
    ActionNeeded,
    Approved,
    CardFacts,
    Declined,
    DeclineReason,
    FetchOutcome,
    Pending,
)
from portal.kit import clock
from portal.kit.ids import new_token
from portal.models import Campaign, CouponCode, GatewayAccount, OrderPart, Payment, PaymentAttempt
from portal.queries.carts import load_cart
from portal.queries.channels import ChannelView
from portal.queries.gateways import forget_gateways
from portal.rules.permissions import SYSTEM
from portal.services.cart.add_to_cart import add_to_cart
from portal.services.checkout.choices import Choices, clean_codes
from portal.services.checkout.place_order import Blocked, Submission, place_order
from portal.services.checkout.quote import quote_cart
from portal.services.deposits.credit_top_up import credit_top_up
from portal.services.mileage.grant_mileage import grant_mileage
from portal.services.payments.claim_attempt import claim_attempt
from portal.services.payments.note_unknown import note_unknown
from portal.services.payments.settle_attempt import settle_attempt
from tests.factories.account import ADDRESSES, Person
from tests.factories.cart import Mall

# What the gateway answers; None leaves the order as it was placed.
Answer = Literal["captured", "authorised", "declined", "requires_action", "pending", "unknown"]

LONG_AGO = datetime(2025, 1, 6, tzinfo=UTC)
REVIEWED_KRW = 3_500_000
CARD = CardFacts(brand="visa", last4="4242", exp_month=12, exp_year=2030, funding="credit", country="KR")
_numbers = count(1)


@dataclass(frozen=True)
class MadeOrder:
    """A committed order. `attempt_id` and `payment_id` are None when nothing was left for a gateway."""

    id: uuid.UUID
    number: str
    buyer: Person
    channel: ChannelView
    attempt_id: uuid.UUID | None
    payment_id: uuid.UUID | None
    gateway_minor: int
    gateway_ref: str | None
    part_ids: tuple[uuid.UUID, ...]


def make_gateway(name: str = "paylink", *, channel_id: int | None = None) -> int:
    """A committed account with a gateway of the redirect kind, once per database; its id. Nobody listens behind it."""
    with transaction() as session:
        known = session.scalar(select(GatewayAccount.id).where(GatewayAccount.name == name))
        if known is not None:
            return known
        credentials = {"secret_key": new_token(), "webhook_secrets": "whsec_dGVzdA==", "api_base": "http://127.0.0.1:9"}
        account = GatewayAccount(
            gateway="paylink",
            name=name,
            channel_id=channel_id,
            credentials=orjson.dumps(credentials).decode(),
            methods=["credit_card", "bank_transfer"],
            currencies=["KRW", "USD"],
        )
        session.add(account)
        session.flush()
        made = account.id
    forget_gateways()
    return made


def make_coupon(
    code: str = "AUTUMN10",
    *,
    percent: int | None = 10,
    store_id: int | None = None,
    funding: str = "platform",
    minimum: Mapping[str, int] | None = None,
    **more: Any,
) -> int:
    """A committed campaign on whole orders that anybody who types the code may use; its id."""
    now = clock.now()
    name = {"en": f"{percent}% off", "ko": f"{percent}% 할인"}
    if minimum:
        more["conditions"] = [
            *more.get("conditions", ()),
            {"name": "minimum_spend", "params": {"minimum": dict(minimum)}},
        ]
    with transaction() as session:
        campaign = Campaign(
            percent=None if percent is None else Decimal(percent),
            store_id=store_id,
            funding=funding,
            stackable=True,
            valid_from=now - timedelta(days=1),
            issued_at=now,
            issued_by="system",
            **{"name": name, "kind": "percentage", "target": "order", "valid_until": now + timedelta(days=30)} | more,
        )
        session.add(campaign)
        session.flush()
        session.add(CouponCode(code=code, campaign_id=campaign.id))
        return campaign.id


def give_deposit(person: Person, amount_minor: int, currency: str = "KRW") -> None:
    """A deposit as a top-up leaves it."""
    with transaction() as session:
        credit_top_up(
            session,
            user_id=person.id,
            gateway="paylink",
            currency=currency,
            amount_minor=amount_minor,
            idem_key=f"top_up:{next(_numbers)}:{person.id}",
            actor=SYSTEM,
            now=clock.now(),
        )


def give_mileage(person: Person, points: int) -> None:
    """Points that can be spent at once and last a year."""
    with transaction() as session:
        grant_mileage(
            session,
            user_id=person.id,
            points=points,
            source="welcome",
            idem_key=f"mileage:{next(_numbers)}:{person.id}",
            expires_at=clock.now() + timedelta(days=365),
            actor=SYSTEM,
            now=clock.now(),
        )


def make_order(
    buyer: Person,
    mall: Mall,
    quantities: Mapping[int, int],
    *,
    channel: ChannelView | None = None,
    outcome: Answer | None = "captured",
    codes: Sequence[str] = (),
    deposit_minor: int = 0,
    mileage_points: int = 0,
    address: Mapping[str, str] | None = None,
) -> MadeOrder:
    """Put the variants into the buyer's cart, place the order, and let the gateway answer."""
    make_gateway()
    sells = channel or mall.kr
    placed = _place(
        buyer,
        sells,
        quantities,
        Choices(
            codes=clean_codes(codes),
            deposit_minor=deposit_minor,
            mileage_points=mileage_points,
            method="credit_card",
        ),
        address or ADDRESSES[sells.country],
    )
    if outcome is not None and placed.attempt_id is not None:
        answer(placed, outcome)
    return placed


def answer(order: MadeOrder, outcome: Answer, *, reason: DeclineReason = DeclineReason.INSUFFICIENT_FUNDS) -> None:
    """Send the order's attempt, as a worker would, and settle what the gateway says of it."""
    assert order.attempt_id is not None, "nothing was asked of a gateway"
    with transaction() as session:
        claim_attempt(session, attempt_id=order.attempt_id, worker="tests", now=clock.now())
    with transaction() as session:
        if outcome == "unknown":
            note_unknown(session, attempt_id=order.attempt_id, reason="timeout", now=clock.now())
        else:
            said = _outcome(order, outcome, reason)
            settle_attempt(session, attempt_id=order.attempt_id, outcome=said, actor=SYSTEM, now=clock.now())


def _place(
    buyer: Person, channel: ChannelView, quantities: Mapping[int, int], choices: Choices, address: Mapping[str, str]
) -> MadeOrder:
    now = clock.now()
    with transaction() as session:
        for variant_id, quantity in quantities.items():
            add_to_cart(
                session,
                actor=buyer.actor,
                channel_id=channel.id,
                variant_id=variant_id,
                quantity=quantity,
                now=now,
            )
        cart = load_cart(session, user_id=buyer.id, session_id=None, channel=channel)
        quoted = quote_cart(
            session, cart=cart, user_id=buyer.id, channel=channel, choices=choices, locale="en", now=now
        )
        placed = place_order(
            session,
            actor=buyer.actor,
            channel=channel,
            submission=Submission(
                key=new_token(),
                choices=choices,
                shown=quoted.fingerprint,
                contact={"email": buyer.email, "name": buyer.name, "phone": "010-1234-5678"},
                address=dict(address),
                consents={"terms": "1"},
                locale="en",
                return_url="http://127.0.0.1/orders/{order_id}",
            ),
            hold_for=timedelta(minutes=30),
            key_lifetime=timedelta(hours=24),
            now=now,
        )
        assert not isinstance(placed, Blocked), "a risk rule blocks this order"
        parts = session.scalars(
            select(OrderPart.id).where(OrderPart.order_id == placed.order_id).order_by(OrderPart.position)
        ).all()
        payment = session.execute(
            select(Payment.id, PaymentAttempt.id.label("attempt_id"), Payment.amount_minor)
            .join(PaymentAttempt, PaymentAttempt.payment_id == Payment.id)
            .where(Payment.order_id == placed.order_id)
        ).one_or_none()
    return MadeOrder(
        id=placed.order_id,
        number=placed.number,
        buyer=buyer,
        channel=channel,
        attempt_id=payment.attempt_id if payment else None,
        payment_id=payment.id if payment else None,
        gateway_minor=payment.amount_minor if payment else 0,
        gateway_ref=f"pay_{payment.attempt_id.hex}" if payment else None,
        part_ids=tuple(parts),
    )


def _outcome(order: MadeOrder, outcome: Answer, reason: DeclineReason) -> FetchOutcome:
    assert order.gateway_ref is not None
    if outcome == "declined":
        return Declined(code=f"card_{reason.value}", reason=reason, retry_helps=False, gateway_ref=order.gateway_ref)
    if outcome == "requires_action":
        return ActionNeeded(gateway_ref=order.gateway_ref, kind="redirect", url="http://127.0.0.1:9/pay")
    if outcome == "pending":
        return Pending(gateway_ref=order.gateway_ref)
    return Approved(
        gateway_ref=order.gateway_ref,
        captured=outcome == "captured",
        amount_minor=order.gateway_minor,
        currency=order.channel.currency,
        card=CARD,
    )
