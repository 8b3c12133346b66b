"""Payments as administrators see them: the list (PAY-13), and one with every attempt and why it went there (PAY-04)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, text, union_all
from sqlalchemy.orm import Session

from portal.kit.paging import Page, fingerprint
from portal.models import GatewayAccount, Order, Payment, PaymentAttempt
from portal.queries.admin_orders import numbers_meant
from portal.queries.exchange import exchange_kept
from portal.queries.keyset import PAGE_ROWS, AnyRow, AnySelect, Sorting, count_up_to, fetch_page, sorted_by
from portal.rules.fx import Exchanged

SORTINGS = {"created": Sorting((Payment.created_at, Payment.id), (datetime, uuid.UUID))}


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """What the list shows. `unknown` are payments with an attempt whose outcome is being looked up.

    `sort` is one of SORTINGS, with "-" before it where it falls.
    """

    status: str | None = None
    method: str | None = None
    channel_id: int | None = None
    created_from: datetime | None = None
    created_until: datetime | None = None
    unknown: bool = False
    search: str = ""
    sort: str = "-created"

    @property
    def mark(self) -> str:
        days = (self.created_from, self.created_until, self.sort)
        return fingerprint("payments", self.status, self.method, self.channel_id, self.unknown, self.search, *days)


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """One row of the list."""

    id: uuid.UUID
    purpose: str
    number: str | None
    method: str
    currency: str
    amount_minor: int
    captured_minor: int
    refunded_minor: int
    status: str
    channel_id: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One try at one gateway, with what the router considered: dicts of account, id, priority, kept, reason, perhaps
    score, health.

    `decision` has the version of the rules, the place of the one that fitted and the buyer's share.
    """

    id: uuid.UUID
    n: int
    gateway: str
    account: str
    op_key: str
    state: str
    gateway_ref: str | None
    reason: str | None
    gateway_code: str | None
    card: dict[str, Any] | None
    routing: Sequence[dict[str, Any]]
    calls: int
    claimed_by: str | None
    created_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    due_at: datetime
    reversal: str | None
    reversal_ref: str | None
    decision: Mapping[str, Any] | None
    account_id: int

    @property
    def verdicts(self) -> list[tuple[Mapping[str, Any], str]]:
        """Every account that was considered, in its place: chosen, dropped, passed over before the chosen one, or
        left for later.
        """
        told: list[tuple[Mapping[str, Any], str]] = []
        is_after = False
        for one in self.routing:
            # Decisions of earlier days kept the name alone.
            is_chosen = one["id"] == self.account_id if "id" in one else one["account"] == self.account
            verdict = "chosen" if is_chosen else "later" if is_after else "passed"
            told.append((one, verdict if one["kept"] else "dropped"))
            is_after = is_after or is_chosen
        return told

    @property
    def took(self) -> timedelta | None:
        """From the first call to the last answer; for a payment on another page it holds the buyer's time too."""
        return self.answered_at - self.sent_at if self.sent_at and self.answered_at else None

    @property
    def is_open(self) -> bool:
        return self.state in {"created", "claimed", "sent", "requires_action", "pending", "unknown"}


@dataclass(frozen=True)
class PaymentDetail:
    """One payment. `payment` and the rest have the columns of the statements below."""

    payment: AnyRow
    attempts: tuple[AttemptView, ...]
    moves: Sequence[AnyRow]
    provider_events: Sequence[AnyRow]
    refunds: Sequence[AnyRow]
    disputes: Sequence[AnyRow]

    @property
    def in_platform(self) -> Exchanged | None:
        """The amount in the platform's currency at the rate of the payment, where it is in another one."""
        return exchange_kept(self.payment)


