"""A thousand real orders, bought again: cart, place_order, the sandbox's cards, and the books afterwards."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.db import atomically, reading, transaction
from portal.gateways.registry import settings_from
from portal.jobs.payments import charge_attempt
from portal.kit import clock
from portal.models import Channel, GatewayAccount, Section
from portal.queries.carts import load_cart
from portal.queries.channels import ChannelView, channel_directory, forget_channels
from portal.queries.gateways import forget_gateways
from portal.rules.permissions import SYSTEM, Actor, Role
from portal.services.accounts.import_buyer import BuyerDraft, import_buyers
from portal.services.cart.add_to_cart import add_to_cart
from portal.services.catalogue.create_store import StoreDraft, create_stores
from portal.services.catalogue.drafts import PriceDraft, ProductDraft, VariantDraft
from portal.services.catalogue.save_products import save_products
from portal.services.checkout.choices import Choices
from portal.services.checkout.place_order import Placed, Submission, place_order
from portal.services.checkout.quote import quote_cart
from portal.services.deposits.credit_top_up import credit_top_up
from tests.replay.history import CURRENCY, OLIST, Purchase, first_purchases
from tests.sandbox_server import Sandbox, start_sandbox

ORDERS = 1000
BUYERS_AT_ONCE = 4
CARD = "4242424242424242"
PLACE = {"name": "Bea", "phone": "+55 11 5555 0100", "line1": "Rua Augusta 1", "city": "Sao Paulo", "country": "BR"}


@dataclass(frozen=True)
class Mall:
    """What the history's goods became here: variants by (product, shop, price), people by name."""

    channel: ChannelView
    variants: dict[tuple[str, tuple[str, int], int], int]
    people: dict[str, uuid.UUID]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with start_sandbox() as running:
        yield running


@pytest.mark.slow
@pytest.mark.req("PAY-07", "PAY-08", "BAL-01")
@pytest.mark.skipif(not OLIST.exists(), reason="the real order histories beside the repository are not here")
def test_a_thousand_real_orders_are_bought_paid_and_booked(books: None, sandbox: Sandbox) -> None:
    purchases = first_purchases(ORDERS)
    mall = build(purchases, sandbox)
    # A person has one cart: what he bought, he buys one after the other.
    people: dict[str, list[Purchase]] = {}
    for purchase in purchases:
        people.setdefault(purchase.person, []).append(purchase)
    with ThreadPoolExecutor(BUYERS_AT_ONCE) as pool:
        done = pool.map(lambda mine: [(buy(one, mall, sandbox), one) for one in mine], people.values())
        by_number = {number: purchase for bought in done for number, purchase in bought}
    assert len(by_number) == ORDERS
    orders = table("SELECT number, status, payable_minor FROM orders")
    assert Counter(status for _, status, _ in orders) == {"paid": ORDERS}
    assert {number: payable for number, _, payable in orders} == {
        number: purchase.total_minor for number, purchase in by_number.items()
    }
    # What the gateway says it took is what our books say, order by order, and nothing beside it.
    taken = sandbox.state(money="1")["charges"]
    ours = table("SELECT o.number, p.captured_minor FROM payment p JOIN orders o ON o.id = p.order_id")
    assert Counter(charge["order"] for charge in taken) == Counter(number for number, _ in ours)
    assert {charge["order"]: charge["captured"] for charge in taken} == dict(ours)
    assert dict(ours) == {
        number: one.total_minor - one.deposit_minor
        for number, one in by_number.items()
        if one.total_minor > one.deposit_minor
    }
    assert {charge["currency"] for charge in taken} == {CURRENCY}
    # All deposits are spent, and the escrow holds what all orders cost.
    assert table("SELECT coalesce(sum(balance_minor), 0) FROM ledger_account WHERE kind = 'deposit'") == [(0,)]
    escrow = table(
        "SELECT sum(p.amount_minor) FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
        " WHERE a.kind = 'order_escrow'"
    )
    assert escrow == [(sum(purchase.total_minor for purchase in purchases),)]
    assert table("SELECT count(*) FROM stock WHERE on_hand <> 0 OR reserved <> 0") == [(0,)]


