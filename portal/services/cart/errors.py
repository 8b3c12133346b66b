"""Why something cannot go into the cart, or change there. Nothing has changed when one of these is raised."""

from __future__ import annotations

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.rules.pricing import QUANTITY_MAX, QuantityOutOfRangeError

LINES_MAX = 100

__all__ = [
    "LINES_MAX",
    "QUANTITY_MAX",
    "CartFullError",
    "NotOnSaleError",
    "NotSoldHereError",
    "QuantityOutOfRangeError",
    "SoldOutError",
    "StockShortError",
    "StorePausedError",
]


class NotOnSaleError(PortalError):
    """The variant is unknown, or it, its product or its store is not active."""

    code = "variant_not_on_sale"
    status = 404
    sentence = N_("This product is not on sale any more.")


class StorePausedError(PortalError):
    """The store takes no orders for a while."""

    code = "store_paused"
    status = 409
    sentence = N_("This store takes no orders at the moment. Nothing was put into the cart.")


class NotSoldHereError(PortalError):
    """The variant has no price on this channel."""

    code = "variant_not_sold_here"
    sentence = N_("This product is not sold in this shop.")


class SoldOutError(PortalError):
    code = "sold_out"
    status = 409
    sentence = N_("This product is sold out.")


class StockShortError(PortalError):
    """More is wanted, with what the cart holds already, than can be sold."""

    code = "stock_short"
    status = 409
    sentence = N_("Only %(available)s can be had. Your cart holds %(held)s.")


class CartFullError(PortalError):
    code = "cart_full"
    sentence = N_("A cart holds %(maximum)s different products. Remove one first.")


class LineMissingError(PortalError):
    """There is no such line in this cart; it may have been removed on another device."""

    code = "cart_line_missing"
    status = 404
    sentence = N_("This product is not in your cart any more.")
