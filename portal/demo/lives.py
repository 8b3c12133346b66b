"""Lives of buyers that are copied by the thousand: each goes through the services once, with its own past.

A life is drawn in a transaction that is taken back: what it wrote is read before, and only its copies stay.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.crypto import email_index
from portal.demo.orders import PLACES
from portal.gateways.base import Approved, CardFacts, Declined, DeclineReason
from portal.kit.ids import new_id, new_token
from portal.models import User
from portal.queries.carts import load_cart
from portal.queries.channels import ChannelView, channel_directory
from portal.rules.holds import HoldKind
from portal.rules.permissions import SYSTEM, Actor, Role
from portal.rules.refund_policy import Party
from portal.services.cart.add_to_cart import add_to_cart
from portal.services.checkout.choices import Choices
from portal.services.checkout.place_order import Placed, Submission, place_order
from portal.services.checkout.quote import CheckoutQuote, quote_cart
from portal.services.deposits.credit_top_up import credit_top_up
from portal.services.documents.issue_document import issue_document
from portal.services.documents.want_document import want_credit_note, want_receipt
from portal.services.fulfilment.close_part import close_part
from portal.services.fulfilment.move_part import move_part
from portal.services.fulfilment.say_arrived import say_arrived
from portal.services.fulfilment.ship_part import Parcel, ship_part
from portal.services.loyalty.refresh_tier import refresh_tier
from portal.services.mark_people import mark_people
from portal.services.orders.mature_mileage import mature_mileage
from portal.services.orders.place_hold import place_hold
from portal.services.payments.claim_attempt import claim_attempt
from portal.services.payments.settle_attempt import settle_attempt
from portal.services.refunds.plan_refund import Selection, plan_refund
from portal.services.refunds.request_refund import RefundRequest, request_refund

NAMES = (
    "Yuna Kim",
    "김하린",
    "Jiho Lee",
    "박서준",
    "Nora Diaz",
    "Leo Turner",
    "최민서",
    "Ivy Walker",
    "정도윤",
    "Ana Silva",
)
# Ways that lead to stand-ins which report nothing: what a report does not name would count as missing there.
METHODS = {"kr": "virtual_account", "us": "pay_later"}
CARD = CardFacts(brand="visa", last4="4242", exp_month=12, exp_year=2030, funding="credit", country="KR")
SHIPPING_COUPON = "FREESHIPPING"  # Of its own: those of the demo are a day old.
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Errand:
    """An order so long ago: how it was paid, and how far it has come."""

    ago: timedelta
    paid: str = "deposit"
    came_to: str = "closed"


@dataclass(frozen=True, slots=True)
class Life:
    """Errands of one person. His copies lived up to `reach` earlier; nothing of them becomes due by that."""

    name: str
    errands: tuple[Errand, ...]
    reach: timedelta


# With the refund policy of the demo: what arrived is closed after 30 days, and everything else is younger.
LIVES = (
    Life(
        "settled",
        (
            Errand(62 * DAY, "gateway"),
            Errand(57 * DAY),
            Errand(52 * DAY, came_to="refunded"),
            Errand(46 * DAY, "coupon"),
            Errand(41 * DAY, "declined"),
            Errand(40 * DAY, "gateway"),
            Errand(36 * DAY),
        ),
        238 * DAY,
    ),
    Life("arrived", (Errand(8 * DAY, "gateway", "delivered"), Errand(5 * DAY, came_to="delivered")), 25 * DAY),
    Life("sent", (Errand(30 * HOUR, came_to="shipped"),), 60 * HOUR),
    Life(
        "fresh",
        (
            Errand(5 * HOUR, came_to="accepted"),
            Errand(4 * HOUR, "gateway", "released"),
            Errand(2 * HOUR, came_to="held"),
        ),
        18 * HOUR,
    ),
)

_GOODS = text(
    """
    SELECT v.id, p.store_id, EXISTS (SELECT FROM store_member m WHERE m.store_id = p.store_id) AS has_desk
      FROM variant v JOIN product p ON p.id = v.product_id
      JOIN listing l ON l.product_id = p.id AND l.channel_id = :channel_id
      JOIN stock s ON s.variant_id = v.id
     WHERE s.on_hand - s.reserved > 12 ORDER BY v.id
    """
)
_PARTS = text(
    """
    SELECT p.id, p.store_id, (SELECT min(m.user_id::text)::uuid FROM store_member m WHERE m.store_id = p.store_id)
           AS seller_id
      FROM order_part p WHERE p.order_id = :order_id ORDER BY p.position
    """
)
_SHIPMENT = text("SELECT id FROM shipment WHERE part_id = :part_id")
_PAYMENT = text("SELECT amount_minor, currency FROM payment WHERE order_id = :order_id")
_WANTED = text("SELECT id FROM document WHERE order_id = :order_id AND issued_at IS NULL ORDER BY wanted_at")
_ADMIN = text("SELECT id FROM user_account WHERE 'admin' = ANY(roles) ORDER BY id LIMIT 1")


@dataclass(frozen=True, slots=True)
class Person:
    """Who lives it."""

    actor: Actor
    id: uuid.UUID
    email: str
    name: str
    channel: ChannelView


@dataclass(frozen=True, slots=True)
class _Stage:
    """What is there for him: goods, and who works for the mall."""

    session: Session
    person: Person
    goods: Sequence[int]
    admin: Actor
    chance: random.Random


def live(session: Session, life: Life, *, channel_code: str, number: int, now: datetime) -> Person:
    """Let somebody live `life` through the services, all in this transaction; other numbers buy other goods."""
    chance = random.Random(f"{life.name}:{channel_code}:{number}")  # noqa: S311  # The same for everybody, nothing secret.
    channel = channel_directory()[channel_code]
    person = _make_person(session, channel, number, now - max(e.ago for e in life.errands) - 120 * DAY)
    found = session.execute(_GOODS, {"channel_id": channel.id}).all()
    desks = [row.id for row in found if row.has_desk]
    goods = [chance.choice(desks), chance.choice(desks), *(row.id for row in chance.sample(list(found), 4))]
    admin = Actor(session.execute(_ADMIN).scalar_one(), frozenset({Role.BUYER, Role.ADMIN}))
    stage = _Stage(session, person, goods, admin, chance)
    for errand in life.errands:
        _run(stage, errand, now - errand.ago)
    refresh_tier(session, user_id=person.id, now=now - life.errands[-1].ago + HOUR)
    session.flush()
    mark_people(session, user_id=person.id)
    return person


def _make_person(session: Session, channel: ChannelView, number: int, since: datetime) -> Person:
    email = f"{new_token()[:12].lower()}@example.com"
    user_id, name = new_id(), NAMES[number % len(NAMES)]
    locale = "ko" if channel.code == "kr" else "en"
    user = User(id=user_id, email=email, email_index=email_index(email), name=name, locale=locale, roles=["buyer"])
    user.created_at = since
    session.add(user)
    session.flush()
    return Person(Actor(user_id, frozenset({Role.BUYER}), channel_id=channel.id), user_id, email, name, channel)


def _run(stage: _Stage, errand: Errand, at: datetime) -> None:
    session, person = stage.session, stage.person
    for variant_id in stage.chance.sample(stage.goods, stage.chance.choice((1, 1, 2))):
        quantity = stage.chance.choice((1, 1, 2))
        add_to_cart(
            session,
            actor=person.actor,
            channel_id=person.channel.id,
            variant_id=variant_id,
            quantity=quantity,
            now=at,
        )
    placed = _buy(stage, errand.paid, at)
    if errand.paid == "declined":
        return
    want_receipt(session, order_id=placed.order_id, now=at)
    _issue(session, placed.order_id, at + timedelta(seconds=20))
    if errand.came_to == "refunded":
        _call_off(stage, placed.order_id, at + HOUR)
    for part in session.execute(_PARTS, {"order_id": placed.order_id}).all():
        seller = Actor(
            part.seller_id or stage.admin.user_id, frozenset({Role.SELLER}), store_ids=frozenset({part.store_id})
        )
        _work(stage, errand.came_to, part.id, seller, at)


def _buy(stage: _Stage, paid: str, at: datetime) -> Placed:
    session, person = stage.session, stage.person
    codes = (SHIPPING_COUPON,) if paid == "coupon" else ()
    if paid in ("gateway", "declined"):
        choices = Choices(method=METHODS[person.channel.code])
    else:
        total = _shown(stage, Choices(codes), at).quote.total_minor
        credit_top_up(
            session,
            user_id=person.id,
            gateway="paylink",
            currency=person.channel.currency,
            amount_minor=total,
            idem_key=f"top_up:{new_id()}",
            actor=SYSTEM,
            now=at - timedelta(minutes=5),
        )
        choices = Choices(codes, deposit_minor=total)
    placed = place_order(
        session,
        actor=person.actor,
        channel=person.channel,
        submission=Submission(
            key=new_token(),
            choices=choices,
            shown=_shown(stage, choices, at).fingerprint,
            contact={"email": person.email, "name": person.name},
            address={**PLACES[person.channel.code], "name": person.name},
            consents={"terms": "1"},
            locale="ko" if person.channel.code == "kr" else "en",
            return_url="",
        ),
        hold_for=timedelta(minutes=30),
        key_lifetime=timedelta(hours=24),
        now=at,
    )
    assert isinstance(placed, Placed), "a rule of the demo blocks this order"
    if placed.attempt_id is not None:
        _answer(session, placed, declined=paid == "declined", at=at + timedelta(seconds=2))
    return placed


def _shown(stage: _Stage, choices: Choices, at: datetime) -> CheckoutQuote:
    person = stage.person
    cart = load_cart(stage.session, user_id=person.id, session_id=None, channel=person.channel)
    return quote_cart(
        stage.session, cart=cart, user_id=person.id, channel=person.channel, choices=choices, locale="en", now=at
    )


def _answer(session: Session, placed: Placed, *, declined: bool, at: datetime) -> None:
    """What the gateway says, as a worker would hear it."""
    assert placed.attempt_id is not None
    claim_attempt(session, attempt_id=placed.attempt_id, worker="demo", now=at)
    due = session.execute(_PAYMENT, {"order_id": placed.order_id}).one()
    ref = f"demo_{placed.attempt_id}"
    outcome = (
        Declined(code="insufficient_funds", reason=DeclineReason.INSUFFICIENT_FUNDS, retry_helps=False, gateway_ref=ref)
        if declined
        else Approved(gateway_ref=ref, captured=True, amount_minor=due.amount_minor, currency=due.currency, card=CARD)
    )
    settle_attempt(session, attempt_id=placed.attempt_id, outcome=outcome, actor=SYSTEM, now=at)


def _issue(session: Session, order_id: uuid.UUID, at: datetime) -> None:
    for document_id in session.scalars(_WANTED, {"order_id": order_id}).all():
        issue_document(session, document_id=document_id, now=at)


def _call_off(stage: _Stage, order_id: uuid.UUID, at: datetime) -> None:
    """The buyer gives all of it back before it is sent."""
    session, actor = stage.session, stage.person.actor
    selection = Selection(None, None)
    plan = plan_refund(
        session,
        actor=actor,
        party=Party.BUYER,
        order_id=order_id,
        selection=selection,
        reason="changed_mind",
        otherwise="deposit",
        now=at,
    )
    request = RefundRequest(
        key=new_token(),
        selection=selection,
        reason="changed_mind",
        shown=plan.plan.mark,
        otherwise="deposit",
        bank=None,
    )
    asked = request_refund(session, actor=actor, party=Party.BUYER, order_id=order_id, request=request, now=at)
    want_credit_note(session, refund_id=asked.refund_id, now=at)
    _issue(session, order_id, at + timedelta(seconds=20))


def _work(stage: _Stage, came_to: str, part_id: uuid.UUID, seller: Actor, at: datetime) -> None:
    """Take a part as far as it came."""
    session = stage.session
    if came_to in ("released", "refunded"):
        return
    if came_to == "held":
        later = at + timedelta(minutes=10)
        reason = "address_unclear"
        place_hold(session, part_id=part_id, kind=HoldKind.ADMIN, reason=reason, note="", actor=stage.admin, now=later)
        return
    move_part(session, part_id=part_id, step="accepted", actor=seller, now=at + HOUR)
    if came_to == "accepted":
        return
    parcel = Parcel("own", f"OD{stage.chance.randrange(10**8):08}")
    ship_part(session, part_id=part_id, parcel=parcel, source="page", actor=seller, now=at + 20 * HOUR)
    if came_to == "shipped":
        return
    shipment_id = session.execute(_SHIPMENT, {"part_id": part_id}).scalar_one()
    say_arrived(session, shipment_id=shipment_id, actor=seller, now=at + 3 * DAY)
    if came_to == "delivered":
        mature_mileage(session, part_id=part_id, now=at + 3 * DAY)  # It only notes when that will be.
        return
    matured = at + 33 * DAY + HOUR
    assert mature_mileage(session, part_id=part_id, now=matured) >= 0
    assert close_part(session, part_id=part_id, now=matured + HOUR)
