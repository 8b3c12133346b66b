"""The mall as one looks at it: home, sections, search, products, stores, pictures; and the cart."""

from __future__ import annotations

from flask import Blueprint


def blueprints() -> list[Blueprint]:
    """Every blueprint of this area, with its routes."""
    from portal.blueprints.shop import coupons, home, lists, pictures, product, remarks, stores  # noqa: F401  # They bring the routes.
    from portal.blueprints.shop.blueprint import bp
    from portal.blueprints.shop.cart import blueprints as cart

    return [bp, *cart()]
