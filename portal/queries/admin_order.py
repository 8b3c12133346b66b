"""The whole of one order for administrators: what was bought, how it was paid, what happened, in few statements."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.crypto import EncryptedText
from portal.models import Order, OrderLine
from portal.queries.admin_orders import number_is, numbers_meant
from portal.queries.exchange import exchange_kept
from portal.queries.keyset import AnyRow
from portal.queries.ledger import EntryView, entries_of_order
from portal.queries.payments import AttemptView, attempts_of
from portal.rules.fx import Exchanged


@dataclass(frozen=True)
class OrderDetail:
    """Everything about one order. Rows are as the statements below name their columns."""

    order: AnyRow
    parts: Sequence[AnyRow] = ()
    lines: Sequence[AnyRow] = ()
    coupons: Sequence[AnyRow] = ()
    tenders: Sequence[AnyRow] = ()
    attempts: Sequence[AttemptView] = ()
    entries: Sequence[EntryView] = ()
    reservations: Sequence[AnyRow] = ()
    provider_events: Sequence[AnyRow] = ()
    history: Sequence[AnyRow] = ()
    events: Sequence[AnyRow] = ()

    @property
    def can_be_reviewed(self) -> bool:
        """A rule holds it, the money is there, and nobody has decided."""
        return bool(self.order.open_holds) and (
            self.order.status == "paid"
            or (self.order.status == "pending" and self.order.payment_status == "authorised")
        )

    @property
    def may_be_refused(self) -> bool:
        """What is only authorised can be released; what is paid needs a refund."""
        return self.can_be_reviewed and self.order.status == "pending"

    @property
    def in_platform(self) -> Exchanged | None:
        """The total in the platform's currency, where the order is in another one."""
        return exchange_kept(self.order)

    @property
    def to_capture_minor(self) -> int:
        return int(self.order.payment_minor or 0)

    def lines_of(self, part_id: uuid.UUID) -> list[AnyRow]:
        return [line for line in self.lines if line.part_id == part_id]


_ORDER = text(
    """
    SELECT o.id, o.number, o.buyer_id, o.channel_id, c.name AS channel_name, o.currency, o.locale, o.status,
           o.subtotal_minor, o.discount_minor, o.shipping_minor, o.tax_added_minor, o.tax_included_minor,
           o.payable_minor, o.platform_currency, o.platform_minor, o.fx_rate, o.fx_source, o.fx_as_of,
           o.mileage_promised, o.contact, o.address, o.risk_score, o.fraud_hold, o.external_ref,
           o.placed_at, o.paid_at, o.closed_at, o.expires_at, o.version,
           u.email AS buyer_email, u.name AS buyer_name, u.state AS buyer_state, u.created_at AS buyer_since,
           y.id AS payment_id, y.status AS payment_status, y.amount_minor AS payment_minor, y.method,
           y.authorised_minor, y.captured_minor, y.refunded_minor, y.capture_wanted,
           r.outcome AS risk_outcome, r.fired AS risk_fired, r.features AS risk_features, r.unsure AS risk_unsure,
           r.decided_at AS risk_at, r.contributions AS risk_models,
           (SELECT count(*) FROM order_hold h WHERE h.order_id = o.id AND h.reason = 'high_risk'
               AND h.released_at IS NULL) AS open_holds,
           (SELECT h.released_by FROM order_hold h WHERE h.order_id = o.id AND h.reason = 'high_risk'
               AND h.released_at IS NOT NULL LIMIT 1)
             AS released_by,
           (SELECT max(h.released_at) FROM order_hold h WHERE h.order_id = o.id AND h.reason = 'high_risk')
             AS hold_released_at,
           (SELECT coalesce(sum(x.amount_minor), 0) FROM discount_share x
             WHERE x.order_id = o.id AND x.part_id IS NOT NULL)::bigint AS shipping_discount_minor
      FROM orders o
      JOIN channel c ON c.id = o.channel_id
      JOIN user_account u ON u.id = o.buyer_id
      LEFT JOIN LATERAL (SELECT * FROM payment WHERE order_id = o.id ORDER BY amount_minor DESC, id LIMIT 1) y ON true
      LEFT JOIN LATERAL (SELECT * FROM risk_decision d WHERE d.order_id = o.id ORDER BY d.decided_at DESC LIMIT 1) r
             ON true
     WHERE o.number = ANY(:numbers)
    """
).columns(
    contact=EncryptedText("orders.contact"),
    address=EncryptedText("orders.address"),
    buyer_email=EncryptedText("user_account.email"),
    buyer_name=EncryptedText("user_account.name"),
)

