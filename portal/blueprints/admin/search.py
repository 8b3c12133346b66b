"""One box for everything: an exact id opens its page, the rest is listed by kind (A17)."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.admin.desk import around, may_all, requires_all
from portal.blueprints.desk import text_arg
from portal.db import reading
from portal.queries import admin_orders, payments, users
from portal.queries.coupon_search import find_code
from portal.queries.users import masked, masked_email
from portal.rules.permissions import Permission


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/search", "search", show)


@requires_all(Permission.ANALYTICS_VIEW)
def show() -> ResponseReturnValue:
    """Order number, payment or gateway id, e-mail address, coupon code: as far as one may see each kind."""
    query = text_arg("q")
    orders: list[admin_orders.OrderRow] = []
    paid: list[payments.PaymentRow] = []
    people: list[users.UserRow] = []
    coupon = None
    with reading() as session:
        if query:
            if may_all(Permission.ORDER_VIEW):
                orders = admin_orders.matching(session, query)
            if may_all(Permission.PAYMENT_VIEW) and not orders:
                paid = payments.matching(session, query)
            if may_all(Permission.USER_VIEW) and not orders:
                people = users.matching(session, query)
            if may_all(Permission.COUPON_VIEW) and not orders:
                coupon = find_code(session, query)
        frame = around(session, "")
    if len(orders) + len(paid) + len(people) == 1 and coupon is None:
        return redirect(_page_of(orders, paid, people), code=303)
    return render_template(
        "admin/search.html",
        query=query,
        orders=orders,
        payments=paid,
        people=people,
        coupon=coupon,
        masked=masked,
        masked_email=masked_email,
        **frame,
    )


def _page_of(orders: list[admin_orders.OrderRow], paid: list[payments.PaymentRow], people: list[users.UserRow]) -> str:
    if orders:
        return url_for("admin.order", number=orders[0].number)
    if paid:
        return url_for("admin.payment", payment_id=paid[0].id)
    return url_for("admin.user", user_id=people[0].id)