def buy(purchase: Purchase, mall: Mall, sandbox: Sandbox) -> str:
    """Walk one purchase to its end; the order's number."""
    user_id = mall.people[purchase.person]
    actor = Actor(user_id=user_id, roles=frozenset({Role.BUYER}))
    for (product, seller, price), units in purchase.goods.items():
        variant_id = mall.variants[product, purchase.shop(seller), price]
        with transaction() as session:
            add_to_cart(
                session,
                actor=actor,
                channel_id=mall.channel.id,
                variant_id=variant_id,
                quantity=units,
                now=clock.now(),
            )
    choices = Choices(deposit_minor=purchase.deposit_minor, method="credit_card")
    with reading() as session:
        cart = load_cart(session, user_id=user_id, session_id=None, channel=mall.channel)
        quoted = quote_cart(
            session, cart=cart, user_id=user_id, channel=mall.channel, choices=choices, locale="en", now=clock.now()
        )
    assert quoted.quote.total_minor == purchase.total_minor
    submission = Submission(
        key=purchase.ref,
        choices=choices,
        shown=quoted.fingerprint,
        contact={"email": f"{purchase.person}@example.com", "name": "Bea"},
        address=PLACE,
        consents={"terms": "1"},
        locale="en",
        return_url="http://127.0.0.1/orders/{order_id}",
        source_token=sandbox.card(CARD),
    )
    placed = atomically(
        lambda session: place_order(
            session,
            actor=actor,
            channel=mall.channel,
            submission=submission,
            hold_for=timedelta(minutes=30),
            key_lifetime=timedelta(hours=24),
            now=clock.now(),
        )
    )
    assert isinstance(placed, Placed)
    if placed.attempt_id is not None:
        charge_attempt(str(placed.attempt_id))
    return placed.number


def build(purchases: list[Purchase], sandbox: Sandbox) -> Mall:
    """A mall that sells exactly what the history bought, at its prices, fees and in its numbers."""
    with transaction() as session:
        channel = Channel(
            code="br",
            name={"en": "Portal Brazil"},
            currency=CURRENCY,
            country="BR",
            default_locale="en",
            locales=["en"],
            time_zone="America/Sao_Paulo",
        )
        section = Section(slug="other", name={"en": "Other"})
        account = GatewayAccount(
            gateway="stripe",
            name="Stripe",
            credentials=json.dumps(settings_from(sandbox.environ, "stripe")),
            methods=["credit_card"],
            currencies=[CURRENCY],
        )
        session.add_all([channel, section, account])
        session.flush()
        variants = make_goods(session, purchases, channel.id, section.id)
        long_ago = clock.now() - timedelta(days=400)
        drafts = [BuyerDraft(ref=one.person, placed_at=long_ago) for one in purchases]
        people = import_buyers(session, drafts=drafts)
        for one in purchases:
            if one.deposit_minor:
                credit_top_up(
                    session,
                    user_id=people[one.person],
                    gateway="stripe",
                    currency=CURRENCY,
                    amount_minor=one.deposit_minor,
                    idem_key=f"top_up:{one.ref}",
                    actor=SYSTEM,
                    now=clock.now(),
                )
    forget_channels()
    forget_gateways()
    return Mall(channel_directory()["br"], variants, people)


def make_goods(
    session: Session, purchases: list[Purchase], channel_id: int, section_id: int
) -> dict[tuple[str, tuple[str, int], int], int]:
    """Stores, products and just as many pieces as will be bought; variants by (product, shop, price)."""
    wanted: Counter[tuple[str, tuple[str, int], int]] = Counter()
    for one in purchases:
        for (product, seller, price), units in one.goods.items():
            wanted[product, one.shop(seller), price] += units
    shops = {shop: f"{shop[0]}-{shop[1]}" for _, shop, _ in wanted}
    stores = create_stores(
        session,
        actor=SYSTEM,
        drafts=[
            StoreDraft(
                ref=ref,
                slug=ref,
                name={"en": f"Shop {ref[:6]}"},
                country="BR",
                shipping={CURRENCY: {"fee": fee, "free_over": None, "days": [3, 15]}},
            )
            for (_seller, fee), ref in shops.items()
        ],
    )
    saved = save_products(
        session,
        actor=SYSTEM,
        drafts=[
            ProductDraft(
                ref=sku_of(product, shop, price),
                slug=sku_of(product, shop, price),
                store_id=stores[shops[shop]],
                section_id=section_id,
                name={"en": f"Goods {product[:6]}"},
                variants=(
                    VariantDraft(
                        sku=sku_of(product, shop, price), prices=(PriceDraft(channel_id, price),), on_hand=pieces
                    ),
                ),
            )
            for (product, shop, price), pieces in wanted.items()
        ],
        now=clock.now(),
    )
    return {key: saved.variant_ids[sku_of(*key)] for key in wanted}


def sku_of(product: str, shop: tuple[str, int], price: int) -> str:
    return f"{product}-{shop[0][:8]}-{shop[1]}-{price}"


def table(query: str) -> list[tuple[Any, ...]]:
    with reading() as session:
        return [tuple(row) for row in session.execute(text(query))]