def payments_named(typed: str) -> tuple[Any, Any]:
    """Ids of payments by a gateway's reference, and by our key at the gateway: one index each."""
    # The reference is unique per gateway, so the few gateways are walked and the index is asked for each.
    gateways = select(GatewayAccount.gateway).distinct().subquery()
    by_ref = select(PaymentAttempt.payment_id).join(
        gateways, (PaymentAttempt.gateway == gateways.c.gateway) & (PaymentAttempt.gateway_ref == typed)
    )
    return by_ref, select(PaymentAttempt.payment_id).where(PaymentAttempt.op_key == typed)


def _payments_of(typed: str) -> Any:
    by_number = (
        select(Payment.id).join(Order, Order.id == Payment.order_id).where(Order.number.in_(numbers_meant(typed)))
    )
    return union_all(*payments_named(typed), by_number)


def narrowed(statement: AnySelect, chosen: PaymentFilter) -> AnySelect:
    """The statement over payments, with these conditions."""
    if chosen.status:
        statement = statement.where(Payment.status == chosen.status)
    if chosen.method:
        statement = statement.where(Payment.method == chosen.method)
    if chosen.channel_id is not None:
        statement = statement.where(Payment.channel_id == chosen.channel_id)
    if chosen.created_from is not None:
        statement = statement.where(Payment.created_at >= chosen.created_from)
    if chosen.created_until is not None:
        statement = statement.where(Payment.created_at < chosen.created_until)
    if chosen.unknown:
        asked = select(PaymentAttempt.payment_id).where(PaymentAttempt.state == "unknown")
        statement = statement.where(Payment.id.in_(asked))
    words = chosen.search.strip()
    if words:
        statement = statement.where(_found(words))
    return statement


def _found(words: str) -> Any:
    try:
        wanted = uuid.UUID(words)
    except ValueError:
        return Payment.id.in_(_payments_of(words))
    return or_(Payment.id == wanted, Payment.order_id == wanted)


def list_payments(
    session: Session,
    *,
    chosen: PaymentFilter,
    cursor: str | None,
    rows_max: int = PAGE_ROWS,
    is_counted: bool = True,
) -> Page[PaymentRow]:
    """One page of payments. Raises CursorInvalidError."""
    number = select(Order.number).where(Order.id == Payment.order_id).correlate(Payment).scalar_subquery()
    columns = narrowed(
        select(
            Payment.id,
            Payment.purpose,
            number.label("number"),
            Payment.method,
            Payment.currency,
            Payment.amount_minor,
            Payment.captured_minor,
            Payment.refunded_minor,
            Payment.status,
            Payment.channel_id,
            Payment.created_at,
        ),
        chosen,
    )
    return fetch_page(
        session,
        columns,
        sorted_by(SORTINGS, chosen.sort),
        make=lambda row: PaymentRow(*row),
        key=lambda row: (row.created_at, row.id),
        cursor_text=cursor,
        mark=chosen.mark,
        rows_max=rows_max,
        total=count_up_to(session, narrowed(select(Payment.id), chosen)) if is_counted else None,
    )


def attempts_of(session: Session, *, payment_id: uuid.UUID) -> tuple[AttemptView, ...]:
    """Every try of a payment, the first one first. Tokens, addresses and secrets of the gateway are not among it."""
    rows = session.execute(
        select(
            PaymentAttempt.id,
            PaymentAttempt.n,
            PaymentAttempt.gateway,
            GatewayAccount.name,
            PaymentAttempt.op_key,
            PaymentAttempt.state,
            PaymentAttempt.gateway_ref,
            PaymentAttempt.reason,
            PaymentAttempt.gateway_code,
            PaymentAttempt.card,
            PaymentAttempt.routing,
            PaymentAttempt.calls,
            PaymentAttempt.claimed_by,
            PaymentAttempt.created_at,
            PaymentAttempt.sent_at,
            PaymentAttempt.answered_at,
            PaymentAttempt.due_at,
            PaymentAttempt.reversal,
            PaymentAttempt.reversal_ref,
            PaymentAttempt.decision,
            PaymentAttempt.gateway_account_id,
        )
        .join(GatewayAccount, GatewayAccount.id == PaymentAttempt.gateway_account_id)
        .where(PaymentAttempt.payment_id == payment_id)
        .order_by(PaymentAttempt.n)
    )
    return tuple(AttemptView(*row) for row in rows)