_PARTS = text(
    """
    SELECT p.id, p.position, p.status, p.store_id, s.name AS store_name, p.subtotal_minor, p.discount_minor,
           p.shipping_fee_minor - p.shipping_discount_minor AS shipping_minor, p.tax_added_minor, p.payable_minor,
           p.commission_basis_points, p.deliver_from, p.deliver_until, p.released_at,
           p.version
      FROM order_part p JOIN store s ON s.id = p.store_id
     WHERE p.order_id = :order_id ORDER BY p.position
    """
)

# Each use with how its amount is shared out: pairs of line or part and amount.
_COUPONS = text(
    """
    SELECT u.id, u.campaign_id, u.code, u.amount_minor, u.status, u.claimed_at, g.name, g.funding,
           (SELECT jsonb_agg(jsonb_build_array(coalesce(x.line_id, x.part_id), x.amount_minor) ORDER BY x.id)
              FROM discount_share x WHERE x.coupon_use_id = u.id) AS shares
      FROM coupon_use u JOIN campaign g ON g.id = u.campaign_id
     WHERE u.order_id = :order_id ORDER BY u.claimed_at, u.id
    """
)

_TENDERS = text(
    """
    SELECT t.id, t.type, t.amount_minor, t.points, t.captured_minor, t.refunded_minor, t.released_minor, t.status,
           t.updated_at,
           (SELECT jsonb_agg(jsonb_build_array(coalesce(x.line_id, x.part_id), x.amount_minor) ORDER BY x.id)
              FROM tender_share x WHERE x.tender_id = t.id) AS shares
      FROM tender t WHERE t.order_id = :order_id
     ORDER BY array_position(ARRAY['deposit', 'mileage', 'gift', 'refund_credit', 'gateway'], t.type)
    """
)

_RESERVATIONS = text(
    """
    SELECT r.id, v.sku, r.place, r.quantity, r.status, r.expires_at
      FROM reservation r JOIN variant v ON v.id = r.variant_id WHERE r.order_id = :order_id ORDER BY v.sku
    """
)

_PROVIDER_EVENTS = text(
    """
    SELECT e.id, e.gateway, e.event_id, e.kind, e.signature_ok, e.status, e.effects, e.attempts, e.note, e.received_at,
           e.handled_at
      FROM payment y
      JOIN payment_attempt a ON a.payment_id = y.id
      JOIN provider_event e ON e.gateway = a.gateway AND e.gateway_ref = a.gateway_ref
     WHERE y.order_id = :order_id ORDER BY e.id LIMIT 50
    """
)

# Moves of all its machines and what was recorded of it, in the order of time; who acted by name where it is a person.
_HISTORY = text(
    """
    SELECT h.*, u.name AS actor_name, f.reason AS refund_reason, f.total_minor AS refund_minor
      FROM (SELECT t.at, t.id AS n, t.subject AS kind, t.subject_id AS ref, t.from_state, t.to_state, t.actor, t.reason,
                   NULL AS action
              FROM transition t WHERE t.order_id = :order_id
            UNION ALL
            SELECT a.at, a.id, 'audit', a.ref, NULL, NULL, a.actor, a.payload::jsonb ->> 'reason', a.action
              FROM audit_row a WHERE a.ref = ANY(:refs)
            UNION ALL
            SELECT a.at, a.id, 'audit', a.ref, NULL, NULL, a.actor, a.payload::jsonb ->> 'reason', a.action
              FROM audit_row a
             WHERE a.ref IN (SELECT 'part:' || p.id FROM order_part p WHERE p.order_id = :order_id)
               AND a.action IN ('part:held', 'part:hold-ended')) h
      LEFT JOIN refund f ON f.id = CASE WHEN h.kind = 'refund' THEN h.ref::uuid END
      LEFT JOIN user_account u
             ON u.id = CASE WHEN h.actor LIKE 'user:%' THEN substr(h.actor, 6)::uuid END
     ORDER BY h.at, h.kind = 'audit', h.n LIMIT 200
    """
).columns(actor_name=EncryptedText("user_account.name"))

