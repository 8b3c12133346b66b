"""Disputes for administrators: what needs an answer first, and one with everything that can be said about it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import orjson
from sqlalchemy import or_, select, text
from sqlalchemy.orm import Session

from portal.crypto import EncryptedText
from portal.kit.paging import Page, fingerprint
from portal.models import Dispute, Order, Payment
from portal.queries.keyset import AnyRow, AnySelect, Sorting, count_up_to, fetch_page
from portal.rules.disputes import OPEN, UNANSWERED

VIEWS = ("answer", "open", "all")
_DUE = Sorting((Dispute.answer_due_at, Dispute.id), (datetime, uuid.UUID), falling=False)
_OPENED = Sorting((Dispute.opened_at, Dispute.id), (datetime, uuid.UUID))


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """One dispute in the list."""

    id: uuid.UUID
    number: str | None
    reason: str
    status: str
    answer: str | None
    currency: str
    amount_minor: int
    answer_due_at: datetime | None
    opened_at: datetime


def list_disputes(session: Session, *, view: str, cursor: str | None) -> Page[DisputeRow]:
    """One page. What needs an answer stands by its last day, the rest the newest first. Raises CursorInvalidError."""
    statement = select(
        Dispute.id,
        Order.number,
        Dispute.reason,
        Dispute.status,
        Dispute.answer,
        Dispute.currency,
        Dispute.amount_minor,
        Dispute.answer_due_at,
        Dispute.opened_at,
    ).outerjoin(Order, Order.id == Dispute.order_id)
    needs_answer = view == "answer"
    return fetch_page(
        session,
        _narrowed(statement, view),
        _DUE if needs_answer else _OPENED,
        make=lambda row: DisputeRow(*row),
        key=lambda row: (row.answer_due_at if needs_answer else row.opened_at, row.id),
        cursor_text=cursor,
        mark=fingerprint("disputes", view),
        total=count_up_to(session, _narrowed(select(Dispute.id), view)),
    )


def _narrowed(statement: AnySelect, view: str) -> AnySelect:
    if view == "answer":
        unanswered = or_(Dispute.answer.is_(None), Dispute.answer_state == "refused")
        return statement.where(Dispute.closed_at.is_(None), Dispute.status.in_(UNANSWERED), unanswered)
    return statement.where(Dispute.closed_at.is_(None)) if view == "open" else statement


def at_stake(session: Session) -> list[tuple[str, int, int]]:
    """What open disputes are about: currency, amount, how many."""
    rows = session.execute(
        text(
            "SELECT currency, sum(amount_minor)::bigint AS minor, count(*) AS n FROM dispute"
            " WHERE status = ANY(:open) GROUP BY currency ORDER BY currency"
        ),
        {"open": list(OPEN)},
    )
    return [(row.currency, row.minor, row.n) for row in rows]


@dataclass(frozen=True, slots=True)
class Packet:
    """What our rows say in defence of a payment: it is shown to whoever answers, and handed in."""

    number: str
    placed_at: datetime
    paid_at: datetime | None
    currency: str
    payable_minor: int
    buyer_id: uuid.UUID
    contact: Mapping[str, str] = field(repr=False)
    address: Mapping[str, str] = field(repr=False)
    ip: str | None = field(repr=False)
    device: str | None = field(repr=False)
    card: Mapping[str, str]
    lines: Sequence[AnyRow] = ()
    parts: Sequence[AnyRow] = ()
    refunds: Sequence[AnyRow] = ()
    told: Sequence[AnyRow] = ()
    receipt: str | None = None


@dataclass(frozen=True, slots=True)
class DisputeDetail:
    """One dispute; `packet` is None for a payment without an order."""

    dispute: Dispute
    packet: Packet | None
    moves: Sequence[AnyRow]
    entries: Sequence[AnyRow]


_ORDER = text(
    """
    SELECT o.id, o.number, o.placed_at, o.paid_at, o.currency, o.payable_minor, o.buyer_id, o.contact, o.address,
           s.ip, s.user_agent,
           (SELECT a.card FROM payment_attempt a WHERE a.payment_id = :payment_id AND a.state = 'captured'
             ORDER BY a.n DESC LIMIT 1) AS card,
           (SELECT d.label FROM document d WHERE d.order_id = o.id AND d.kind = 'receipt'
               AND d.entry_id IS NULL AND d.issued_at IS NOT NULL LIMIT 1) AS receipt
      FROM orders o LEFT JOIN web_session s ON s.id = o.session_id WHERE o.id = :order_id
    """
).columns(
    contact=EncryptedText("orders.contact"),
    address=EncryptedText("orders.address"),
    ip=EncryptedText("web_session.ip"),
    user_agent=EncryptedText("web_session.user_agent"),
)
_LINES = text(
    "SELECT name, sku, quantity, refunded_quantity, payable_minor FROM order_line"
    " WHERE order_id = :order_id ORDER BY part_id, position"
)
_PARTS = text(
    """
    SELECT s.name AS store_name, p.status, p.shipped_at, p.delivered_at
      FROM order_part p JOIN store s ON s.id = p.store_id WHERE p.order_id = :order_id ORDER BY p.position
    """
)
_REFUNDS = text(
    "SELECT requested_at, total_minor, status, reason FROM refund WHERE order_id = :order_id ORDER BY requested_at"
)
_TOLD = text(
    """
    SELECT 'mail' AS sort, m.template AS name, m.sent_at AS at FROM mail m
     WHERE m.user_id = :buyer_id AND m.sent_at IS NOT NULL AND (m.dedup_key LIKE '%:' || CAST(:order_id AS text)
           OR m.dedup_key IN (SELECT 'refund_' || k || ':' || f.id FROM refund f,
                                     unnest(ARRAY['approved', 'refused', 'succeeded', 'failed']) AS k
                               WHERE f.order_id = :order_id))
    UNION ALL
    SELECT 'notice', n.kind, n.created_at FROM notice n
     WHERE n.user_id = :buyer_id AND n.params ->> 'number' = :number
     ORDER BY 3
    """
)
_MOVES = text(
    """
    SELECT h.*, u.name AS actor_name
      FROM (SELECT t.at, t.id AS n, t.to_state AS state, t.actor, t.reason, NULL AS action FROM transition t
             WHERE t.subject = 'dispute' AND t.subject_id = :id
            UNION ALL
            SELECT a.at, a.id, NULL, a.actor, a.payload::jsonb ->> 'reason', a.action FROM audit_row a
             WHERE a.ref = 'dispute:' || :id AND a.action NOT IN ('dispute:opened', 'dispute:moved')) h
      LEFT JOIN user_account u ON u.id = CASE WHEN h.actor LIKE 'user:%' THEN substr(h.actor, 6)::uuid END
     ORDER BY h.at DESC, h.n DESC LIMIT 100
    """
).columns(actor_name=EncryptedText("user_account.name"))
_ENTRIES = text("SELECT id, kind, created_at FROM ledger_entry WHERE idem_key = ANY(:keys) ORDER BY id")


def load_dispute(session: Session, *, dispute_id: uuid.UUID) -> DisputeDetail | None:
    """Everything about one dispute."""
    dispute = session.get(Dispute, dispute_id)
    if dispute is None:
        return None
    values = {"id": str(dispute_id)}
    keys = [f"dispute:{dispute_id}:{n + 1}" for n in range(dispute.entries)]
    return DisputeDetail(
        dispute=dispute,
        packet=load_packet(session, payment_id=dispute.payment_id, order_id=dispute.order_id),
        moves=session.execute(_MOVES, values).all(),
        entries=session.execute(_ENTRIES, {"keys": keys}).all(),
    )


def load_packet(session: Session, *, payment_id: uuid.UUID, order_id: uuid.UUID | None) -> Packet | None:
    """What our rows say of the order that a payment was for."""
    order = session.execute(_ORDER, {"order_id": order_id, "payment_id": payment_id}).one_or_none()
    if order is None:
        return None
    ids = {"order_id": order.id}
    return Packet(
        number=order.number,
        placed_at=order.placed_at,
        paid_at=order.paid_at,
        currency=order.currency,
        payable_minor=order.payable_minor,
        buyer_id=order.buyer_id,
        contact=orjson.loads(order.contact or "{}"),
        address=orjson.loads(order.address or "{}"),
        ip=order.ip,
        device=order.user_agent,
        card=order.card or {},
        lines=session.execute(_LINES, ids).all(),
        parts=session.execute(_PARTS, ids).all(),
        refunds=session.execute(_REFUNDS, ids).all(),
        told=session.execute(_TOLD, {**ids, "buyer_id": order.buyer_id, "number": order.number}).all(),
        receipt=order.receipt,
    )


def is_disputed(session: Session, *, order_id: uuid.UUID) -> bool:
    """Whether the bank has taken a payment of the order back, or is about to: nothing of it may be paid out besides."""
    taken = select(Payment.id).where(Payment.order_id == order_id, Payment.status.in_(("disputed", "dispute_lost")))
    return bool(session.scalar(select(taken.exists())))
