"""A buyer's order, in three statements; the list of all stands in order_list.py."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.crypto import EncryptedText
from portal.kit.paging import fingerprint
from portal.queries.exchange import exchange_kept
from portal.queries.turned_away import WAIT
from portal.rules.fx import Exchanged


@dataclass(frozen=True, slots=True)
class AttemptView:
    """The latest try at a gateway. `action` is what the buyer must do: kind redirect, client or account.

    `try_again_at` is set when nobody could be reached: from then on the same is tried again (PAY-06).
    """

    id: uuid.UUID
    gateway_account_id: int
    state: str
    reason: str | None
    action: Mapping[str, Any]
    card: Mapping[str, Any]
    created_at: datetime
    try_again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TenderView:
    """What the order is covered with, in minor units of its currency; `points` for mileage."""

    type: str
    amount_minor: int
    points: int | None
    status: str
    refunded_minor: int


@dataclass(frozen=True, slots=True)
class CouponView:
    """A coupon as it was applied. Names are {locale: text}."""

    names: Mapping[str, str]
    amount_minor: int


@dataclass(frozen=True, slots=True)
class DocumentRef:
    """A receipt or credit note that was issued."""

    kind: str
    label: str


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order as its buyer sees it at the top of its page; amounts in minor units of `currency`."""

    id: uuid.UUID
    number: str
    channel_id: int
    currency: str
    status: str
    fraud_hold: bool
    placed_at: datetime
    paid_at: datetime | None
    expires_at: datetime
    subtotal_minor: int
    shipping_minor: int
    tax_added_minor: int
    tax_included_minor: int
    payable_minor: int
    mileage_promised: int
    contact: Mapping[str, str]
    address: Mapping[str, str]
    method: str | None
    payment_status: str | None
    attempt: AttemptView | None
    tenders: tuple[TenderView, ...]
    coupons: tuple[CouponView, ...]
    documents: tuple[DocumentRef, ...]
    refund_mark: str = ""
    parcel_mark: str = ""
    is_gone: bool = False
    in_platform: Exchanged | None = None

    @property
    def gateway_minor(self) -> int:
        """What the gateway takes or took."""
        return sum(tender.amount_minor for tender in self.tenders if tender.type == "gateway")

    @property
    def deadline(self) -> datetime | None:
        """Until when the account of a virtual account takes the money."""
        found = self.attempt.action.get("expires_at") if self.attempt else None
        return datetime.fromisoformat(found) if found else None

    @property
    def is_pending(self) -> bool:
        return self.status == "pending"

    @property
    def mark(self) -> str:
        """A mark of everything on the page that moves: an open page asks with it whether there is news."""
        attempt = self.attempt
        return fingerprint(
            self.status,
            self.fraud_hold,
            self.payment_status,
            attempt and (attempt.id, attempt.state),
            self.refund_mark,
            self.parcel_mark,
            len(self.documents),
        )


@dataclass(frozen=True, slots=True)
class OrderLineView:
    """Units as they were bought."""

    id: uuid.UUID
    name: Mapping[str, str]
    options: Sequence[Mapping[str, Any]]
    picture: str | None
    quantity: int
    subtotal_minor: int
    discount_minor: int
    refunded_quantity: int
    shipped_quantity: int = 0

    @property
    def left(self) -> int:
        """How many have not been given back."""
        return self.quantity - self.refunded_quantity

    @property
    def to_send(self) -> int:
        """How many the store has still to send."""
        return max(0, self.left - self.shipped_quantity)


@dataclass(frozen=True, slots=True)
class OrderPartView:
    """What one store sends, and when it should arrive."""

    id: uuid.UUID
    status: str
    store_slug: str
    store_name: Mapping[str, str]
    shipping_fee_minor: int
    shipping_discount_minor: int
    deliver_from: datetime | None
    deliver_until: datetime | None
    lines: tuple[OrderLineView, ...]

    @property
    def has_left(self) -> bool:
        """Whether something of it is in a parcel."""
        return any(line.shipped_quantity for line in self.lines)


@dataclass(frozen=True, slots=True)
class MoveView:
    """One recorded move of the order or of what belongs to it."""

    subject: str
    subject_id: str
    state: str
    reason: str | None
    at: datetime


