"""Stores: who they are, how they ship, what they sell."""

from __future__ import annotations

from flask import render_template

from portal.blueprints.access import NotFoundError, public
from portal.blueprints.identity import current_channel
from portal.blueprints.shop.blueprint import bp
from portal.blueprints.shop.cards import card_rate, delivery_days, picture_url, store_url
from portal.blueprints.shop.lists import PARTIALS, find, list_values
from portal.blueprints.shop.narrowing import read_narrowing
from portal.db import reading
from portal.htmx import page_or_partial
from portal.queries.catalogue import Filters
from portal.queries.products import find_store, list_stores
from portal.queries.store_profile import contact_of

STORES_MAX = 200


@bp.get("/stores")
@public
def stores() -> str:
    """Show every store that sells on the channel."""
    with reading() as session:
        found = list_stores(session, channel_id=current_channel().id, limit=STORES_MAX)
    return render_template("shop/stores.html", stores=found, picture_url=picture_url, store_url=store_url)


@bp.get("/stores/<slug>")
@public
def store(slug: str) -> str:
    """Show a store and its goods."""
    channel = current_channel()
    with reading() as session:
        found = find_store(session, channel_id=channel.id, slug=slug)
        if found is None:
            raise NotFoundError
        narrowing = read_narrowing(Filters(store_id=found.id))
        page, rate = find(session, narrowing), card_rate(session)
        contact = contact_of(session, store_id=found.id)
    return page_or_partial(
        "shop/store.html",
        PARTIALS,
        store=found,
        contact=contact,
        terms=found.shipping.get(channel.currency),
        delivery=delivery_days(found),
        picture_url=picture_url,
        **list_values(page, narrowing, rate=rate),
    )
