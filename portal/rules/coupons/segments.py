"""Kinds of buyers, by what they have bought, and groups of people, by what they are here (CPN-03)."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from portal.kit.text import N_
from portal.rules.permissions import ADMIN_ROLES, Role

# Whoever has paid this often is a regular; whoever has not paid for so long has lapsed.
REGULAR_ORDERS: Final = 5
LAPSED_AFTER: Final = timedelta(days=180)

SEGMENTS: Final[Mapping[str, str]] = {
    "new": N_("new customers"),
    "returning": N_("returning customers"),
    "regular": N_("regular customers"),
    "lapsed": N_("customers who have not bought for half a year"),
}
GROUPS: Final[Mapping[str, str]] = {
    "customer": N_("customers"),
    "seller": N_("sellers"),
    "staff": N_("staff"),
}


def segments_of(paid_orders: int, last_paid_at: datetime | None, now: datetime) -> frozenset[str]:
    """Return the segments of a buyer: `new` before his first paid order, `regular` from the fifth, `lapsed` beside."""
    if not paid_orders:
        return frozenset({"new"})
    found = {"returning"} | ({"regular"} if paid_orders >= REGULAR_ORDERS else set())
    if last_paid_at is not None and now - last_paid_at >= LAPSED_AFTER:
        found.add("lapsed")
    return frozenset(found)


def groups_of(roles: Iterable[str]) -> frozenset[str]:
    """Return the groups of an account: staff and sellers work here, everybody else is a customer."""
    held = set(roles)
    found = {"staff"} if held & ADMIN_ROLES else set()
    if Role.SELLER in held:
        found.add("seller")
    return frozenset(found or {"customer"})
