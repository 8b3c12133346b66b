"""PortOne's V2 interface: payments in a window, virtual accounts, cancellations, cash receipts."""

from sandbox.http import Router
from sandbox.portone import api, window
from sandbox.portone.api import facts, handle


def add_routes(router: Router) -> None:
    """The API and the buyer's window."""
    api.add_routes(router)
    window.add_routes(router)


__all__ = ["add_routes", "facts", "handle"]
