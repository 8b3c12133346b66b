"""The first page of the seller's desk: what waits, each count opening exactly its rows (S01)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.desk import requires_in
from portal.blueprints.seller.desk import around, open_desk
from portal.db import reading
from portal.kit import clock
from portal.queries.return_lists import ReturnQueue
from portal.queries.stock import StockView, count_stock_views
from portal.queries.store_orders import StoreOrderFilter, StoreView, list_store_orders
from portal.rules.permissions import Permission, Scope

SHOWN = 5


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/", "home", show)


@requires_in(Permission.STORE_ORDER_VIEW, Scope.STORE)
def show() -> ResponseReturnValue:
    """What waits, and the oldest of it."""
    now = clock.now()
    with reading() as session:
        desk = open_desk(session, now)
        if desk is None:
            return render_template("seller/no_store.html", **around(None, "seller.home"))
        waiting = list_store_orders(
            session, chosen=StoreOrderFilter(store_id=desk.store.id, view=StoreView.ACTION, now=now), cursor=None
        )
        low = count_stock_views(session, store_id=desk.store.id)[StockView.LOW]
    views = [
        (StoreView.ACTION, _("New"), "inbox", _("Accept and pack")),
        (StoreView.TO_SEND, _("To send"), "package", _("Accepted; pack and send")),
        (StoreView.OVERDUE, _("Overdue"), "alarm", _("Past the promised date")),
        (StoreView.ON_HOLD, _("On hold"), "shield-lock", _("Wait for the mall; do not ship")),
        (StoreView.SHIPPED, _("On the way"), "truck-delivery", None),
        (StoreView.RETURNING, _("Coming back"), "arrow-back-up", None),
    ]
    tiles: list[dict[str, Any]] = [
        {
            "name": name,
            "count": desk.counts.of(view) or 0,
            "picture": picture,
            "note": note,
            "href": url_for("seller.orders", view=view.value, store=desk.store_arg),
        }
        for view, name, picture, note in views
    ]
    returns = [
        (ReturnQueue.WAITING, desk.counts.returns_waiting, _("Returns to answer"), "message-circle"),
        (ReturnQueue.ARRIVED, desk.counts.returns_arrived, _("Returns to look at"), "package"),
        (ReturnQueue.CLAIMS, desk.counts.claims, _("Claims"), "alert-triangle"),
    ]
    tiles += [
        {
            "needs": Permission.RETURN_RECEIVE,
            "name": name,
            "count": count,
            "picture": picture,
            "note": None,
            "href": url_for("seller.returns", queue=queue.value, store=desk.store_arg),
        }
        for queue, count, name, picture in returns
    ]
    tiles.append(
        {
            "needs": Permission.REFUND_HANDLE,
            "name": _("Refunds to answer"),
            "count": desk.counts.refunds_waiting,
            "picture": "receipt-refund",
            "note": _("Answer before you send"),
            "href": url_for("seller.refunds", store=desk.store_arg),
        }
    )
    tiles.append(
        {
            "needs": Permission.STOCK_EDIT,
            "name": _("Low stock"),
            "count": low,
            "picture": "packages",
            "note": _("At the number that you have set"),
            "href": url_for("seller.stock", view=StockView.LOW.value, store=desk.store_arg),
        }
    )
    tiles.append(
        {
            "needs": Permission.TICKET_VIEW,
            "name": _("Tickets"),
            "count": desk.waits.tickets,
            "picture": "message-circle",
            "note": _("Wait for your answer"),
            "href": url_for("seller.tickets", store=desk.store_arg),
        }
    )
    tiles.append(
        {
            "needs": Permission.REMARK_VIEW,
            "name": _("Questions"),
            "count": desk.waits.questions,
            "picture": "help-circle",
            "note": _("About your goods, without an answer"),
            "href": url_for("seller.remarks", store=desk.store_arg),
        }
    )
    tiles = [one for one in tiles if "needs" not in one or desk.lets(one["needs"])]
    return render_template(
        "seller/home.html", tiles=tiles, rows=waiting.rows[:SHOWN], list_args={}, **around(desk, "seller.home")
    )
