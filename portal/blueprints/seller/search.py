"""One box over everything that is the store's own (S07)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.desk import requires_in
from portal.blueprints.desk_finding import answer
from portal.blueprints.identity import current_actor
from portal.blueprints.seller.desk import around, open_desk
from portal.db import reading
from portal.kit import clock
from portal.queries.finding.everything import STORE
from portal.rules.permissions import Permission, Scope, scopes_of

PLACES = {
    "part": ("seller.order", "part_id"),
    "return": ("seller.return", "return_id"),
    "ticket": ("seller.ticket", "ticket_id"),
    "refund": ("seller.refund", "refund_id"),
    "product": ("seller.product", "product_id"),
    "stock": ("seller.stock_moves", "variant_id"),
    "coupon": ("seller.campaign", "campaign_id"),
    "payout": ("seller.statement", "statement_id"),
}


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/search", "search", show)


@requires_in(Permission.STORE_ORDER_VIEW, Scope.STORE)
def show() -> ResponseReturnValue:
    """Whatever is named, in all stores of which one is a member."""
    return answer(
        finders=STORE,
        places=PLACES,
        store_ids=tuple(sorted(current_actor().store_ids)),
        may=lambda permission: Scope.STORE in scopes_of(current_actor(), permission),
        frame=_frame,
        hint=_(
            "Type the number of an order, return, ticket or statement, a tracking number, a SKU, a coupon code, or a "
            "buyer's whole name, phone number or e-mail address. Of products a part of the name is enough."
        ),
    )


def _frame() -> dict[str, Any]:
    with reading() as session:
        return around(open_desk(session, clock.now()), "")
