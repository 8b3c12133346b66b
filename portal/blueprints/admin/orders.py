"""All orders, and the whole of one (ORD-002, PAY-04, IDN-05)."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _

from portal import formatting
from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import (
    around,
    channel_options,
    channels_seen,
    may_all,
    may_of,
    period_options,
    requires_all,
    requires_channel,
)
from portal.blueprints.admin.reveal import is_revealed, reveal_mark
from portal.blueprints.admin.rules_words import decided_words
from portal.blueprints.context import translated
from portal.blueprints.desk import (
    PERIODS,
    Days,
    channel_arg,
    choice_arg,
    date_arg,
    period_start,
    plain_arg,
    sort_arg,
    text_arg,
)
from portal.blueprints.desk_words import actor_word, word
from portal.blueprints.documents import pdf_of
from portal.blueprints.identity import current_actor
from portal.blueprints.payment_history import day_chips
from portal.blueprints.refund_words import reason_word
from portal.blueprints.risk_words import models_of, reasons_of, unsure_of
from portal.blueprints.saved_views import Inbox, offer, opens_with, views_for
from portal.db import reading, transaction
from portal.htmx import done, is_htmx, page_or_partial, peeked_at, target
from portal.kit import clock
from portal.queries.admin_order import OrderDetail, load_order, load_preview, load_summary, share_rows
from portal.queries.admin_orders import SORTINGS, OrderFilter, list_orders
from portal.queries.channels import channel_currencies, channel_directory
from portal.queries.documents import order_documents
from portal.queries.holds import holds_of_order
from portal.queries.shipments import shipments_of_order
from portal.queries.users import masked, masked_email
from portal.rules.holds import HOLDABLE, PLACED_BY, HoldKind, may_end
from portal.rules.permissions import Permission, Scope
from portal.rules.states import Machine, states
from portal.services.accounts.view_user import view_user
from portal.statuses import status_of

STATES = states(Machine.ORDER)


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/orders", "orders", index)
    bp.add_url_rule("/orders/<number>", "order", show)
    bp.add_url_rule("/orders/<number>/documents/<label>", "order_document", document)
    bp.add_url_rule("/orders/<number>/buyer-view", "order_buyer_view", reveal_buyer, methods=["POST"])


def order_filter() -> OrderFilter:
    """The list that the address asks for."""
    return OrderFilter(
        status=choice_arg("status", STATES),
        channel_id=channel_arg(),
        placed_from=period_start(plain_arg("period"), clock.now()),
        search=text_arg("q"),
        held=plain_arg("held") == "1",
        first=date_arg("from"),
        last=date_arg("until"),
        currency=choice_arg("currency", channel_currencies()),
        paid=plain_arg("paid") == "1",
        sort=sort_arg(SORTINGS) or "-placed",
        only=None if (seen := channels_seen(Permission.ORDER_LIST)) is None else tuple(sorted(seen)),
    )


INBOX = offer(
    Inbox(
        "admin.orders",
        Permission.ORDER_LIST,
        Scope.ALL,
        ("status", "held", "channel", "period", "from", "until", "currency", "paid", "q", "sort"),
        lambda session, _store: list_orders(session, chosen=order_filter(), cursor=None),
    )
)


@requires_channel(Permission.ORDER_LIST)
def index() -> ResponseReturnValue:
    """The list; one of its orders can be looked at in place (S08)."""
    chosen, opened = order_filter(), request.args.get("open", "")
    if (peeked := peeked_at()) is not None:
        with reading() as session:
            detail = _mine(load_preview(session, number=peeked)) if peeked == opened else None
        buyer = _buyer(detail, shown=False) if detail else {}
        return render_template("admin/orders/_peek.html", number=peeked, detail=detail, buyer=buyer, oob=True)
    with reading() as session:
        detail = _mine(load_preview(session, number=opened)) if opened else None
        views = views_for(session, INBOX)
        found = list_orders(session, chosen=chosen, cursor=request.args.get("cursor"))
        frame = around(session, "admin.orders")
    if (there := opens_with(views)) is not None:
        return there
    return page_or_partial(
        "admin/orders/index.html",
        {"orders": "admin/orders/_list.html"},
        views=views,
        found=found,
        peeked=detail,
        buyer=_buyer(detail, shown=False) if detail else {},
        chosen=chosen,
        chips=_chips(chosen),
        clear_href=url_for("admin.orders"),
        states=[("", _("Any"))] + [(state, gettext(status_of(state, "order").word)) for state in STATES],
        channels=channel_options(channels_seen(Permission.ORDER_LIST)),
        periods=period_options(),
        currencies=[(code, code) for code in sorted(channel_currencies())],
        **frame,
    )


def _chips(chosen: OrderFilter) -> list[tuple[str, str]]:
    args: dict[str, Any] = {key: values for key, values in request.args.lists() if key != "cursor"}

    def without(name: str) -> str:
        return url_for("admin.orders", **{**args, name: None})

    chips = []
    if chosen.status:
        chips.append((_("State: %(state)s", state=gettext(status_of(chosen.status, "order").word)), without("status")))
    if chosen.held:
        chips.append((_("Waiting for review"), without("held")))
    if chosen.channel_id is not None:
        name = translated(dict(channel_directory().by_id(chosen.channel_id).name))
        chips.append((_("Channel: %(name)s", name=name), without("channel")))
    if chosen.placed_from is not None:
        chips.append((gettext(PERIODS[args["period"][0]][1]), without("period")))
    chips += day_chips(Days(chosen.first, chosen.last), without)
    if chosen.currency:
        chips.append((_("Currency: %(currency)s", currency=chosen.currency), without("currency")))
    if chosen.paid:
        chips.append((_("Paid, then or later"), without("paid")))
    if chosen.search:
        chips.append((_("Search: %(words)s", words=chosen.search), without("q")))
    return chips


def _mine(detail: OrderDetail | None) -> OrderDetail | None:
    """The order, for who may see those of its channel."""
    is_seen = detail is not None and may_of(Permission.ORDER_VIEW, detail.order.channel_id)
    return detail if is_seen else None


@requires_channel(Permission.ORDER_VIEW)
def show(number: str) -> ResponseReturnValue:
    """Everything about one order on one page."""
    with reading() as session:
        detail = _mine(load_order(session, number=number))
        if detail is None:
            raise NotFoundError
        if is_htmx() and target() == "story":
            return render_template("desk/_story.html", **_story(detail))
        documents = order_documents(session, order_id=detail.order.id)
        decided = decided_words(session, detail.attempts)
        shipments = shipments_of_order(session, order_id=detail.order.id)
        holds = holds_of_order(session, order_id=detail.order.id)
        frame = around(session, "admin.orders")
    shown = is_revealed(f"order-buyer:{detail.order.id}")
    return render_template(
        "admin/orders/show.html",
        detail=detail,
        order=detail.order,
        documents=documents,
        decided=decided,
        shares=share_rows(detail),
        rows=amounts(detail),
        buyer=_buyer(detail, shown),
        buyer_shown=shown,
        fired=reasons_of(detail.order.risk_fired, detail.order.risk_features or {}, detail.order.currency),
        unsure=unsure_of(detail.order.risk_unsure),
        models=models_of(detail.order.risk_models, detail.order.risk_features or {}, detail.order.currency),
        **_story(detail),
        holds=holds,
        shipments=shipments,
        may_say_arrived=lambda _parcel: may_all(Permission.ORDER_EDIT) and may_all(Permission.STORE_ORDER_FULFIL),
        arrived_href=lambda parcel: url_for("admin.order_arrival", number=number, shipment_id=parcel.id),
        may_hold=any(may_all(PLACED_BY[kind]) for kind in HoldKind if kind is not HoldKind.SELLER),
        holdable=HOLDABLE,
        may_end=lambda one: may_end(current_actor(), HoldKind(one.kind), one.reason, store_id=one.store_id),
        may_review=may_all(Permission.ORDER_REVIEW),
        **frame,
    )


def _story(detail: OrderDetail) -> dict[str, Any]:
    """What happened to it, and whether the page that asks still shows it as it is."""
    number, now = detail.order.number, sum([detail.order.version, *(part.version for part in detail.parts)])
    seen = request.args.get("seen", type=int) or now
    return {
        "events": history(detail),
        "own_url": url_for("admin.order", number=number, seen=seen),
        "reload_url": url_for("admin.order", number=number),
        "is_behind": seen != now,
    }


@requires_all(Permission.USER_VIEW)
def document(number: str, label: str) -> ResponseReturnValue:
    """A receipt or credit note; it names its buyer, so that it was opened is recorded."""
    with transaction() as session:
        detail = load_summary(session, number=number)
        if detail is None or not may_all(Permission.ORDER_VIEW):
            raise NotFoundError
        answer = pdf_of(detail.order.id, label)
        what = f"order:{detail.order.id}"
        view_user(session, user_id=detail.order.buyer_id, what=what, actor=current_actor(), now=clock.now())
    return answer


@requires_all(Permission.USER_VIEW)
def reveal_buyer(number: str) -> ResponseReturnValue:
    """Show the buyer's name and addresses, and record that they were shown."""
    with transaction() as session:
        detail = load_summary(session, number=number)
        if detail is None or not may_all(Permission.ORDER_VIEW):
            raise NotFoundError
        what = f"order:{detail.order.id}"
        view_user(session, user_id=detail.order.buyer_id, what=what, actor=current_actor(), now=clock.now())
    return done(location=url_for("admin.order", number=number, shown=reveal_mark(f"order-buyer:{detail.order.id}")))


