"""Buying: the checkout on one page, and the buyer's orders."""

from __future__ import annotations

from flask import Blueprint


def blueprints() -> list[Blueprint]:
    from portal.blueprints.account.orders import bp as orders
    from portal.blueprints.checkout import views
    from portal.blueprints.checkout.blueprint import bp

    # Importing the module hangs its routes into the blueprint.
    assert views
    return [bp, orders]
