"""Before the measuring: buyers with balances, goods in stock and a coupon, made through the services."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.crypto import email_index
from portal.db import transaction
from portal.kit import clock
from portal.kit.ids import new_code, new_id
from portal.models import Campaign, Channel, CouponCode, Listing, Product, User, Variant
from portal.rules.permissions import SYSTEM
from portal.services.accounts.passwords import hash_password
from portal.services.catalogue.set_stock import set_stocks
from portal.services.deposits.credit_top_up import credit_top_up
from portal.services.mileage.grant_mileage import grant_mileage

PASSWORD = "bench-portal-2026"  # noqa: S105  # Of people who exist for this run only.
DEPOSIT_MINOR = 1_000_000
MILEAGE_POINTS = 100_000
ON_HAND = 1_000_000
# Dear goods would be looked at by the rules of risk, and the coupon asks for no least amount.
PRICE_MAX_MINOR = 100_000
PAIRS = 97

_AGE = text(
    """
    WITH they AS MATERIALIZED (
        SELECT id FROM user_account WHERE email_index = ANY(:people)
    ), ordered AS (
        UPDATE orders SET placed_at = placed_at - CAST(:span AS interval)
         WHERE buyer_id IN (SELECT id FROM they) RETURNING id
    )
    UPDATE payment SET created_at = created_at - CAST(:span AS interval) WHERE user_id IN (SELECT id FROM they)
    """
)


def stock_up() -> None:
    """Put plenty of every variant on the shelf: what is measured is buying, not selling out."""
    with transaction() as session:
        ids = session.scalars(select(Variant.id)).all()
        set_stocks(session, actor=SYSTEM, on_hand=dict.fromkeys(ids, ON_HAND), now=clock.now(), reason="count")


def choose_pairs(channel_code: str) -> list[tuple[str, str]]:
    """Pairs of products of two stores, the same in every run, spread over the whole mall."""
    statement = (
        select(Product.slug, Product.store_id)
        .join(Listing, Listing.product_id == Product.id)
        .join(Channel, Channel.id == Listing.channel_id)
        .where(Channel.code == channel_code, Listing.price_to_minor <= PRICE_MAX_MINOR, Product.state == "active")
        .order_by(Product.id)
    )
    by_store: dict[int, list[str]] = defaultdict(list)
    with transaction() as session:
        for slug, store_id in session.execute(statement):
            by_store[store_id].append(slug)
    stores = list(by_store.values())
    if len(stores) < 2:
        raise ValueError("a purchase of two stores needs two stores that sell something")
    pairs = []
    for number in range(PAIRS):
        first, second = stores[number % len(stores)], stores[(number + 1 + number // len(stores)) % len(stores)]
        if first is second:
            second = stores[(number + 1) % len(stores)]
        pairs.append((first[number % len(first)], second[(number * 7) % len(second)]))
    return pairs


def make_coupon() -> str:
    """A code that takes 5 % off any order, as often as one likes; returns the code."""
    now, code = clock.now(), f"BENCH{new_code(6)}"
    with transaction() as session:
        campaign = Campaign(
            name={"en": "Bench: 5% off", "ko": "벤치 5% 할인"},
            kind="percentage",
            target="order",
            percent=Decimal(5),
            amounts={},
            max_discounts={"KRW": 5_000, "USD": 500},
            conditions=[],
            stackable=True,
            valid_from=now - timedelta(days=1),
            valid_until=now + timedelta(days=30),
            issued_at=now,
            issued_by="system",
        )
        session.add(campaign)
        session.flush()
        session.add(CouponCode(code=code, campaign_id=campaign.id))
    return code


def make_buyers(count: int, *, currency: str) -> list[str]:
    """Buyers with deposit and mileage, known for a while; returns their e-mails. Their password is PASSWORD."""
    now, run = clock.now(), new_code(6).lower()
    password_hash = hash_password(PASSWORD)
    emails = [f"bench-{run}-{number}@example.com" for number in range(count)]
    for start in range(0, count, 50):
        with transaction() as session:
            _make(session, emails[start : start + 50], password_hash, currency, now)
    return emails


def let_pass(emails: Sequence[str], span: timedelta) -> None:
    """Let their orders and payments be so much older, as if they had waited: who is slow is not waited for."""
    if span:
        with transaction() as session:
            session.execute(_AGE, {"span": span, "people": [email_index(email) for email in emails]})


def _make(session: Session, emails: Sequence[str], password_hash: str, currency: str, now: datetime) -> None:
    ids: dict[str, uuid.UUID] = {email: new_id() for email in emails}
    session.add_all(
        User(
            id=ids[email],
            email=email,
            email_index=email_index(email),
            name="Bench Buyer",
            password_hash=password_hash,
            roles=["buyer"],
            email_verified_at=now,
            created_at=now - timedelta(days=90),
        )
        for email in emails
    )
    session.flush()
    for user_id in ids.values():
        credit_top_up(
            session,
            user_id=user_id,
            gateway="paylink",
            currency=currency,
            amount_minor=DEPOSIT_MINOR,
            idem_key=f"bench:deposit:{user_id}",
            actor=SYSTEM,
            now=now,
        )
        grant_mileage(
            session,
            user_id=user_id,
            points=MILEAGE_POINTS,
            source="bench",
            idem_key=f"bench:mileage:{user_id}",
            expires_at=now + timedelta(days=365),
            actor=SYSTEM,
            now=now,
        )
