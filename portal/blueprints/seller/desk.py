"""What stands around every page of the seller's desk: which store, and what waits in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import g, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError, PermissionMissingError
from portal.blueprints.identity import current_actor, current_identity
from portal.db import reading
from portal.kit import clock
from portal.queries.desk_counts import StoreWaits, store_waits
from portal.queries.store_counts import StoreCounts, count_store_orders
from portal.queries.store_orders import MemberStore, list_stores
from portal.rules.permissions import STORE_MATRIX, Permission, StoreRole, may


@dataclass(frozen=True, slots=True)
class Desk:
    """The store whose desk it is, the others of the same member, and what waits."""

    store: MemberStore
    stores: tuple[MemberStore, ...]
    counts: StoreCounts
    waits: StoreWaits

    def lets(self, permission: Permission) -> bool:
        """Whether the reader's role in this store lets him do this: what it does not is not shown."""
        return may(current_actor(), permission, store_id=self.store.id)

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
    if asked and store_id is None and asked not in {one.slug for one in stores}:
        _refuse_narrowed(session, asked)
    chosen = next((one for one in stores if one.id == store_id or (store_id is None and one.slug == asked)), stores[0])
    return Desk(
        chosen,
        stores,
        count_store_orders(session, store_id=chosen.id, now=now),
        store_waits(session, store_id=chosen.id),
    )


def _refuse_narrowed(session: Session, slug: str) -> None:
    """A store of the member's own in which his role does not let him do this. Raises PermissionMissingError."""
    identity = current_identity()
    others = set(identity.store_ids if identity else ()) - current_actor().store_ids
    if slug in {one.slug for one in list_stores(session, sorted(others))}:
        raise PermissionMissingError(permission=str(g.get("needed_in_stores")))


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
        return {"desk_name": _("Seller desk"), "desk_nav": [], "desk": None, "can": {}}
    P = Permission  # noqa: N806  # A short name for the table below.
    entries = [
        ("seller.home", _("Home"), "home", 0, P.STORE_ORDER_VIEW),
        ("seller.orders", _("Orders"), "list-details", desk.counts.action, P.STORE_ORDER_VIEW),
        ("seller.figures", _("Figures"), "chart-bar", 0, P.ANALYTICS_VIEW),
        ("seller.products", _("Products"), "tag", 0, P.PRODUCT_EDIT),
        ("seller.stock", _("Stock"), "packages", 0, P.STOCK_EDIT),
        ("seller.tickets", _("Tickets"), "message-circle", desk.waits.tickets, P.TICKET_VIEW),
        ("seller.remarks", _("Reviews and questions"), "star", desk.waits.questions, P.REMARK_VIEW),
        ("seller.payments", _("Payments"), "credit-card", 0, P.PAYMENT_VIEW),
        ("seller.balance", _("Balance"), "coins", 0, P.PAYOUT_VIEW),
        ("seller.returns", _("Returns"), "arrow-back-up", desk.counts.return_work, P.RETURN_RECEIVE),
        ("seller.refunds", _("Refunds"), "receipt-refund", desk.counts.refunds_waiting, P.REFUND_HANDLE),
        ("seller.campaigns", _("Coupons"), "ticket", 0, P.COUPON_VIEW),
        ("seller.webhooks", _("Webhooks"), "plug-connected", 0, P.WEBHOOK_VIEW),
        ("seller.profile", _("Store profile"), "building-store", 0, P.STORE_EDIT),
        ("seller.members", _("People"), "users", 0, P.STORE_MEMBER_MANAGE),
        ("seller.bank", _("Bank account"), "building-bank", 0, P.STORE_BANK_EDIT),
    ]
    return {
        "desk": desk,
        "can": {permission.name.lower(): desk.lets(permission) for permission in STORE_MATRIX[StoreRole.OWNER]},
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
                    for endpoint, label, icon, count, permission in entries
                    if desk.lets(permission)
                ],
            }
        ],
    }
