"""Payments: the list (PAY-13), and one with every attempt and why it went where it went (A12)."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, channel_options, period_options, requires_all
from portal.blueprints.admin.rules_words import decided_words
from portal.blueprints.context import translated
from portal.blueprints.desk import (
    PERIODS,
    Days,
    channel_arg,
    choice_arg,
    days_arg,
    period_start,
    plain_arg,
    sort_arg,
    text_arg,
)
from portal.blueprints.desk_words import WORDS, actor_word, word, words
from portal.blueprints.payment_history import day_chips
from portal.blueprints.saved_views import Inbox, offer, opens_with, views_for
from portal.db import reading
from portal.htmx import page_or_partial
from portal.kit import clock
from portal.queries.cash_receipts import cash_receipt_of
from portal.queries.channels import channel_directory
from portal.queries.payments import SORTINGS, PaymentDetail, PaymentFilter, list_payments, load_payment
from portal.rules.permissions import Permission, Scope
from portal.rules.states import Machine, states
from portal.statuses import status_of

STATES = states(Machine.PAYMENT)


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/payments", "payments", index)
    bp.add_url_rule("/payments/<uuid:payment_id>", "payment", show)


INBOX = offer(
    Inbox(
        "admin.payments",
        Permission.PAYMENT_VIEW,
        Scope.ALL,
        ("status", "method", "channel", "period", "from", "until", "unknown", "q", "sort"),
        lambda session, _store: list_payments(session, chosen=payment_filter(), cursor=None),
    )
)


@requires_all(Permission.PAYMENT_VIEW)
def index() -> ResponseReturnValue:
    """The list."""
    chosen = payment_filter()
    days = days_arg()
    with reading() as session:
        views = views_for(session, INBOX)
        found = list_payments(session, chosen=chosen, cursor=request.args.get("cursor"))
        frame = around(session, "admin.payments")
    if (there := opens_with(views)) is not None:
        return there
    return page_or_partial(
        "admin/payments/index.html",
        {"payments": "admin/payments/_list.html"},
        views=views,
        found=found,
        chosen=chosen,
        days=days,
        chips=_chips(chosen, days),
        clear_href=url_for("admin.payments"),
        states=[("", _("Any"))] + [(state, gettext(status_of(state, "payment").word)) for state in STATES],
        methods=[("", _("Any")), *words("method")],
        channels=channel_options(),
        periods=period_options(),
        **frame,
    )


def payment_filter() -> PaymentFilter:
    """The list that the address asks for. Days win over a period."""
    days = days_arg()
    return PaymentFilter(
        status=choice_arg("status", STATES),
        method=choice_arg("method", WORDS["method"]),
        channel_id=channel_arg(),
        created_from=days.start or period_start(plain_arg("period"), clock.now()),
        created_until=days.end,
        unknown=plain_arg("unknown") == "1",
        search=text_arg("q"),
        sort=sort_arg(SORTINGS) or "-created",
    )


def _chips(chosen: PaymentFilter, days: Days) -> list[tuple[str, str]]:
    args: dict[str, Any] = {key: values for key, values in request.args.lists() if key in INBOX.known}

    def without(name: str) -> str:
        return url_for("admin.payments", **{**args, name: None})

    chips = []
    if chosen.status:
        chips.append(
            (_("State: %(state)s", state=gettext(status_of(chosen.status, "payment").word)), without("status"))
        )
    if chosen.unknown:
        chips.append((_("Outcome unknown"), without("unknown")))
    if chosen.method:
        chips.append((_("Method: %(name)s", name=word("method", chosen.method)), without("method")))
    if chosen.channel_id is not None:
        name = translated(dict(channel_directory().by_id(chosen.channel_id).name))
        chips.append((_("Channel: %(name)s", name=name), without("channel")))
    period = request.args.get("period")
    if period is not None and period in PERIODS and days.first is None:
        chips.append((gettext(PERIODS[period][1]), without("period")))
    chips += day_chips(days, without)
    if chosen.search:
        chips.append((_("Search: %(words)s", words=chosen.search), without("q")))
    return chips


@requires_all(Permission.PAYMENT_VIEW)
def show(payment_id: uuid.UUID) -> ResponseReturnValue:
    """One payment with everything that happened to it."""
    with reading() as session:
        detail = load_payment(session, payment_id=payment_id)
        if detail is None:
            raise NotFoundError
        decided = decided_words(session, detail.attempts)
        cash_receipt = cash_receipt_of(session, order_id=detail.payment.order_id) if detail.payment.order_id else None
        frame = around(session, "admin.payments")
    return render_template(
        "admin/payments/show.html",
        detail=detail,
        payment=detail.payment,
        attempts=detail.attempts,
        decided=decided,
        events=_events(detail),
        cash_receipt=cash_receipt,
        **frame,
    )


def _events(detail: PaymentDetail) -> list[dict[str, object]]:
    events = []
    for row in detail.moves:
        look = status_of(row.to_state, row.subject)
        events.append(
            {
                "title": _("%(thing)s: %(state)s", thing=word("machine", row.subject), state=gettext(look.word)),
                "tone": look.tone,
                "icon": look.icon,
                "at": row.at,
                "who": actor_word(row.actor),
                "text": word("reason", row.reason),
            }
        )
    return events
