"""Orders, their payments, refunds and disputes, and what buyers write and send back about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.models import (
    Dispute,
    GatewayAccount,
    GoodsReturn,
    Order,
    OrderPart,
    Payment,
    Refund,
    RefundApproval,
    RefundLeg,
    RiskCase,
    Store,
    Ticket,
)
from portal.queries.finding.words import HITS_MAX, Hit, Words, ids_of, tail
from portal.queries.keyset import few_of, has_mark
from portal.queries.parcel_numbers import NUMBERED
from portal.queries.payments import payments_named


def find_orders(session: Session, words: Words) -> list[Hit]:
    """By number, id, an import's reference, a parcel's or label's number; by a buyer's name, phone or e-mail."""
    exact = ids_of(
        session,
        select(Order.id).where(Order.number.in_(words.numbers)),
        select(Order.id).where(Order.external_ref == words.text),
        *(select(one.order_id).where(one.tracking_number == words.code) for one in NUMBERED),
        words.by_id(Order.id),
    )
    ids = exact or _newest_marked(session, words, select(Order.id), Order.placed_at)
    rows = session.execute(
        select(
            Order.id, Order.number, Order.buyer_id, Order.status, Order.placed_at, Order.payable_minor, Order.currency
        )
        .where(Order.id.in_(ids))
        .order_by(Order.placed_at.desc())
        .limit(HITS_MAX)
    )
    return [
        Hit("order", row.number, row.number, "", row.status, "order", row.placed_at, row.payable_minor, row.currency,
            exact=bool(exact), person_id=None if exact else row.buyer_id)
        for row in (rows if ids else ())
    ]  # fmt: skip


def _newest_marked(
    session: Session, words: Words, ids: Select[Any], placed_at: InstrumentedAttribute[datetime]
) -> list[Any]:
    """What is found by its buyer: all of it where it is little, else the newest."""
    if not words.marks:
        return []
    marked = ids.where(has_mark(Order.marks, words.marks))
    few = few_of(session, marked)
    return few if few is not None else list(session.scalars(marked.order_by(placed_at.desc()).limit(HITS_MAX)))


def find_parts(session: Session, words: Words) -> list[Hit]:
    """A store's own parts, as orders are found. Nothing that was never released to it."""
    seen = [OrderPart.released_at.is_not(None), *words.within(OrderPart.store_id)]
    part = select(OrderPart.id).where(*seen)
    exact = ids_of(
        session,
        part.join(Order, Order.id == OrderPart.order_id).where(Order.number.in_(words.numbers)),
        *(part.join(one, one.part_id == OrderPart.id).where(one.tracking_number == words.code) for one in NUMBERED),
        part.where(OrderPart.id == words.id) if words.id else None,
    )
    of_order = part.join(Order, Order.id == OrderPart.order_id)
    ids = exact or _newest_marked(session, words, of_order, OrderPart.placed_at)
    rows = session.execute(
        select(
            OrderPart.id, Order.number, OrderPart.status, OrderPart.placed_at, OrderPart.payable_minor, Order.currency
        )
        .join(Order, Order.id == OrderPart.order_id)
        .where(OrderPart.id.in_(ids))
        .order_by(OrderPart.placed_at.desc())
        .limit(HITS_MAX)
    )
    return [
        Hit("part", str(row.id), row.number, "", row.status, "part", row.placed_at, row.payable_minor, row.currency,
            exact=bool(exact))
        for row in (rows if ids else ())
    ]  # fmt: skip


def find_payments(session: Session, words: Words) -> list[Hit]:
    """By our id, a gateway's reference or our key at the gateway."""
    ids = ids_of(session, words.by_id(Payment.id), *payments_named(words.text))
    if not ids:
        return []
    rows = session.execute(
        select(
            Payment.id, Payment.status, Payment.created_at, Payment.amount_minor, Payment.currency
        ).where(Payment.id.in_(ids))
    )  # fmt: skip
    return [
        Hit(
            "payment",
            str(row.id),
            tail(row.id),
            state=row.status,
            machine="payment",
            at=row.created_at,
            amount_minor=row.amount_minor,
            currency=row.currency,
        )
        for row in rows
    ]


