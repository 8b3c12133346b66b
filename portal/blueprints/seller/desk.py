"""What stands around every page of the seller's desk: which store, and what waits in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.identity import current_actor
from portal.db import reading
from portal.kit import clock
from portal.queries.desk_counts import StoreWaits, store_waits
from portal.queries.store_orders import MemberStore, StoreCounts, count_store_orders, list_stores


@dataclass(frozen=True, slots=True)
class Desk:
    """The store whose desk it is, the others of the same member, and what waits."""

    store: MemberStore
    stores: tuple[MemberStore, ...]
    counts: StoreCounts
    waits: StoreWaits

    @property
    def store_arg(self) -> str | None:
        """Named in addresses only where there is a choice."""
        return self.store.slug if len(self.stores) > 1 else None


def open_desk(session: Session, now: datetime, *, store_id: int | None = None) -> Desk | None:
    """The desk of the store in the address (or of `store_id`), else of the oldest; None without any store."""
    stores = list_stores(session, sorted(current_actor().store_ids))
    if not stores:
        return None
    asked = request.args.get("store")
    chosen = next((one for one in stores if one.id == store_id or (store_id is None and one.slug == asked)), stores[0])
    return Desk(
        chosen,
        stores,
        count_store_orders(session, store_id=chosen.id, now=now),
        store_waits(session, store_id=chosen.id),
    )


def desk_of(session: Session) -> Desk:
    """The desk of the store in the address, for pages that only a store has. Raises NotFoundError."""
    desk = open_desk(session, clock.now())
    if desk is None:
        raise NotFoundError
    return desk


def asked_store() -> int:
    """The store of the address, for forms that only need to know which. Raises NotFoundError."""
    with reading() as session:
        return desk_of(session).store.id


def around(desk: Desk | None, current: str) -> dict[str, Any]:
    """What the layout wants: name, menu, search. `current` is the endpoint of the menu's entry."""
    if desk is None:
        return {"desk_name": _("Seller desk"), "desk_nav": [], "desk": None}
    entries = [
        ("seller.home", _("Home"), "home", 0),
        ("seller.orders", _("Orders"), "list-details", desk.counts.action),
        ("seller.figures", _("Figures"), "chart-bar", 0),
        ("seller.products", _("Products"), "tag", 0),
        ("seller.stock", _("Stock"), "packages", 0),
        ("seller.tickets", _("Tickets"), "message-circle", desk.waits.tickets),
        ("seller.remarks", _("Reviews and questions"), "star", desk.waits.questions),
        ("seller.payments", _("Payments"), "credit-card", 0),
        ("seller.balance", _("Balance"), "coins", 0),
        ("seller.returns", _("Returns"), "arrow-back-up", desk.counts.return_work),
        ("seller.refunds", _("Refunds"), "receipt-refund", 0),
        ("seller.campaigns", _("Coupons"), "ticket", 0),
        ("seller.webhooks", _("Webhooks"), "plug-connected", 0),
        ("seller.profile", _("Store profile"), "building-store", 0),
        ("seller.bank", _("Bank account"), "building-bank", 0),
    ]
    return {
        "desk": desk,
        "desk_name": _("Seller desk"),
        "desk_search": url_for("seller.search"),
        "search_label": _("Order, buyer, tracking number, product or SKU"),
        "desk_nav": [
            {
                "title": "",
                "items": [
                    {
                        "label": label,
                        "icon": icon,
                        "count": count,
                        "href": url_for(endpoint, store=desk.store_arg),
                        "current": endpoint == current,
                    }
                    for endpoint, label, icon, count in entries
                ],
            }
        ],
    }