# The outbox has no index by subject; the moment of the order bounds what is looked through.
_EVENTS = text(
    """
    SELECT 'event' AS sort, e.id::text AS id, e.kind AS name, e.created_at, e.handled_at AS done_at, e.attempts,
           e.last_error
      FROM outbox_event e WHERE e.subject = :subject
    UNION ALL
    SELECT 'mail', m.id::text, m.template, m.created_at, m.sent_at, m.attempts, m.last_error
      FROM mail m WHERE m.dedup_key = ANY(:mail_keys)
     ORDER BY 4, 2
    """
)


def find_order_id(session: Session, number: str) -> uuid.UUID | None:
    """The id of a public number; None when there is no such order."""
    return session.scalar(select(Order.id).where(number_is(number)))


def load_summary(session: Session, *, number: str) -> OrderDetail | None:
    """The order itself without anything that hangs on it; None when there is no such order."""
    order = session.execute(_ORDER, {"numbers": numbers_meant(number)}).one_or_none()
    return OrderDetail(order) if order else None


def load_preview(session: Session, *, number: str) -> OrderDetail | None:
    """The order with its lines alone: what a list shows of it in place."""
    summary = load_summary(session, number=number)
    return replace(summary, lines=_lines(session, summary.order.id)) if summary else None


def _lines(session: Session, order_id: uuid.UUID) -> Sequence[AnyRow]:
    lines = select(OrderLine.__table__).where(OrderLine.order_id == order_id).order_by(OrderLine.position)
    return session.execute(lines).all()


def load_order(session: Session, *, number: str) -> OrderDetail | None:
    """Everything about the order of this number; None when there is none."""
    summary = load_summary(session, number=number)
    if summary is None:
        return None
    order = summary.order
    order_id: uuid.UUID = order.id
    ids = {"order_id": order_id}
    refs = [f"order:{order_id}"] + ([f"payment:{order.payment_id}"] if order.payment_id else [])
    mails = [f"{kind}:{order_id}" for kind in ("receipt", "order_failed", "order_cancelled", "order_expired")]
    return OrderDetail(
        order=order,
        parts=session.execute(_PARTS, ids).all(),
        lines=_lines(session, order_id),
        coupons=session.execute(_COUPONS, ids).all(),
        tenders=session.execute(_TENDERS, ids).all(),
        attempts=attempts_of(session, payment_id=order.payment_id) if order.payment_id else (),
        entries=entries_of_order(session, order_id=order_id),
        reservations=session.execute(_RESERVATIONS, ids).all(),
        provider_events=session.execute(_PROVIDER_EVENTS, ids).all() if order.payment_id else (),
        history=session.execute(_HISTORY, ids | {"refs": refs}).all(),
        events=session.execute(_EVENTS, {"subject": f"order:{order_id}", "mail_keys": mails}).all(),
    )


@dataclass(frozen=True, slots=True)
class ShareRow:
    """One line (or a part's shipping) with what each coupon and tender bears of it."""

    label: str
    store_name: Mapping[str, str]
    name: Mapping[str, str] | None
    gross_minor: int
    discount_minor: int
    tenders: tuple[int, ...]


def share_rows(detail: OrderDetail) -> tuple[ShareRow, ...]:
    """The split as the worked examples print it: lines first, then shipping fees; columns are the order's tenders."""
    shares = [dict(tender.shares or ()) for tender in detail.tenders]
    discounts: dict[str, int] = {}
    for use in detail.coupons:
        for place, amount in use.shares or ():
            discounts[place] = discounts.get(place, 0) + amount
    stores = {part.id: part.store_name for part in detail.parts}
    rows = [
        ShareRow(
            label=line.sku,
            store_name=stores[line.part_id],
            name=line.name,
            gross_minor=line.subtotal_minor,
            discount_minor=line.discount_minor,
            tenders=tuple(share.get(str(line.id), 0) for share in shares),
        )
        for line in detail.lines
    ]
    rows += [
        ShareRow(
            label="",
            store_name=part.store_name,
            name=None,
            gross_minor=part.shipping_minor + discounts.get(str(part.id), 0),
            discount_minor=discounts.get(str(part.id), 0),
            tenders=tuple(share.get(str(part.id), 0) for share in shares),
        )
        for part in detail.parts
        if part.shipping_minor or discounts.get(str(part.id))
    ]
    return tuple(rows)
