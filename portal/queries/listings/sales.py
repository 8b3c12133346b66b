"""Orders, payments and refunds as listings."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.kit.tables import Column, Kind
from portal.kit.text import N_
from portal.models import Channel, Order, Payment, Refund
from portal.queries import admin_orders, payments
from portal.queries.admin_orders import OrderFilter
from portal.queries.keyset import AnySelect, Sorting
from portal.queries.listings.listing import Listing
from portal.queries.payments import PaymentFilter
from portal.queries.refund_lists import RefundQueue, narrowed
from portal.rules.permissions import Permission


@dataclass(frozen=True, slots=True)
class RefundFilter:
    """One queue of refunds, as it was at an instant."""

    queue: str = RefundQueue.ALL
    now: datetime | None = None


def _orders(chosen: OrderFilter) -> AnySelect:
    of_order = select(Payment).where(Payment.order_id == Order.id).limit(1).correlate(Order)
    return admin_orders.narrowed(
        select(
            Order.id,
            Order.number,
            Order.placed_at,
            Order.paid_at,
            Channel.code.label("channel"),
            Order.status,
            of_order.with_only_columns(Payment.method).scalar_subquery().label("method"),
            of_order.with_only_columns(Payment.status).scalar_subquery().label("payment_status"),
            Order.currency,
            Order.discount_minor,
            Order.payable_minor,
            Order.risk_score,
        ).join(Channel, Channel.id == Order.channel_id),
        chosen,
    )


def _payments(chosen: PaymentFilter) -> AnySelect:
    number = select(Order.number).where(Order.id == Payment.order_id).correlate(Payment).scalar_subquery()
    return payments.narrowed(
        select(
            Payment.id,
            Payment.created_at,
            Payment.purpose,
            number.label("number"),
            Payment.method,
            Channel.code.label("channel"),
            Payment.status,
            Payment.currency,
            Payment.amount_minor,
            Payment.captured_minor,
            Payment.refunded_minor,
        ).join(Channel, Channel.id == Payment.channel_id),
        chosen,
    )


def _refunds(chosen: RefundFilter) -> AnySelect:
    statement: AnySelect = select(
        Refund.id,
        Refund.requested_at,
        Order.number,
        Refund.origin,
        Refund.reason,
        Refund.status,
        Refund.due_at,
        Refund.completed_at,
        Refund.currency,
        Refund.total_minor,
    ).join(Order, Order.id == Refund.order_id)
    assert chosen.now is not None  # Whoever asks says of which moment.
    found: AnySelect = narrowed(statement, RefundQueue(chosen.queue), None, chosen.now)
    return found


ORDERS = Listing(
    "orders",
    N_("Orders"),
    Permission.ORDER_LIST,
    OrderFilter,
    (
        Column("number", N_("Order"), share=3),
        Column("placed_at", N_("Placed"), Kind.INSTANT, share=4),
        Column("paid_at", N_("Paid"), Kind.INSTANT, share=0),
        Column("channel", N_("Channel")),
        Column("status", N_("State")),
        Column("method", N_("Method")),
        Column("payment_status", N_("Payment"), share=0),
        Column("currency", N_("Currency")),
        Column("discount_minor", N_("Discount"), Kind.MONEY),
        Column("payable_minor", N_("Amount"), Kind.MONEY, share=3),
        Column("risk_score", N_("Risk"), Kind.NUMBER, share=0),
    ),
    _orders,
    Sorting((Order.placed_at, Order.id), (datetime, uuid.UUID)),
    ("placed_at", "id"),
)
PAYMENTS = Listing(
    "payments",
    N_("Payments"),
    Permission.PAYMENT_VIEW,
    PaymentFilter,
    (
        Column("id", N_("Payment"), share=0),
        Column("created_at", N_("Created"), Kind.INSTANT, share=4),
        Column("number", N_("For"), share=3),
        Column("purpose", N_("Purpose"), share=0),
        Column("method", N_("Method"), share=3),
        Column("channel", N_("Channel")),
        Column("status", N_("State")),
        Column("currency", N_("Currency")),
        Column("amount_minor", N_("Amount"), Kind.MONEY),
        Column("captured_minor", N_("Captured"), Kind.MONEY),
        Column("refunded_minor", N_("Refunded"), Kind.MONEY),
    ),
    _payments,
    Sorting((Payment.created_at, Payment.id), (datetime, uuid.UUID)),
    ("created_at", "id"),
)
REFUNDS = Listing(
    "refunds",
    N_("Refunds"),
    Permission.REFUND_HANDLE,
    RefundFilter,
    (
        Column("id", N_("Refund"), share=0),
        Column("requested_at", N_("Asked for"), Kind.INSTANT, share=4),
        Column("number", N_("Order"), share=3),
        Column("origin", N_("Origin")),
        Column("reason", N_("Reason")),
        Column("status", N_("State")),
        Column("due_at", N_("Due"), Kind.INSTANT, share=0),
        Column("completed_at", N_("Complete"), Kind.INSTANT, share=4),
        Column("currency", N_("Currency")),
        Column("total_minor", N_("Amount"), Kind.MONEY),
    ),
    _refunds,
    Sorting((Refund.requested_at, Refund.id), (datetime, uuid.UUID)),
    ("requested_at", "id"),
)
