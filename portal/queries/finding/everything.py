"""The lists of finders of both desks, and asking all of them that one may."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy.orm import Session

from portal.queries.finding import house, sales
from portal.queries.finding.words import Finder, Hit, Words
from portal.rules.permissions import Permission

P = Permission

MALL: Sequence[Finder] = (
    Finder("order", P.ORDER_VIEW, sales.find_orders),
    Finder("payment", P.PAYMENT_VIEW, sales.find_payments),
    Finder("person", P.USER_VIEW, house.find_people),
    Finder("refund", P.REFUND_HANDLE, sales.find_refunds),
    Finder("return", P.REFUND_HANDLE, sales.find_returns),
    Finder("ticket", P.TICKET_VIEW, sales.find_tickets),
    Finder("receipt", P.ORDER_VIEW, house.find_receipts),
    Finder("cash_receipt", P.PAYMENT_VIEW, house.find_cash_receipts),
    Finder("invoice", P.INVOICE_VIEW, house.find_invoices),
    Finder("dispute", P.DISPUTE_HANDLE, sales.find_disputes),
    Finder("case", P.FRAUD_VIEW, sales.find_cases),
    Finder("coupon", P.COUPON_VIEW, house.find_coupons),
    Finder("gift_card", P.GIFT_CARD_VIEW, house.find_gift_cards),
    Finder("payout", P.PAYOUT_VIEW, house.find_payouts),
    Finder("withdrawal", P.WITHDRAWAL_APPROVE, house.find_withdrawals),
    Finder("store", P.STORE_LIST, house.find_stores),
    Finder("product", P.CATALOGUE_VIEW, house.find_products),
)
STORE: Sequence[Finder] = (
    Finder("part", P.STORE_ORDER_VIEW, sales.find_parts),
    Finder("return", P.REFUND_HANDLE, sales.find_returns),
    Finder("ticket", P.TICKET_VIEW, sales.find_tickets),
    Finder("refund", P.REFUND_HANDLE, sales.find_refunds),
    Finder("product", P.PRODUCT_EDIT, house.find_products),
    Finder("stock", P.STOCK_EDIT, house.find_stock),
    Finder("coupon", P.COUPON_VIEW, house.find_coupons),
    Finder("payout", P.PAYOUT_VIEW, house.find_payouts),
)


def find_everything(
    session: Session, *, words: Words, finders: Sequence[Finder], may: Callable[[Permission], bool]
) -> Mapping[str, list[Hit]]:
    """What the finders that one may use have found, by kind, in their order; kinds without any are left out."""
    found: dict[str, list[Hit]] = {}
    for finder in finders:
        if words.text and may(finder.permission) and (hits := list(finder.find(session, words))):
            found[finder.kind] = hits
    return found


def only_exact(found: Mapping[str, Sequence[Hit]]) -> Hit | None:
    """The one thing that was meant, where nothing else can have been."""
    exact = [hit for hits in found.values() for hit in hits if hit.exact]
    return exact[0] if len(exact) == 1 else None
