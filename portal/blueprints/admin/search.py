"""One box for everything: an exact id opens its page, the rest is listed by kind (A17)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.admin.desk import around, may_all, requires_all
from portal.blueprints.desk_finding import answer
from portal.db import reading
from portal.queries.finding.everything import MALL
from portal.rules.permissions import Permission

PLACES = {
    "order": ("admin.order", "number"),
    "payment": ("admin.payment", "payment_id"),
    "person": ("admin.user", "user_id"),
    "refund": ("admin.refund", "refund_id"),
    "return": ("admin.return", "return_id"),
    "ticket": ("admin.ticket", "ticket_id"),
    "receipt": ("admin.order", "number"),
    "cash_receipt": ("admin.payment", "payment_id"),
    "invoice": ("admin.invoice", "invoice_id"),
    "dispute": ("admin.dispute", "dispute_id"),
    "case": ("admin.case", "case_id"),
    "coupon": ("admin.campaign", "campaign_id"),
    "gift_card": ("admin.gift_card", "card_id"),
    "payout": ("admin.payout", "payout_id"),
    "withdrawal": ("admin.withdrawal", "withdrawal_id"),
    "store": ("admin.store", "store_id"),
    "product": ("shop.product", "slug"),
}


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/search", "search", show)


@requires_all(Permission.ANALYTICS_VIEW)
def show() -> ResponseReturnValue:
    """Whatever is named, as far as one may see each kind."""
    return answer(
        finders=MALL,
        places=PLACES,
        store_ids=None,
        may=may_all,
        frame=_frame,
        hint=_(
            "Type the number of an order, receipt, return, ticket or invoice, an id of ours or of a gateway, a "
            "tracking number, a coupon code, the last characters of a gift card, or a whole e-mail address, phone "
            "number or name. "
            "Of products, stores and coupons a part of the name is enough."
        ),
    )


def _frame() -> dict[str, Any]:
    with reading() as session:
        return around(session, "")
