"""What a refund at its payment's rate costs beyond today's rate goes into the books (REF-07)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.kit.money import Money
from portal.queries.exchange import exchange_kept, rate_at
from portal.rules.fx import RateMissingError, exchange
from portal.rules.fx_posting import fx_difference
from portal.rules.posting import EntryKind, Line
from portal.services.ledger.post import post

# With what earlier legs of the same payment gave back outside of this house.
_LEG = text(
    """
    SELECT g.amount_minor, p.currency, p.platform_currency, p.platform_minor, p.fx_rate, p.fx_source, p.fx_as_of,
           coalesce((SELECT sum(b.amount_minor) FROM refund_leg b
                      WHERE b.tender_id = g.tender_id AND b.id <> g.id AND b.status = 'succeeded'), 0)::bigint AS before
      FROM refund_leg g JOIN payment p ON p.tender_id = g.tender_id
     WHERE g.id = :leg_id
    """
)
_SET = text("UPDATE refund_leg SET platform_minor = :platform_minor, fx_loss_minor = :loss_minor WHERE id = :leg_id")


def book_difference(session: Session, *, leg_id: uuid.UUID, order_id: uuid.UUID, now: datetime) -> None:
    """Keep with a leg that has gone back what it is in the platform's currency, and book the difference.

    The legs of a payment add up to what the payment was: each is what all are so far, less those before it.
    """
    leg = session.execute(_LEG, {"leg_id": leg_id}).one_or_none()
    kept = exchange_kept(leg) if leg is not None else None
    if leg is None or kept is None:
        return
    gone = exchange(Money(leg.before, leg.currency), kept.rate).amount
    with_it = exchange(Money(leg.before + leg.amount_minor, leg.currency), kept.rate).amount
    at_payment = with_it - gone
    try:
        today = rate_at(session, source=leg.currency, target=kept.rate.target, at=now)
    except RateMissingError:
        loss = Money(0, kept.rate.target)
    else:
        loss = exchange(Money(leg.amount_minor, leg.currency), today).amount - at_payment
    session.execute(_SET, {"leg_id": leg_id, "platform_minor": at_payment.minor, "loss_minor": loss.minor})
    if loss:
        post(
            session,
            kind=EntryKind.FX_DIFFERENCE,
            idem_key=_key(leg_id),
            lines=fx_difference(currency=loss.currency, loss_minor=loss.minor),
            now=now,
            order_id=order_id,
        )


def undo_difference(session: Session, *, leg_id: uuid.UUID, order_id: uuid.UUID, now: datetime) -> None:
    """The refund came back: so does its difference."""
    kept = session.execute(
        text(
            "SELECT e.id, p.currency, -p.amount_minor AS loss FROM ledger_entry e JOIN ledger_posting p"
            " ON p.entry_id = e.id JOIN ledger_account a ON a.id = p.account_id AND a.kind = 'fx_difference'"
            " WHERE e.idem_key = :key"
        ),
        {"key": _key(leg_id)},
    ).one_or_none()
    session.execute(_SET, {"leg_id": leg_id, "platform_minor": None, "loss_minor": None})
    if kept is None:
        return
    lines = fx_difference(currency=kept.currency, loss_minor=kept.loss)
    post(
        session,
        kind=EntryKind.FX_DIFFERENCE,
        idem_key=f"{_key(leg_id)}:failed",
        lines=tuple(Line(line.account, -line.amount_minor) for line in lines),
        now=now,
        order_id=order_id,
        reverses=kept.id,
    )


def _key(leg_id: uuid.UUID) -> str:
    return f"refund_leg:{leg_id}:fx"
