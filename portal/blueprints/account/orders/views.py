"""A buyer's orders. The page of an open one asks for news of itself; everything on it is also a plain link or form."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.blueprints.access import NotFoundError, requires
from portal.blueprints.account.orders.refund_cards import refunds_of
from portal.blueprints.account.orders.stages import Stage, comes_back, page_mark, paid_with, stage_of
from portal.blueprints.account.orders.standing import stands
from portal.blueprints.account.orders.story import story_of
from portal.blueprints.checkout.amounts import Row
from portal.blueprints.checkout.methods import list_methods
from portal.blueprints.context import translated
from portal.blueprints.documents import pdf_of
from portal.blueprints.identity import current_actor
from portal.blueprints.return_words import kind_word
from portal.blueprints.risk_words import told_span
from portal.blueprints.shop.cards import picture_url
from portal.db import atomically, reading
from portal.gateways.base import ElementConfig, TellingGateway
from portal.htmx import leave_for, page_or_partial
from portal.jobs.queue import enqueue_lookup, enqueue_reversal
from portal.kit import clock
from portal.queries.cash_receipts import cash_receipt_of
from portal.queries.channels import channel_directory
from portal.queries.gateways import gateway_directory
from portal.queries.order_list import GROUPS, list_orders
from portal.queries.orders import (
    AttemptView,
    MoveView,
    OrderPartView,
    OrderView,
    load_moves,
    load_order,
    load_parts,
    number_of,
)
from portal.queries.refunds import load_refunds
from portal.queries.returns import returns_of_order
from portal.queries.shipments import ShipmentView, shipments_of_order
from portal.rules.cash_receipts import METHODS
from portal.rules.permissions import Permission
from portal.rules.progress import progress_of
from portal.rules.refund_policy import BEFORE_SHIPMENT, CANCEL_ALONE
from portal.rules.returns import SENT
from portal.services.checkout.cancel_pending_order import cancel_pending_order
from portal.services.payments.note_return import note_return
from portal.services.refunds.plan_refund import REFUNDABLE

bp = Blueprint("orders", __name__)

# Attempts whose page at a gateway was opened by itself once: Back must not lead there again.
FORWARDED_KEY = "forwarded"
SEARCH_LENGTH_MAX = 30


@bp.context_processor
def offer() -> dict[str, Any]:
    """What the orders' templates may use."""
    return {"picture_url": picture_url}


@bp.get("/orders")
@requires(Permission.ORDER_LIST)
def index() -> ResponseReturnValue:
    group = request.args.get("state") if request.args.get("state") in GROUPS else None
    number = request.args.get("q", "").strip()[:SEARCH_LENGTH_MAX]
    with reading() as opened:
        orders = list_orders(opened, buyer_id=_buyer(), group=group, number=number, cursor=request.args.get("cursor"))
    return page_or_partial(
        "orders/index.html",
        {"orders-list": "orders/_list.html"},
        orders=orders,
        group=group,
        number=number,
        stands_of=lambda row: stands(row, clock.now()),
    )


@bp.get("/orders/<number>")
@requires(Permission.ORDER_VIEW)
def show(number: str) -> ResponseReturnValue:
    order = own_order(number)
    values = _page(order)
    values["forward_to"] = _forward(order) if values["stage"].name == "continue" else None
    return render_template("orders/show.html", **values)


@bp.get("/orders/<number>/state")
@requires(Permission.ORDER_VIEW)
def state(number: str) -> ResponseReturnValue:
    """The part of the page that moves; nothing when the page that asks has it already."""
    order = own_order(number)
    if request.args.get("mark") == page_mark(order, clock.now()):
        return Response(status=204)
    address = _forward(order)
    if address is not None:
        return leave_for(address)
    return page_or_partial("orders/show.html", {"order-live": "orders/_live.html"}, **_page(order), forward_to=None)


@bp.get("/orders/<number>/documents/<label>")
@requires(Permission.ORDER_VIEW)
def document(number: str, label: str) -> ResponseReturnValue:
    """A receipt or credit note of one's own order."""
    return pdf_of(own_order(number).id, label)


@bp.get("/orders/<number>/return")
@requires(Permission.ORDER_VIEW)
def return_from_gateway(number: str) -> ResponseReturnValue:
    """Back from a gateway's page or from the bank's question: a worker asks how it ended, whatever the address says."""
    order = own_order(_by_id(number) or number)
    attempt = order.attempt
    if order.is_pending and attempt is not None:
        _keep_return(attempt)
        enqueue_lookup(attempt.id)
    return redirect(url_for(".show", number=order.number), code=303)


@bp.post("/orders/<number>/cancellation")
@requires(Permission.ORDER_EDIT)
def cancel(number: str) -> ResponseReturnValue:
    """Give up an order that is not paid yet."""
    actor, now = current_actor(), clock.now()
    given_up = atomically(lambda opened: cancel_pending_order(opened, actor=actor, number=number, now=now))
    for attempt_id in given_up.to_void:
        enqueue_reversal(attempt_id)
    return leave_for(url_for(".show", number=number))


def _buyer() -> uuid.UUID:
    user_id = current_actor().user_id
    assert user_id is not None  # The permission is a signed-in person's.
    return user_id


def own_order(number: str) -> OrderView:
    """The buyer's own order; anybody else's is as if it were not there."""
    with reading() as opened:
        order = load_order(opened, buyer_id=_buyer(), number=number.upper())
    if order is None:
        raise NotFoundError
    return order


def _by_id(text: str) -> str | None:
    try:
        order_id = uuid.UUID(text)
    except ValueError:
        return None
    with reading() as opened:
        return number_of(opened, buyer_id=_buyer(), order_id=order_id)