_HEAD = text(
    """
    SELECT o.id, o.number, o.channel_id, o.currency, o.status, o.fraud_hold, o.placed_at, o.paid_at, o.expires_at,
           o.subtotal_minor, o.shipping_minor, o.tax_added_minor, o.tax_included_minor, o.payable_minor,
           o.platform_currency, o.platform_minor, o.fx_rate, o.fx_source, o.fx_as_of,
           o.mileage_promised, o.contact, o.address, p.method, p.status AS payment_status,
           a.id AS attempt_id, a.gateway_account_id, a.state, a.reason, a.action, a.card, a.created_at AS tried_at,
           CASE WHEN a.state = 'declined' AND a.gateway_code = 'unavailable' THEN a.answered_at END AS turned_away_at,
           (SELECT jsonb_agg(jsonb_build_array(t.type, t.amount_minor, t.points, t.status, t.refunded_minor))
              FROM tender t WHERE t.order_id = o.id) AS tenders,
           (SELECT jsonb_agg(jsonb_build_array(u.terms -> 'names', u.amount_minor) ORDER BY u.id)
              FROM coupon_use u WHERE u.order_id = o.id) AS coupons,
           (SELECT jsonb_agg(jsonb_build_array(d.kind, d.label) ORDER BY d.issued_at, d.id)
              FROM document d WHERE d.order_id = o.id AND d.issued_at IS NOT NULL) AS documents,
           NOT EXISTS (SELECT FROM order_line l WHERE l.order_id = o.id AND l.refunded_quantity < l.quantity)
               AS is_gone,
           (SELECT string_agg(f.id || f.status || coalesce(
                       (SELECT string_agg(g.status, ',' ORDER BY g.id) FROM refund_leg g WHERE g.refund_id = f.id), ''),
                   ';' ORDER BY f.id) FROM refund f WHERE f.order_id = o.id) AS refunds,
           (SELECT string_agg(p.status || (SELECT coalesce(string_agg(s.status || coalesce(s.told_at::text, ''), ','
                                                                      ORDER BY s.id), '')
                                             FROM shipment s WHERE s.part_id = p.id)
                              || (SELECT coalesce(string_agg(g.number || g.version, ',' ORDER BY g.id), '')
                                    FROM goods_return g WHERE g.part_id = p.id), ';' ORDER BY p.position)
              FROM order_part p WHERE p.order_id = o.id) AS parcels
      FROM orders o
      LEFT JOIN LATERAL (SELECT * FROM payment WHERE order_id = o.id ORDER BY amount_minor DESC, id LIMIT 1) p ON true
      LEFT JOIN LATERAL (SELECT * FROM payment_attempt WHERE payment_id = p.id ORDER BY n DESC LIMIT 1) a ON true
     WHERE o.number = :number AND o.buyer_id = :buyer_id
    """
).columns(
    contact=EncryptedText("orders.contact"),
    address=EncryptedText("orders.address"),
    action=EncryptedText("payment_attempt.action"),
)

_PARTS = text(
    """
    SELECT p.id, p.status, s.slug, s.name AS store_name, p.shipping_fee_minor, p.shipping_discount_minor,
           p.deliver_from, p.deliver_until, l.id AS line_id, l.name, l.options, l.picture, l.quantity, l.subtotal_minor,
           l.discount_minor, l.refunded_quantity, l.shipped_quantity
      FROM order_part p JOIN store s ON s.id = p.store_id JOIN order_line l ON l.part_id = p.id
     WHERE p.order_id = :order_id
     ORDER BY p.position, l.position
    """
)

_MOVES = text(
    "SELECT subject, subject_id, to_state, reason, at FROM transition WHERE order_id = :order_id ORDER BY id LIMIT 500"
)

TENDER_ORDER = ("deposit", "mileage", "gift", "refund_credit", "gateway")


