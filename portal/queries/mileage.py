"""A person's mileage: what can be used, what comes and when, what ends, what is owed; gifts, causes, invitations."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.models import Cause, MileageDonation, MileageGift, Referral, ReferralCode, User
from portal.rules.mileage import TELL_BEFORE

LOTS_SHOWN = 50
GIFTS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Standing:
    """Points by what can be done with them. `ending` go within a week, the first at `ends_at`."""

    available: int
    held: int
    pending: int
    owed: int
    ending: int
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class PendingRow:
    """Points of a parcel; `due_at` is when they can be used as things stand, None before it was sent."""

    number: str
    store: Mapping[str, str]
    points: int
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class LotRow:
    """Points that came together."""

    id: int
    source: str
    number: str | None
    granted: int
    remaining: int
    granted_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class GiftRow:
    """A gift, from its sender's or its recipient's side; `other` is the other one's address or name."""

    id: uuid.UUID
    other: str
    points: int
    message: str
    state: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CauseRow:
    """What points can be donated to."""

    id: int
    names: Mapping[str, str]
    descriptions: Mapping[str, str]
    is_open: bool


@dataclass(frozen=True, slots=True)
class DonationRow:
    """Points that went to a cause."""

    cause: Mapping[str, str]
    points: int
    currency: str
    amount_minor: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Invitations:
    """A person's code, None before it was wanted, and how many came by it; `given` brought points."""

    code: str | None
    waiting: int
    given: int


_STANDING = text(
    """
    SELECT coalesce(sum(a.balance_minor) FILTER (WHERE a.kind = 'mileage'), 0)::bigint AS balance,
           coalesce(sum(a.held_minor) FILTER (WHERE a.kind = 'mileage'), 0)::bigint AS held,
           coalesce(sum(a.balance_minor) FILTER (WHERE a.kind = 'mileage_pending'), 0)::bigint AS pending,
           coalesce((SELECT -sum(p.amount_minor) FROM ledger_posting p JOIN ledger_account o ON o.id = p.account_id
                      WHERE o.kind = 'mileage_owed' AND o.owner = :owner), 0)::bigint AS owed,
           e.points AS ending, e.first_at
      FROM (SELECT coalesce(sum(l.remaining), 0)::bigint AS points, min(l.expires_at) AS first_at FROM mileage_lot l
              JOIN ledger_account m ON m.id = l.account_id AND m.kind = 'mileage' AND m.owner = :owner
             WHERE l.remaining > 0 AND l.expires_at <= :soon) e
      LEFT JOIN ledger_account a ON a.owner = :owner AND a.currency = 'PTS'
     GROUP BY e.points, e.first_at
    """
)
_PENDING = text(
    """
    SELECT o.number, s.name AS store, p.mileage_due_at AS due_at,
           sum(l.mileage_promised - (2 * l.mileage_promised * l.refunded_quantity + l.quantity) / (2 * l.quantity)
              )::bigint AS points
      FROM orders o JOIN order_part p ON p.order_id = o.id JOIN order_line l ON l.part_id = p.id
      JOIN store s ON s.id = p.store_id
     WHERE o.buyer_id = :user_id AND o.paid_at IS NOT NULL AND o.mileage_promised > 0 AND p.mileage_matured_at IS NULL
     GROUP BY o.number, o.placed_at, p.id, s.name
    HAVING sum(l.mileage_promised - (2 * l.mileage_promised * l.refunded_quantity + l.quantity) / (2 * l.quantity)) > 0
     ORDER BY p.mileage_due_at NULLS LAST, o.placed_at LIMIT :limit
    """
)
_LOTS = text(
    """
    SELECT l.id, l.source, o.number, l.granted, l.remaining, l.granted_at, l.expires_at
      FROM mileage_lot l JOIN ledger_account a ON a.id = l.account_id AND a.kind = 'mileage' AND a.owner = :owner
      LEFT JOIN orders o ON o.id = l.source_order_id
     ORDER BY (l.remaining > 0) DESC, CASE WHEN l.remaining > 0 THEN l.expires_at END, l.granted_at DESC, l.id DESC
     LIMIT :limit
    """
)


