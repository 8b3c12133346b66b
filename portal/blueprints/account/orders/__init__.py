"""The buyer's orders: the list, the page of one, and what can be done with it."""

from __future__ import annotations

from portal.blueprints.account.orders import amending, refunding, returning  # noqa: F401  # They hang their routes onto the blueprint.
from portal.blueprints.account.orders.views import bp

__all__ = ["bp"]
