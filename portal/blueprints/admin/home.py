"""The administrators' first page: today's figures, each opening its rows (A18, A20), and the health of the house."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import formatting
from portal.blueprints.admin.desk import around, may_all, requires_all
from portal.blueprints.desk import period_start
from portal.db import reading
from portal.kit import clock
from portal.queries.admin_home import Today, load_today
from portal.queries.admin_orders import OrderFilter, OrderRow, list_orders
from portal.queries.audit_log import ChainState, OutboxState, chain_state, outbox_state
from portal.queries.exchange import list_channel_rates
from portal.queries.refund_lists import RefundSpeed, refund_speed
from portal.rules.permissions import Permission

SHOWN = 5
SPEED_OVER = timedelta(days=30)


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/", "home", show)


@requires_all(Permission.ANALYTICS_VIEW)
def show() -> ResponseReturnValue:
    """Today, what waits for a review, and whether outbox and audit chain keep up."""
    now = clock.now()
    start = period_start("today", now)
    assert start is not None
    with reading() as session:
        today = load_today(session, start=start, now=now)
        chain, outbox = chain_state(session), outbox_state(session)
        speed = refund_speed(session, since=now - SPEED_OVER, now=now)
        oldest: tuple[OrderRow, ...] = ()
        if may_all(Permission.ORDER_LIST) and today.held:
            oldest = list_orders(session, chosen=OrderFilter(held=True), cursor=None).rows[:SHOWN]
        closed = list_channel_rates(session, now=now) if may_all(Permission.GATEWAY_VIEW) else []
        frame = around(session, "admin.home", waits=today.waits)
    lag = int((now - chain.waiting_since).total_seconds()) if chain.waiting_since else 0
    return render_template(
        "admin/home.html",
        today=today,
        tiles=_tiles(today, chain, outbox, lag, speed),
        held=oldest,
        closed=[one for one in closed if not one.is_open],
        now=now,
        **frame,
    )


def _tiles(today: Today, chain: ChainState, outbox: OutboxState, lag: int, speed: RefundSpeed) -> list[dict[str, Any]]:
    """Those whose rows one may not see are figures without a link."""
    orders = may_all(Permission.ORDER_LIST)
    payments = may_all(Permission.PAYMENT_VIEW)
    since = _("today")

    def to(allowed: bool, endpoint: str, **args: Any) -> str | None:
        return url_for(endpoint, **args) if allowed else None

    return [
        _count(_("Orders placed"), today.placed, since, "shopping-bag", to(orders, "admin.orders", period="today")),
        _count(
            _("Of these paid"),
            today.paid,
            since,
            "circle-check",
            to(orders, "admin.orders", period="today", status="paid"),
        ),
        _count(
            _("Of these failed"),
            today.failed,
            since,
            "alert-circle",
            to(orders, "admin.orders", period="today", status="failed"),
        ),
        *(
            {"name": _("Captured"), "money": amount, "currency": currency, "note": since, "picture": "credit-card"}
            for currency, amount in today.captured or [("KRW", 0)]
        ),
        _count(
            _("Waiting for review"),
            today.held,
            _("any day"),
            "shield-lock",
            to(orders, "admin.orders", held="1"),
        ),
        _count(
            _("Outcome unknown"),
            today.unknown,
            _("being looked up"),
            "help-circle",
            to(payments, "admin.payments", unknown="1"),
        ),
        {
            "name": _("Refunds within a working day"),
            "text": formatting.rate(speed.basis_points) if speed.basis_points is not None else "–",
            "note": _("of the last 30 days; the aim is 95 of 100"),
            "picture": "receipt-refund",
        },
        _count(
            _("Refunds late"),
            speed.late_open,
            _("over a working day"),
            "alarm",
            to(may_all(Permission.REFUND_HANDLE), "admin.refunds", queue="late"),
        ),
        _count(
            _("Outbox waiting"),
            outbox.waiting,
            _("%(count)s failed before", count=outbox.failing) if outbox.failing else None,
            "send",
            to(may_all(Permission.EVENT_VIEW), "admin.outbox"),
        ),
        _count(
            _("Mails that nobody took"),
            today.mails_given_up,
            _("%(count)s tried in vain", count=today.mails_failing) if today.mails_failing else _("of the last 7 days"),
            "mail",
            to(may_all(Permission.EVENT_VIEW), "admin.mails", state="given_up"),
        ),
        _count(
            _("Records to seal"),
            chain.waiting,
            _("oldest %(seconds)s s", seconds=lag) if chain.waiting else _("chain of %(count)s", count=chain.seq),
            "shield-check",
            to(may_all(Permission.AUDIT_VIEW), "admin.audit"),
        ),
    ]


def _count(name: str, count: int, note: str | None, picture: str, href: str | None) -> dict[str, Any]:
    return {"name": name, "count": count, "note": note, "picture": picture, "href": href}
