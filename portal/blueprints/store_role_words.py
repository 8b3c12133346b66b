"""What the roles in a store are called, and what each may do, in words."""

from __future__ import annotations

from collections.abc import Mapping

from portal.kit.text import N_
from portal.rules.permissions import Permission, StoreRole

ROLE_WORDS: Mapping[StoreRole, str] = {
    StoreRole.OWNER: N_("Owner"),
    StoreRole.MANAGER: N_("Manager"),
    StoreRole.FULFILMENT: N_("Fulfilment"),
    StoreRole.SUPPORT: N_("Customer support"),
    StoreRole.ACCOUNTANT: N_("Accountant"),
}
# What an owner wants to know before he gives a role, in the order of the desk's menu.
ACTS: tuple[tuple[Permission, str], ...] = (
    (Permission.STORE_ORDER_VIEW, N_("See orders with names and addresses")),
    (Permission.STORE_ORDER_FULFIL, N_("Accept, pack, send and hold orders")),
    (Permission.ANALYTICS_VIEW, N_("See figures")),
    (Permission.PRODUCT_EDIT, N_("Change products and prices")),
    (Permission.STOCK_EDIT, N_("Count stock")),
    (Permission.TICKET_ANSWER, N_("Answer tickets")),
    (Permission.REMARK_ANSWER, N_("Answer reviews and questions")),
    (Permission.RETURN_RECEIVE, N_("Receive returns and send what goes out for them")),
    (Permission.REFUND_HANDLE, N_("Decide about returns and give money back")),
    (Permission.PAYMENT_VIEW, N_("See payments")),
    (Permission.PAYOUT_VIEW, N_("See balance, statements and payouts")),
    (Permission.COUPON_ISSUE, N_("Make coupons")),
    (Permission.STORE_EDIT, N_("Change the store's profile and pause it")),
    (Permission.STORE_MEMBER_MANAGE, N_("Invite and remove people")),
    (Permission.STORE_BANK_EDIT, N_("Change the bank account")),
)