def load_standing(session: Session, *, user_id: uuid.UUID, now: datetime) -> Standing:
    """Where a person's points stand, in one statement."""
    row = session.execute(_STANDING, {"owner": f"user:{user_id}", "soon": now + TELL_BEFORE}).one()
    return Standing(row.balance - row.held, row.held, row.pending, row.owed, row.ending, row.first_at)


def list_pending(session: Session, *, user_id: uuid.UUID) -> Sequence[PendingRow]:
    """What is promised by parcels that can still be sent back, the next to come first."""
    rows = session.execute(_PENDING, {"user_id": user_id, "limit": LOTS_SHOWN})
    return [PendingRow(row.number, row.store, row.points, row.due_at) for row in rows]


def list_lots(session: Session, *, user_id: uuid.UUID) -> Sequence[LotRow]:
    """A person's lots: those with points first, the next to end first; then those that are empty."""
    rows = session.execute(_LOTS, {"owner": f"user:{user_id}", "limit": LOTS_SHOWN})
    return [LotRow(*row) for row in rows]


def gifts_sent(session: Session, *, user_id: uuid.UUID) -> Sequence[GiftRow]:
    """What a person has sent, the latest first."""
    statement = (
        select(
            MileageGift.id,
            MileageGift.recipient,
            MileageGift.points,
            MileageGift.message,
            MileageGift.state,
            MileageGift.created_at,
            MileageGift.expires_at,
        )
        .where(MileageGift.sender_id == user_id)
        .order_by(MileageGift.created_at.desc(), MileageGift.id.desc())
        .limit(GIFTS_SHOWN)
    )
    return [GiftRow(*row) for row in session.execute(statement)]


def gifts_waiting(session: Session, *, user_id: uuid.UUID, now: datetime) -> Sequence[GiftRow]:
    """What waits for a person to accept it, by his address; `other` is the sender's name."""
    own = select(User.email_index).where(User.id == user_id).scalar_subquery()
    statement = (
        select(
            MileageGift.id,
            User.name,
            MileageGift.points,
            MileageGift.message,
            MileageGift.state,
            MileageGift.created_at,
            MileageGift.expires_at,
        )
        .join(User, User.id == MileageGift.sender_id)
        .where(MileageGift.recipient_index == own, MileageGift.state == "waiting", MileageGift.expires_at > now)
        .order_by(MileageGift.expires_at)
        .limit(GIFTS_SHOWN)
    )
    return [GiftRow(*row) for row in session.execute(statement)]


def list_causes(session: Session, *, only_open: bool = True) -> Sequence[CauseRow]:
    """Causes, the oldest first."""
    statement = select(Cause.id, Cause.names, Cause.descriptions, Cause.is_open).order_by(Cause.id)
    if only_open:
        statement = statement.where(Cause.is_open)
    return [CauseRow(*row) for row in session.execute(statement)]


def list_donations(session: Session, *, user_id: uuid.UUID) -> Sequence[DonationRow]:
    """What a person has donated, the latest first."""
    statement = (
        select(
            Cause.names,
            MileageDonation.points,
            MileageDonation.currency,
            MileageDonation.amount_minor,
            MileageDonation.at,
        )
        .join(Cause, Cause.id == MileageDonation.cause_id)
        .where(MileageDonation.user_id == user_id)
        .order_by(MileageDonation.at.desc(), MileageDonation.id.desc())
        .limit(GIFTS_SHOWN)
    )
    return [DonationRow(*row) for row in session.execute(statement)]


def load_invitations(session: Session, *, user_id: uuid.UUID) -> Invitations:
    """A person's code, and what became of whom he has invited."""
    code = session.execute(select(ReferralCode.code).where(ReferralCode.user_id == user_id)).scalar_one_or_none()
    states = list(session.scalars(select(Referral.state).where(Referral.referrer_id == user_id)))
    return Invitations(code, states.count("waiting"), states.count("given"))
