"""The front page: what this mall is, where its shelves are, what is new."""

from __future__ import annotations

from flask import render_template

from portal.blueprints.access import public
from portal.blueprints.identity import current_channel, current_locale
from portal.blueprints.shop.blueprint import bp
from portal.blueprints.shop.cards import card_rate, picture_url, shown, store_url
from portal.blueprints.shop.offers import offer_here
from portal.db import reading
from portal.queries.catalogue import Filters, Sort, list_products
from portal.queries.products import list_stores, shelves
from portal.rules.offers import Place

PICKS = 8
STORES = 8


@bp.get("/")
@public
def home() -> str:
    """Show the front page of the channel."""
    channel, locale = current_channel(), current_locale()
    with reading() as session:
        found = shelves(session, channel_id=channel.id)
        stores = list_stores(session, channel_id=channel.id, limit=STORES)
        reduced, new = (
            list_products(
                session,
                channel_id=channel.id,
                filters=filters,
                sort=Sort.NEW,
                locale=locale,
                limit=PICKS,
                count=False,
            ).rows
            for filters in (Filters(reduced=True, in_stock=True), Filters(in_stock=True))
        )
        rate = card_rate(session)
    return render_template(
        "shop/home.html",
        offer=offer_here(Place.HOME),
        shelves=[shelf for shelf in found if shelf.products],
        stores=stores,
        picks=shown(reduced, rate),
        new=shown(new, rate),
        currency=channel.currency,
        picture_url=picture_url,
        store_url=store_url,
    )