_PAYMENT = text(
    """
    SELECT y.id, y.purpose, y.order_id, o.number, o.status AS order_status, y.user_id, y.channel_id,
           c.name AS channel_name, y.method, y.currency, y.amount_minor, y.authorised_minor, y.captured_minor,
           y.refunded_minor, y.platform_currency, y.platform_minor, y.fx_rate, y.fx_source, y.fx_as_of, y.status,
           y.capture_wanted, y.capture_on, y.created_at, y.completed_at,
           (SELECT jsonb_agg(jsonb_build_array(e.id, e.kind) ORDER BY e.id) FROM ledger_entry e
             WHERE e.order_id = y.order_id OR e.idem_key = 'payment:' || y.id) AS entries,
           (SELECT jsonb_agg(jsonb_build_array(t.type, t.amount_minor, t.points, t.status)
                             ORDER BY t.type = 'gateway', t.type)
              FROM tender t WHERE t.order_id = y.order_id) AS tenders
      FROM payment y
      JOIN channel c ON c.id = y.channel_id
      LEFT JOIN orders o ON o.id = y.order_id
     WHERE y.id = :payment_id
    """
)

_MOVES = text(
    """
    SELECT t.subject, t.from_state, t.to_state, t.actor, t.reason, t.at
      FROM transition t WHERE t.subject = 'payment' AND t.subject_id = :payment_id
    UNION ALL
    SELECT t.subject, t.from_state, t.to_state, t.actor, t.reason, t.at
      FROM payment_attempt a JOIN transition t ON t.subject = 'attempt' AND t.subject_id = a.id::text
     WHERE a.payment_id = CAST(:payment_id AS uuid)
     ORDER BY at
    """
)

_EVENTS = text(
    """
    SELECT e.id, e.gateway, e.event_id, e.kind, e.signature_ok, e.status, e.effects, e.attempts, e.note, e.received_at,
           e.handled_at
      FROM payment_attempt a JOIN provider_event e ON e.gateway = a.gateway AND e.gateway_ref = a.gateway_ref
     WHERE a.payment_id = :payment_id ORDER BY e.id LIMIT 50
    """
)

_REFUNDS = text(
    """
    SELECT r.id, r.kind, r.reason, r.status, r.requested_at, l.amount_minor, l.status AS leg_status, l.gateway_ref
      FROM payment y JOIN refund_leg l ON l.tender_id = y.tender_id JOIN refund r ON r.id = l.refund_id
     WHERE y.id = :payment_id
    UNION ALL
    SELECT w.id, 'withdrawal', 'withdrawal', w.status, w.requested_at, l.amount_minor, l.status, l.gateway_ref
      FROM payment_attempt a JOIN refund_leg l ON l.attempt_id = a.id JOIN withdrawal w ON w.id = l.withdrawal_id
     WHERE a.payment_id = :payment_id ORDER BY requested_at
    """
)


_DISPUTES = text(
    "SELECT id, status, amount_minor, currency, opened_at FROM dispute"
    " WHERE payment_id = :payment_id ORDER BY opened_at"
)


def load_payment(session: Session, *, payment_id: uuid.UUID) -> PaymentDetail | None:
    """One payment with all that happened to it; None when there is none."""
    ids = {"payment_id": payment_id}
    payment = session.execute(_PAYMENT, ids).one_or_none()
    if payment is None:
        return None
    return PaymentDetail(
        payment=payment,
        attempts=attempts_of(session, payment_id=payment_id),
        moves=session.execute(_MOVES, {"payment_id": str(payment_id)}).all(),
        provider_events=session.execute(_EVENTS, ids).all(),
        refunds=session.execute(_REFUNDS, ids).all(),
        disputes=session.execute(_DISPUTES, ids).all(),
    )
