"""Goods to put into carts, and carts: two stores, each with its terms of shipping in two currencies."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import count

from sqlalchemy import select

from portal.db import transaction
from portal.kit import clock
from portal.models import Channel, Price, Product, Section, Stock, Store, Variant
from portal.queries.channels import ChannelView, channel_directory, forget_channels
from portal.rules.permissions import Actor
from portal.services.cart.add_to_cart import add_to_cart
from tests.factories.rates import give_rates

_numbers: Iterator[int] = count(1)

SHIPPING = {
    "KRW": {"fee": 3000, "free_over": 50000, "days": [1, 3]},
    "USD": {"fee": 500, "free_over": None, "days": [5, 9]},
}


@dataclass(frozen=True)
class Mall:
    """A small mall: channels kr (KRW, tax within) and us (USD, tax on top), and two stores."""

    kr: ChannelView
    us: ChannelView
    store_ids: tuple[int, int]
    section_id: int


def make_mall(*, rate_age: timedelta | None = timedelta(hours=1)) -> Mall:
    """The mall, with exchange rates of that age; None leaves it without any."""
    with transaction() as session:
        session.add(
            Channel(
                code="kr",
                name={"en": "Portal Korea", "ko": "포털 코리아"},
                currency="KRW",
                country="KR",
                default_locale="en",
                locales=["ko", "en"],
                time_zone="Asia/Seoul",
                tax_rate=Decimal("0.1"),
            )
        )
        session.flush()
        session.add(
            Channel(
                code="us",
                name={"en": "Portal US"},
                currency="USD",
                country="US",
                default_locale="en",
                locales=["en", "ko"],
                time_zone="America/New_York",
                tax_rate=Decimal("0.08"),
                tax_inclusive=False,
            )
        )
        section = Section(slug="kitchen", name={"en": "Kitchen", "ko": "주방"})
        stores = [
            Store(slug=slug, name={"en": slug.capitalize()}, shipping=SHIPPING, country="KR")
            for slug in ("hanok", "maru")
        ]
        session.add_all([section, *stores])
        session.flush()
        made = (section.id, (stores[0].id, stores[1].id))
    if rate_age is not None:
        give_rates(as_of=clock.now() - rate_age)
    forget_channels()
    channels = channel_directory()
    return Mall(channels["kr"], channels["us"], made[1], made[0])


def make_variant(
    mall: Mall,
    *,
    store: int = 0,
    on_hand: int = 100,
    krw: int | None = 12_000,
    usd: int | None = 1_000,
    state: str = "active",
    name: str = "Rice bowl",
) -> int:
    """A committed product with one variant; its id."""
    number = next(_numbers)
    with transaction() as session:
        product = Product(
            store_id=mall.store_ids[store],
            section_id=mall.section_id,
            slug=f"goods-{number}",
            name={"en": name},
        )
        session.add(product)
        session.flush()
        variant = Variant(
            product_id=product.id,
            sku=f"SKU-{number}",
            state=state,
            options=[{"name": {"en": "Colour"}, "value": {"en": "Sage"}}],
        )
        session.add(variant)
        session.flush()
        for channel, amount in ((mall.kr, krw), (mall.us, usd)):
            if amount is not None:
                session.add(
                    Price(variant_id=variant.id, channel_id=channel.id, currency=channel.currency, amount_minor=amount)
                )
        session.add(Stock(variant_id=variant.id, on_hand=on_hand, initial=on_hand))
        return variant.id


def set_stock(variant_id: int, *, on_hand: int) -> None:
    """What is left, whatever the reason."""
    with transaction() as session:
        session.execute(select(Stock).where(Stock.variant_id == variant_id)).scalar_one().on_hand = on_hand


def set_price(variant_id: int, channel: ChannelView, amount_minor: int) -> None:
    with transaction() as session:
        found = select(Price).where(Price.variant_id == variant_id, Price.channel_id == channel.id)
        session.execute(found).scalar_one().amount_minor = amount_minor


def put_into_cart(actor: Actor, channel: ChannelView, variant_id: int, quantity: int = 1) -> uuid.UUID:
    """Committed, through the service; the cart's id."""
    with transaction() as session:
        return add_to_cart(
            session,
            actor=actor,
            channel_id=channel.id,
            variant_id=variant_id,
            quantity=quantity,
            now=clock.now(),
        ).cart_id
