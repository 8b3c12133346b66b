"""Paylink: a vendor whose buyers pay on its own page. JSON in and out, notices by Standard Webhooks."""

from sandbox.http import Router
from sandbox.paylink import api, pages
from sandbox.paylink.api import facts, handle


def add_routes(router: Router) -> None:
    """The API and the buyer's page."""
    api.add_routes(router)
    pages.add_routes(router)


__all__ = ["add_routes", "facts", "handle"]