def amounts(detail: OrderDetail) -> list[dict[str, Any]]:
    """The order's amounts in their one order (B16); shipping before its coupons, so that all coupons stand together."""
    order = detail.order
    rows: list[dict[str, Any]] = [{"label": _("Items"), "amount_minor": order.subtotal_minor}]
    rows += [
        {
            "label": _("Coupon: %(name)s", name=translated(use.name)),
            "note": word("funding", use.funding),
            "amount_minor": -use.amount_minor,
        }
        for use in detail.coupons
    ]
    rows.append({"label": _("Shipping"), "amount_minor": order.shipping_minor + order.shipping_discount_minor})
    if order.tax_added_minor:
        rows.append({"label": _("Tax"), "amount_minor": order.tax_added_minor})
    if order.tax_included_minor:
        rows.append({"label": _("Tax included"), "amount_minor": order.tax_included_minor, "included": True})
    return rows


def _buyer(detail: OrderDetail, shown: bool) -> dict[str, Any]:
    """Name and addresses, masked until they are asked for."""
    order = detail.order
    contact: dict[str, str] = orjson.loads(order.contact) if order.contact else {}
    address: dict[str, str] = orjson.loads(order.address) if order.address else {}
    if shown:
        return {"email": order.buyer_email, "name": order.buyer_name, "contact": contact, "address": address}
    return {
        "email": masked_email(order.buyer_email),
        "name": masked(order.buyer_name),
        "contact": {},
        "address": {"country": address.get("country", "")},
    }


def history(detail: OrderDetail) -> list[dict[str, Any]]:
    """All moves and records, the latest last: who, what, when, why (S19)."""
    events = []
    buyer, is_told = f"user:{detail.order.buyer_id}", may_all(Permission.USER_VIEW)
    for row in detail.history:
        name = masked(row.actor_name) if row.actor_name and row.actor == buyer and not is_told else row.actor_name
        event: dict[str, Any] = {
            "at": row.at,
            "who": name or actor_word(row.actor),
            "text": word("reason", row.reason),
        }
        if row.action:
            event |= {"title": word("action", row.action), "icon": "shield-check", "tone": "grey"}
        else:
            machine = "order" if row.kind == "order" else row.kind
            look = status_of(row.to_state, machine)
            title = _("%(thing)s: %(state)s", thing=word("machine", row.kind), state=gettext(look.word))
            if row.refund_minor is not None:
                amount = formatting.money(row.refund_minor, detail.order.currency)
                title = _("Refund of %(amount)s: %(state)s", amount=amount, state=gettext(look.word))
                event["text"] = ": ".join(filter(None, (reason_word(row.refund_reason), event["text"])))
            event |= {"title": title, "icon": look.icon, "tone": look.tone}
        events.append(event)
    return events
