"""Products as the card macro wants them, with addresses that keep the channel."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from flask import request
from sqlalchemy.orm import Session

from portal.blueprints.context import translated
from portal.blueprints.identity import current_channel, current_locale
from portal.kit import clock
from portal.kit.money import Money
from portal.queries.catalogue import Card
from portal.queries.exchange import rate_of_channel
from portal.queries.products import StoreView
from portal.queries.store_products import PHOTO
from portal.rules.fx import FxRate, exchange
from portal.rules.remarks import average_tenths


def picture_url(key: str | None) -> str | None:
    """The address of a picture, drawn or uploaded. Put together by hand: a list has a hundred of them."""
    if key and key.startswith(PHOTO):
        return f"{request.script_root}/photos/{key[len(PHOTO) :]}"
    return f"{request.script_root}/pictures/{key}.svg" if key else None


def product_url(slug: str) -> str:
    return f"{request.script_root}/products/{slug}"


def store_url(slug: str) -> str:
    return f"{request.script_root}/stores/{slug}"


class ShownCard(NamedTuple):
    """What components/product.html needs of a product."""

    href: str
    name: str
    store: str
    picture: str | None
    amount_minor: int
    was_minor: int | None
    from_price: bool
    state: str | None
    mark: str | None = None
    other_minor: int | None = None
    other_currency: str | None = None
    reviews: int = 0
    average_tenths: int = 0


def card_rate(session: Session) -> FxRate | None:
    """The rate at which a page of cards shows prices in the platform's currency (CAT-04): one look-up for all of them.

    None where the channel sells in that currency, or has no rate that it may be sold with.
    """
    return rate_of_channel(session, channel=current_channel(), now=clock.now())


def shown(cards: Iterable[Card], rate: FxRate | None = None) -> list[ShownCard]:
    """The cards of a page; `rate` puts the platform's currency beside the price."""
    locale, currency = current_locale(), current_channel().currency
    return [
        ShownCard(
            href=product_url(card.slug),
            name=translated(card.name, locale),
            store=translated(card.store_name, locale),
            picture=picture_url(card.picture),
            amount_minor=card.price_from_minor,
            was_minor=card.compare_at_minor,
            from_price=card.price_to_minor > card.price_from_minor,
            state=card.state,
            other_minor=exchange(Money(card.price_from_minor, currency), rate).amount.minor if rate else None,
            other_currency=rate.target if rate else None,
            reviews=card.reviews,
            average_tenths=average_tenths(card.stars, card.reviews),
        )
        for card in cards
    ]


def delivery_days(store: StoreView) -> tuple[date, date] | None:
    """From when to when an order of now would arrive, as days of the channel's zone (B10). None when it is not sent."""
    terms = store.shipping.get(current_channel().currency)
    if not terms:
        return None
    today = clock.now().astimezone(ZoneInfo(current_channel().time_zone)).date()
    first, last = terms["days"]
    return today + timedelta(days=first), today + timedelta(days=last)
