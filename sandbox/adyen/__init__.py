"""Adyen: the parts of its Checkout API that a shop uses, with state (docs.adyen.com/api-explorer/Checkout/72)."""

from sandbox.adyen import api, element, pages
from sandbox.adyen.api import facts, handle
from sandbox.http import Router


def add_routes(router: Router) -> None:
    """The API, the buyer's pages, and the script and frame of the card fields."""
    api.add_routes(router)
    pages.add_routes(router)
    element.add_routes(router)


__all__ = ["add_routes", "facts", "handle"]
