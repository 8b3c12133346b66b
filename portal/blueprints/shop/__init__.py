"""The mall as one looks at it: home, sections, search, products, stores, pictures; and the cart."""

from __future__ import annotations

from flask import Blueprint


def blueprints() -> list[Blueprint]:
    """Every blueprint of this area, with its routes."""
    from portal.blueprints.shop import (  # noqa: F401  # They bring the routes.
        channel_notice,
        coupons,
        home,
        lists,
        offers,
        pictures,
        product,
        remarks,
        stop_mails,
        stores,
    )
    from portal.blueprints.shop.blueprint import bp
    from portal.blueprints.shop.cart import blueprints as cart

    return [bp, *cart()]
