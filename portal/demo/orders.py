"""Orders of the last days, so that desks have something to show: placed through the services, paid from deposits."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from portal.crypto import email_index
from portal.db import transaction
from portal.demo.afterwards import go_on
from portal.demo.samples import begin_payments
from portal.gateways.house.invoice import InvoiceGateway
from portal.kit.ids import new_id
from portal.models import OutboxEvent, User
from portal.queries.carts import load_cart
from portal.queries.channels import ChannelDirectory, ChannelView, channel_directory
from portal.rules.invoices import METHOD as INVOICE
from portal.rules.permissions import SYSTEM, Actor, Role
from portal.services.cart.add_to_cart import add_to_cart
from portal.services.checkout.choices import Choices
from portal.services.checkout.place_order import Placed, Submission, place_order
from portal.services.checkout.quote import quote_cart
from portal.services.deposits.credit_top_up import credit_top_up
from portal.services.payments.claim_attempt import claim_attempt
from portal.services.payments.settle_attempt import settle_attempt

ORDERS = 36
LAST_DAYS = timedelta(days=3)
BUYERS = (
    ("Yuna Kim", "김유나", "kr"),
    ("Jiho Lee", "이지호", "kr"),
    ("Haneul Park", "박하늘", "kr"),
    ("Minseo Choi", "최민서", "kr"),
    ("Leo Turner", "Leo Turner", "us"),
    ("Nora Diaz", "Nora Diaz", "us"),
)
PLACES = {
    "kr": {"phone": "010-5555-0101", "postcode": "06236", "line1": "서울특별시 강남구 테헤란로 152", "country": "KR"},
    "us": {
        "phone": "415-555-0137",
        "postcode": "94103",
        "line1": "1455 Market Street",
        "city": "San Francisco",
        "region": "CA",
        "country": "US",
    },
}

# Well stocked goods; those of the stores with a sign-in come first, so that their desks are not empty.
_GOODS = text(
    """
    SELECT v.id, p.store_id, t.external_ref IN ('demo:moa-ceramics', 'demo:lumen-room') AS has_desk
      FROM variant v JOIN product p ON p.id = v.product_id JOIN store t ON t.id = p.store_id
      JOIN price c ON c.variant_id = v.id AND c.channel_id = :channel_id
      JOIN stock s ON s.variant_id = v.id
     WHERE s.on_hand - s.reserved > 12 ORDER BY v.id
    """
)


@dataclass(frozen=True, slots=True)
class _Buyer:
    actor: Actor
    email: str
    name: str
    channel: ChannelView


def make_past_orders(*, now: datetime, progress: Callable[[int], object] = lambda _: None) -> None:
    """Place ORDERS orders over the LAST_DAYS, each in a transaction of its own."""
    chance = random.Random(2026)  # noqa: S311  # The same demo for everybody, nothing secret.
    directory = channel_directory()
    with transaction() as session:
        buyers = [_make_buyer(session, n, directory, now) for n in range(len(BUYERS))]
        buyers.append(_bea(session, directory["kr"]))
    moments = sorted(now - LAST_DAYS * chance.random() - timedelta(minutes=10) for _ in range(ORDERS))
    for number, at in enumerate(moments):
        with transaction() as session:
            _place(session, chance.choice(buyers), chance, number, at)
        progress(1)
    with transaction() as session:
        _place(session, buyers[-1], chance, ORDERS, now - timedelta(minutes=8), on_invoice=True)
        begin_payments(session, buyer=buyers[-1].actor, channel=buyers[-1].channel, now=now)
    go_on(now=now)
    with transaction() as session:
        # Whoever had to hear of them did so when they were placed.
        waiting = update(OutboxEvent).where(OutboxEvent.handled_at.is_(None))
        session.execute(waiting.values(handled_at=OutboxEvent.created_at))


def _make_buyer(session: Session, number: int, directory: ChannelDirectory, now: datetime) -> _Buyer:
    latin, name, code = BUYERS[number]
    email = f"{latin.split()[0].lower()}@example.com"
    user_id = new_id()
    session.add(
        User(
            id=user_id,
            email=email,
            email_index=email_index(email),
            name=name,
            locale="ko" if code == "kr" else "en",
            roles=["buyer"],
            created_at=now - timedelta(days=120),
        )
    )
    session.flush()
    channel = directory[code]
    return _Buyer(Actor(user_id, frozenset({Role.BUYER}), channel_id=channel.id), email, name, channel)


def _bea(session: Session, channel: ChannelView) -> _Buyer:
    """Who signs in as her finds orders, too."""
    email = "bea@example.com"
    found = session.execute(select(User.id, User.name).where(User.email_index == email_index(email))).one()
    return _Buyer(Actor(found.id, frozenset({Role.BUYER}), channel_id=channel.id), email, found.name, channel)


def _place(
    session: Session, buyer: _Buyer, chance: random.Random, number: int, at: datetime, *, on_invoice: bool = False
) -> None:
    user_id = buyer.actor.user_id
    assert user_id is not None
    goods = session.execute(_GOODS, {"channel_id": buyer.channel.id}).all()
    desks = [row for row in goods if row.has_desk]
    for row in {chance.choice(desks), *chance.sample(list(goods), chance.randint(0, 2))}:
        add_to_cart(
            session,
            actor=buyer.actor,
            channel_id=buyer.channel.id,
            variant_id=row.id,
            quantity=chance.choice((1, 1, 1, 2, 3)),
            now=at,
        )
    choices = Choices(method=INVOICE)
    if not on_invoice:
        choices = Choices(deposit_minor=_top_up(session, buyer, user_id, number, at))
    placed = place_order(
        session,
        actor=buyer.actor,
        channel=buyer.channel,
        submission=Submission(
            key=f"demo:{number}",
            choices=choices,
            shown=_shown(session, buyer, user_id, choices, at)[0],
            contact={"email": buyer.email, "name": buyer.name},
            address={**PLACES[buyer.channel.code], "name": buyer.name},
            consents={"terms": "1"},
            locale="ko" if buyer.channel.code == "kr" else "en",
            return_url="",
        ),
        hold_for=timedelta(minutes=30),
        key_lifetime=timedelta(hours=24),
        now=at,
    )
    if on_invoice and isinstance(placed, Placed) and placed.attempt_id is not None:
        _take_on_invoice(session, placed.attempt_id, at)


def _take_on_invoice(session: Session, attempt_id: uuid.UUID, at: datetime) -> None:
    """The house itself gives the credit: nobody outside is asked."""
    claimed = claim_attempt(session, attempt_id=attempt_id, worker="demo", now=at)
    assert claimed is not None
    outcome = InvoiceGateway().charge(claimed.request)
    settle_attempt(session, attempt_id=attempt_id, outcome=outcome, actor=SYSTEM, now=at)


def _top_up(session: Session, buyer: _Buyer, user_id: uuid.UUID, number: int, at: datetime) -> int:
    """Pay in what the order will cost, and return it."""
    amount = _shown(session, buyer, user_id, Choices(), at)[1]
    credit_top_up(
        session,
        user_id=user_id,
        gateway="paylink",
        currency=buyer.channel.currency,
        amount_minor=amount,
        idem_key=f"demo:order:{number}",
        actor=SYSTEM,
        now=at - timedelta(minutes=5),
    )
    return amount


def _shown(session: Session, buyer: _Buyer, user_id: uuid.UUID, choices: Choices, at: datetime) -> tuple[str, int]:
    """The mark and the total of what the buyer sees."""
    cart = load_cart(session, user_id=user_id, session_id=None, channel=buyer.channel)
    quoted = quote_cart(
        session, cart=cart, user_id=user_id, channel=buyer.channel, choices=choices, locale="en", now=at
    )
    return quoted.fingerprint, quoted.quote.total_minor
