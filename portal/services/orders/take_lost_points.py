"""Points of a purchase whose dispute was lost are taken back; given again when it is won after all (REF-06, STR-05)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from portal.gateways.base import DisputeState
from portal.kit.money import round_half_up
from portal.models import Dispute, LedgerEntry
from portal.queries.refund_facts import Refundable, load_refundable
from portal.rules.mileage import LIFE, still_promised
from portal.rules.permissions import SYSTEM
from portal.services.audit import AuditAction, Fact, record
from portal.services.mileage.grant_mileage import grant_mileage
from portal.services.mileage.take_back import take_back
from portal.services.orders.mature_mileage import mature_mileage

# What points are earned by.
EARNING = frozenset({"gateway", "deposit"})

_LOCK = text("SELECT buyer_id FROM orders WHERE id = :id FOR UPDATE")
_TAKEN = text(
    """
    SELECT -coalesce(sum(p.amount_minor), 0)::bigint FROM ledger_posting p
      JOIN ledger_account a ON a.id = p.account_id AND a.kind IN ('mileage', 'mileage_owed')
      JOIN ledger_entry e ON e.id = p.entry_id WHERE e.idem_key = :key
    """
)
# A bank may think again more than once, but not for ever: each turn has keys of its own, found one by one.
TURNS_MAX = 20


def follow_dispute_points(session: Session, *, dispute_id: uuid.UUID, now: datetime) -> int:
    """Take back what the disputed part of an order had earned; returns by how many points the buyer has less.

    Once for each time that the dispute is lost. Pending points of an order that is lost whole become due at once, to be
    taken; what was spent is owed. A dispute that is won after all gives them back.
    """
    dispute = session.get_one(Dispute, dispute_id)
    if dispute.order_id is None or dispute.status not in (DisputeState.LOST, DisputeState.WON):
        return 0
    buyer_id = session.execute(_LOCK, {"id": dispute.order_id}).scalar_one()
    session.refresh(dispute)
    base = f"dispute:{dispute_id}:mileage"
    turns = [_key(base, turn) for turn in range(1, TURNS_MAX + 1)]
    taken, given = _known(session, turns), _known(session, [f"{turn}:back" for turn in turns])
    is_taken = taken > given
    if dispute.status == DisputeState.WON:
        return -_give_again(session, buyer_id, dispute, turns[taken - 1], now) if is_taken else 0
    if is_taken or taken == TURNS_MAX:
        return 0
    key = turns[taken]
    known = load_refundable(session, order_id=dispute.order_id, now=now)
    assert known is not None
    left = _left_minor(known)
    points = _lost_points(known, dispute.borne_minor, left)
    if not points:
        return 0
    if dispute.borne_minor >= left:
        for part_id in known.parts:
            mature_mileage(session, part_id=part_id, now=now, is_lost=True)
    take_back(session, user_id=buyer_id, points=points, order_id=dispute.order_id, idem_key=key, now=now)
    fact = Fact(AuditAction.DISPUTE_BOOKED, f"dispute:{dispute_id}", after={"points_taken": points})
    record(session, fact, actor=SYSTEM, now=now)
    return points


def _key(base: str, turn: int) -> str:
    return base if turn == 1 else f"{base}:{turn}"


def _known(session: Session, keys: Sequence[str]) -> int:
    return session.scalar(select(func.count()).where(LedgerEntry.idem_key.in_(keys))) or 0


def _lost_points(known: Refundable, lost_minor: int, left_minor: int) -> int:
    """The points of what is kept, in proportion to what of its money was lost."""
    points = sum(
        still_promised(line.promised, quantity=line.quantity, units_gone=line.units_gone) for line in known.facts.lines
    )
    if not left_minor:
        return 0
    return min(points, round_half_up(Fraction(points * lost_minor, left_minor)))


def _left_minor(known: Refundable) -> int:
    earning = {one.id for one in known.facts.tenders if one.type in EARNING}
    shares = [share for line in known.facts.lines for share in line.shares]
    shares += [share for part in known.facts.parts for share in part.fee_shares]
    return sum(one.amount_minor - one.refunded_minor for one in shares if one.tender_id in earning)


def _give_again(session: Session, buyer_id: uuid.UUID, dispute: Dispute, key: str, now: datetime) -> int:
    points = int(session.execute(_TAKEN, {"key": key}).scalar_one())
    grant_mileage(
        session,
        user_id=buyer_id,
        points=points,
        source="order",
        idem_key=f"{key}:back",
        expires_at=now + LIFE,
        actor=SYSTEM,
        now=now,
        source_order_id=dispute.order_id,
    )
    return points