def find_refunds(session: Session, words: Words) -> list[Hit]:
    """By id, or a gateway's reference or our key of one of its legs; a store's, where it was asked for consent."""
    leg = select(RefundLeg.refund_id).where(RefundLeg.refund_id.is_not(None))
    ids = ids_of(
        session,
        words.by_id(Refund.id),
        leg.where(RefundLeg.gateway_ref == words.text),
        leg.where(RefundLeg.op_key == words.text),
    )
    if not ids:
        return []
    statement = (
        select(Refund.id, Order.number, Refund.status, Refund.requested_at, Refund.total_minor, Refund.currency)
        .join(Order, Order.id == Refund.order_id)
        .where(Refund.id.in_(ids))
    )
    if words.store_ids is not None:
        asked = select(RefundApproval.refund_id).where(RefundApproval.store_id.in_(words.store_ids))
        statement = statement.where(Refund.id.in_(asked))
    return [
        Hit(
            "refund",
            str(row.id),
            tail(row.id),
            row.number,
            row.status,
            "refund",
            row.requested_at,
            row.total_minor,
            row.currency,
        )
        for row in session.execute(statement)
    ]


def find_disputes(session: Session, words: Words) -> list[Hit]:
    """By id, or as its gateway calls it."""
    # The reference is unique per gateway, so the few gateways are walked and the index is asked for each.
    gateways = select(GatewayAccount.gateway).distinct().subquery()
    by_ref = select(Dispute.id).join(
        gateways, (Dispute.gateway == gateways.c.gateway) & (Dispute.gateway_ref == words.text)
    )
    ids = ids_of(session, words.by_id(Dispute.id), by_ref)
    if not ids:
        return []
    rows = session.execute(
        select(
            Dispute.id, Dispute.gateway_ref, Dispute.status, Dispute.opened_at, Dispute.amount_minor, Dispute.currency
        ).where(Dispute.id.in_(ids))
    )
    return [
        Hit(
            "dispute", str(row.id), row.gateway_ref, "", row.status, "dispute", row.opened_at, row.amount_minor,
            row.currency,
        )
        for row in rows
    ]  # fmt: skip


def find_cases(session: Session, words: Words) -> list[Hit]:
    """By id; the cases of a person stand on his page."""
    if words.id is None:
        return []
    rows = session.execute(
        select(RiskCase.id, RiskCase.state, RiskCase.opened_at, RiskCase.stake_minor, RiskCase.currency).where(
            RiskCase.id == words.id
        )
    )
    return [
        Hit("case", str(row.id), tail(row.id), "", row.state, "case", row.opened_at, row.stake_minor, row.currency)
        for row in rows
    ]


def find_tickets(session: Session, words: Words) -> list[Hit]:
    """By number or id."""
    rows = session.execute(
        select(Ticket.id, Ticket.number, Ticket.state, Ticket.opened_at)
        .where(or_(Ticket.number.in_([words.label, words.code]), Ticket.id == words.id), *words.within(Ticket.store_id))
        .limit(HITS_MAX)
    )
    return [Hit("ticket", str(row.id), row.number, "", row.state, "ticket", row.opened_at) for row in rows]


def find_returns(session: Session, words: Words) -> list[Hit]:
    """By number or id."""
    rows = session.execute(
        select(GoodsReturn.id, GoodsReturn.number, Store.name, GoodsReturn.status, GoodsReturn.requested_at)
        .join(Store, Store.id == GoodsReturn.store_id)
        .where(
            or_(GoodsReturn.number.in_([words.label, words.code]), GoodsReturn.id == words.id),
            *words.within(GoodsReturn.store_id),
        )
        .limit(HITS_MAX)
    )
    return [Hit("return", str(row.id), row.number, row.name, row.status, "return", row.requested_at) for row in rows]
