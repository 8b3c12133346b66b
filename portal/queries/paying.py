"""A payment that is no order's while its owner waits for it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.crypto import EncryptedText
from portal.kit.paging import fingerprint
from portal.queries.exchange import exchange_kept
from portal.queries.orders import AttemptView, MoveView
from portal.queries.turned_away import WAIT
from portal.rules.fx import Exchanged


@dataclass(frozen=True, slots=True)
class PayingView:
    """The payment at the top of its page; the amount in minor units of `currency`.

    `kept_minor` came in as another amount than was asked for and is on the deposit.
    """

    id: uuid.UUID
    purpose: str
    channel_id: int
    method: str
    currency: str
    amount_minor: int
    status: str
    created_at: datetime
    completed_at: datetime | None
    expires_at: datetime
    attempt: AttemptView
    gateway_ref: str | None
    reversal: str | None
    kept_minor: int | None
    in_platform: Exchanged | None

    @property
    def is_open(self) -> bool:
        return self.status in ("pending", "requires_action", "authorised")

    @property
    def deadline(self) -> datetime:
        """Until when it can be paid: an account number says it itself."""
        found = self.attempt.action.get("expires_at")
        return datetime.fromisoformat(found) if found else self.expires_at

    @property
    def mark(self) -> str:
        """A mark of everything on the page that moves."""
        return fingerprint(self.status, self.attempt.id, self.attempt.state, self.reversal, self.kept_minor)


_PAYING = text(
    """
    SELECT y.id, y.purpose, y.channel_id, y.method, y.currency, y.amount_minor, y.status, y.created_at, y.completed_at,
           y.expires_at, y.platform_currency, y.platform_minor, y.fx_rate, y.fx_source, y.fx_as_of,
           a.id AS attempt_id, a.gateway_account_id, a.state, a.reason, a.action, a.card, a.created_at AS tried_at,
           a.gateway_ref, a.reversal,
           CASE WHEN a.reversal_ref LIKE 'deposit:%' THEN a.received_minor END AS kept_minor,
           CASE WHEN a.state = 'declined' AND a.gateway_code = 'unavailable' THEN a.answered_at END AS turned_away_at
      FROM payment y
      JOIN LATERAL (SELECT * FROM payment_attempt WHERE payment_id = y.id ORDER BY n DESC LIMIT 1) a ON true
     WHERE y.id = :payment_id AND y.user_id = :user_id AND y.purpose <> 'order'
    """
).columns(action=EncryptedText("payment_attempt.action"))

_MOVES = text(
    """
    SELECT subject, subject_id, to_state, reason, at FROM transition
     WHERE (subject = 'payment' AND subject_id = :payment_id)
        OR (subject = 'attempt' AND subject_id IN (SELECT a.id::text FROM payment_attempt a
                                                    WHERE a.payment_id = CAST(:payment_id AS uuid)))
     ORDER BY id LIMIT 200
    """
)


def load_paying(session: Session, *, user_id: uuid.UUID, payment_id: uuid.UUID) -> PayingView | None:
    """One's own payment; None for one of an order's, which has the order's page, and for anybody else's."""
    row = session.execute(_PAYING, {"payment_id": payment_id, "user_id": user_id}).one_or_none()
    if row is None:
        return None
    attempt = AttemptView(
        id=row.attempt_id,
        gateway_account_id=row.gateway_account_id,
        state=row.state,
        reason=row.reason,
        action=orjson.loads(row.action) if row.action else {},
        card=row.card or {},
        created_at=row.tried_at,
        try_again_at=row.turned_away_at + WAIT if row.turned_away_at else None,
    )
    return PayingView(
        id=row.id,
        purpose=row.purpose,
        channel_id=row.channel_id,
        method=row.method,
        currency=row.currency,
        amount_minor=row.amount_minor,
        status=row.status,
        created_at=row.created_at,
        completed_at=row.completed_at,
        expires_at=row.expires_at,
        attempt=attempt,
        gateway_ref=row.gateway_ref,
        reversal=row.reversal,
        kept_minor=row.kept_minor,
        in_platform=exchange_kept(row),
    )


def load_paying_moves(session: Session, *, payment_id: uuid.UUID) -> tuple[MoveView, ...]:
    """What was recorded of a payment and its attempts, oldest first."""
    rows = session.execute(_MOVES, {"payment_id": str(payment_id)})
    return tuple(MoveView(row.subject, row.subject_id, row.to_state, row.reason, row.at) for row in rows)