def _forward(order: OrderView) -> str | None:
    """Where the buyer is led by itself, once per attempt."""
    attempt = order.attempt
    if not order.is_pending or attempt is None or attempt.action.get("kind") != "redirect":
        return None
    known = session.get(FORWARDED_KEY, [])
    if attempt.id.hex in known:
        return None
    session[FORWARDED_KEY] = [*known[-4:], attempt.id.hex]
    address: str | None = attempt.action.get("url")
    return address


def _keep_return(attempt: AttemptView) -> None:
    """A gateway that cannot be asked needs what the buyer brings; to any other the address says nothing."""
    configured = gateway_directory().get(attempt.gateway_account_id)
    if configured is not None and isinstance(configured.gateway, TellingGateway) and request.args:
        returned = request.args.to_dict()
        atomically(lambda opened: note_return(opened, attempt_id=attempt.id, returned=returned))


def _page(order: OrderView) -> dict[str, Any]:
    now = clock.now()
    with reading() as opened:
        parts = load_parts(opened, order_id=order.id)
        moves = load_moves(opened, order_id=order.id)
        shipments = shipments_of_order(opened, order_id=order.id) if _has_parcels(order, parts, moves) else ()
        refunds = load_refunds(opened, order_id=order.id) if order.refund_mark else ()
        cash_receipt = cash_receipt_of(opened, order_id=order.id) if order.method in METHODS else None
        sent = order.paid_at is not None and any(part.status in SENT for part in parts)
        returns = returns_of_order(opened, order_id=order.id) if sent else []
    stage = stage_of(order, now, progress_of([(part.status, part.has_left) for part in parts]))
    has_left = any(line.left for part in parts for line in part.lines)
    under_way = any(
        leg.status in {"approved", "sent"} and leg.destination == "original" for one in refunds for leg in one.legs
    )
    return {
        "order": order,
        "stage": replace(stage, is_refunding=under_way),
        "mark": page_mark(order, now),
        "parts": parts,
        "shipments": shipments,
        "parcels_count": _count_parcels(parts, shipments),
        "now": now,
        "events": story_of(moves, parts),
        "refunds": refunds_of(refunds, order),
        # What was sent comes back by a return; only what was not is simply cancelled.
        "may_ask": order.status in REFUNDABLE and has_left and any(part.status in BEFORE_SHIPMENT for part in parts),
        "may_return": order.status in REFUNDABLE and has_left and any(_has_left(part) for part in parts),
        "is_cancellation": all(part.status in BEFORE_SHIPMENT | {"cancelled"} for part in parts),
        "is_partly_sent": any(part.has_left for part in parts),
        "returns": returns,
        "may_change": order.status in REFUNDABLE and any(part.status in CANCEL_ALONE for part in parts),
        "return_kind": kind_word,
        "rows": _rows(order, parts),
        "paid_with": paid_with(order),
        "cash_receipt": cash_receipt,
        "time_left": told_span(max((order.deadline or order.expires_at) - now, timedelta())),
        "comes_back": comes_back(order) if order.is_pending else [],
        "element": _element(order) if stage.name == "confirm" else None,
        "others": _others(order, stage) if stage.name == "failed" else [],
    }


def _has_left(part: OrderPartView) -> bool:
    """Whether something of it is with the buyer or on the way."""
    return part.status in SENT and (part.has_left or part.status not in BEFORE_SHIPMENT)


def _count_parcels(parts: Sequence[OrderPartView], shipments: Sequence[ShipmentView]) -> int:
    """How many parcels there will be: those that there are, and one for each part of which something is to be sent."""
    sent = Counter(one.part_id for one in shipments)
    kept = [part for part in parts if part.status != "cancelled"]
    still = [part for part in kept if part.status in BEFORE_SHIPMENT and any(line.to_send for line in part.lines)]
    return len(shipments) + sum(1 for part in kept if part in still or not sent[part.id])


def _has_parcels(order: OrderView, parts: Sequence[OrderPartView], moves: Sequence[MoveView]) -> bool:
    """Whether something may be on its way: pages of orders that were just paid ask for no parcels."""
    is_moving = any(part.status not in BEFORE_SHIPMENT | {"cancelled"} for part in parts)
    return order.paid_at is not None and (is_moving or any(move.subject == "shipment" for move in moves))


def _rows(order: OrderView, parts: tuple[OrderPartView, ...]) -> list[Row]:
    """The amounts in the order of the checkout, down to what the order costs."""
    rows = [Row(gettext("Items"), order.subtotal_minor)]
    rows += [Row(translated(dict(one.names)) or gettext("Coupon"), -one.amount_minor) for one in order.coupons]
    rows.append(Row(gettext("Shipping"), sum(part.shipping_fee_minor for part in parts)))
    if order.tax_added_minor:
        rows.append(Row(gettext("Tax"), order.tax_added_minor))
    elif order.tax_included_minor:
        rows.append(Row(gettext("Tax included"), order.tax_included_minor, included=True))
    return rows


def _element(order: OrderView) -> ElementConfig | None:
    if order.attempt is None:
        return None
    configured = gateway_directory().get(order.attempt.gateway_account_id)
    return configured.gateway.element if configured else None


def _others(order: OrderView, stage: Stage) -> list[str]:
    """Ways of paying that would take this amount, without the one that was refused if trying it again is no use."""
    channel = channel_directory().by_id(order.channel_id)
    found = list_methods(channel, amount_minor=order.gateway_minor, country=channel.country, chosen=None)
    return [card.title for card in found.usable if stage.retry_helps or card.method != order.method]