def load_order(session: Session, *, buyer_id: uuid.UUID, number: str) -> OrderView | None:
    """The buyer's own order by its public number; None for one that is not there or is another's."""
    row = session.execute(_HEAD, {"number": number, "buyer_id": buyer_id}).one_or_none()
    if row is None:
        return None
    attempt = None
    if row.attempt_id is not None:
        action = orjson.loads(row.action) if row.action else {}
        attempt = AttemptView(
            id=row.attempt_id,
            gateway_account_id=row.gateway_account_id,
            state=row.state,
            reason=row.reason,
            action=action,
            card=row.card or {},
            created_at=row.tried_at,
            try_again_at=row.turned_away_at + WAIT if row.turned_away_at else None,
        )
    tenders = [TenderView(*values) for values in row.tenders or ()]
    return OrderView(
        id=row.id,
        number=row.number,
        channel_id=row.channel_id,
        currency=row.currency,
        status=row.status,
        fraud_hold=row.fraud_hold,
        placed_at=row.placed_at,
        paid_at=row.paid_at,
        expires_at=row.expires_at,
        subtotal_minor=row.subtotal_minor,
        shipping_minor=row.shipping_minor,
        tax_added_minor=row.tax_added_minor,
        tax_included_minor=row.tax_included_minor,
        payable_minor=row.payable_minor,
        mileage_promised=row.mileage_promised,
        contact=orjson.loads(row.contact) if row.contact else {},
        address=orjson.loads(row.address) if row.address else {},
        method=row.method,
        payment_status=row.payment_status,
        attempt=attempt,
        tenders=tuple(sorted(tenders, key=lambda one: TENDER_ORDER.index(one.type))),
        coupons=tuple(CouponView(names or {}, amount) for names, amount in row.coupons or ()),
        documents=tuple(DocumentRef(*one) for one in row.documents or ()),
        refund_mark=row.refunds or "",
        parcel_mark=row.parcels or "",
        is_gone=row.is_gone,
        in_platform=exchange_kept(row),
    )


def load_parts(session: Session, *, order_id: uuid.UUID) -> tuple[OrderPartView, ...]:
    """What the stores send, each with its lines, in the order of the checkout."""
    parts: dict[uuid.UUID, tuple[Any, list[OrderLineView]]] = {}
    for row in session.execute(_PARTS, {"order_id": order_id}):
        line = OrderLineView(
            row.line_id,
            row.name,
            row.options,
            row.picture,
            row.quantity,
            row.subtotal_minor,
            row.discount_minor,
            row.refunded_quantity,
            row.shipped_quantity,
        )
        parts.setdefault(row.id, (row, []))[1].append(line)
    return tuple(
        OrderPartView(
            id=row.id,
            status=row.status,
            store_slug=row.slug,
            store_name=row.store_name,
            shipping_fee_minor=row.shipping_fee_minor,
            shipping_discount_minor=row.shipping_discount_minor,
            deliver_from=row.deliver_from,
            deliver_until=row.deliver_until,
            lines=tuple(lines),
        )
        for row, lines in parts.values()
    )


def load_moves(session: Session, *, order_id: uuid.UUID) -> tuple[MoveView, ...]:
    """Everything that was recorded about the order, oldest first."""
    rows = session.execute(_MOVES, {"order_id": order_id})
    return tuple(MoveView(row.subject, row.subject_id, row.to_state, row.reason, row.at) for row in rows)


def number_of(session: Session, *, buyer_id: uuid.UUID, order_id: uuid.UUID) -> str | None:
    """The public number of the buyer's order; gateways send buyers back by its id."""
    found = session.execute(
        text("SELECT number FROM orders WHERE id = :order_id AND buyer_id = :buyer_id"),
        {"order_id": order_id, "buyer_id": buyer_id},
    ).scalar_one_or_none()
    return None if found is None else str(found)


def latest_number(session: Session, *, buyer_id: uuid.UUID, since: datetime) -> str | None:
    """The number of the buyer's newest order that is paid or may still be, placed at `since` or later (B20)."""
    found = session.execute(
        text(
            "SELECT number FROM orders WHERE buyer_id = :buyer_id AND placed_at >= :since"
            " AND status IN ('pending', 'paid') ORDER BY placed_at DESC LIMIT 1"
        ),
        {"buyer_id": buyer_id, "since": since},
    ).scalar_one_or_none()
    return None if found is None else str(found)
