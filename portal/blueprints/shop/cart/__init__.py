"""The cart's page and its changes."""

from __future__ import annotations

from flask import Blueprint


def blueprints() -> list[Blueprint]:
    from portal.blueprints.shop.cart.views import bp

    return [bp]
