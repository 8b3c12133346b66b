"""What a dispute moves in the books: taken by the bank, given back, lost and borne by whom (STR-05)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.gateways.base import DisputeState
from portal.models import Dispute
from portal.rules.dispute_posting import (
    dispute_charged,
    dispute_held,
    dispute_lost,
    dispute_recovered,
    dispute_returned,
)
from portal.rules.disputes import PLATFORM, Bearer, share_loss
from portal.rules.permissions import Actor
from portal.rules.posting import EntryKind, Line
from portal.services.audit import AuditAction, Fact, record
from portal.services.disputes.secure_deposit import secure_deposit, use_secured
from portal.services.ledger.post import post

# Somebody whose deposit bears a loss, among those who do.
USER = "user:"

# What the payment brought each store and has not given back.
_SHARES = text(
    """
    SELECT r.store_id, sum(s.amount_minor - s.refunded_minor)::bigint AS minor
      FROM payment p JOIN tender_share s ON s.tender_id = p.tender_id
      LEFT JOIN order_line l ON l.id = s.line_id JOIN order_part r ON r.id = coalesce(s.part_id, l.part_id)
     WHERE p.id = :id GROUP BY r.store_id ORDER BY r.store_id
    """
)


def book_dispute(session: Session, *, dispute: Dispute, held_minor: int, actor: Actor, now: datetime) -> None:
    """Bring the books to what is so: `held_minor` is with the bank; of a lost dispute all of that is somebody's loss.

    The fee is not booked here: the gateway's report brings it, as that of every payment (BAL-11).
    """
    borne = held_minor if dispute.status == DisputeState.LOST else 0
    if borne < dispute.borne_minor:
        _bear(session, dispute, borne - dispute.borne_minor, actor, now)
    if held_minor != dispute.held_minor:
        _hold(session, dispute, held_minor - dispute.held_minor, actor, now)
    if borne > dispute.borne_minor:
        _bear(session, dispute, borne - dispute.borne_minor, actor, now)
    secure_deposit(session, dispute=dispute, now=now)
    session.flush()


def _hold(session: Session, dispute: Dispute, change: int, actor: Actor, now: datetime) -> None:
    kind, template = (
        (EntryKind.DISPUTE_HELD, dispute_held) if change > 0 else (EntryKind.DISPUTE_RETURNED, dispute_returned)
    )
    dispute.held_minor += change
    lines = template(gateway=dispute.gateway, currency=dispute.currency, amount_minor=abs(change))
    _write(session, dispute, kind, lines, actor, now)


def _bear(session: Session, dispute: Dispute, change: int, actor: Actor, now: datetime) -> None:
    """Book a loss, or undo it where `change` is below zero."""
    brought = _bearers(session, dispute, change) if change > 0 else {}
    dispute.borne_minor += change
    for who, part in share_loss(change_minor=change, borne_by=dispute.borne_by, brought=brought).items():
        left = dispute.borne_by.get(who, 0) + part
        dispute.borne_by = {name: minor for name, minor in (dispute.borne_by | {who: left}).items() if minor}
        if who == PLATFORM:
            lines = dispute_lost(currency=dispute.currency, amount_minor=part)
            _write(session, dispute, EntryKind.DISPUTE_LOST, lines, actor, now)
        elif who.startswith(USER):
            owner = uuid.UUID(who.removeprefix(USER))
            lines = dispute_recovered(user_id=owner, currency=dispute.currency, amount_minor=part)
            _write(session, dispute, EntryKind.DISPUTE_RECOVERED, lines, actor, now)
        else:
            lines = dispute_charged(store_id=int(who), currency=dispute.currency, amount_minor=part)
            _write(session, dispute, EntryKind.DISPUTE_CHARGED, lines, actor, now)


def _bearers(session: Session, dispute: Dispute, change: int) -> dict[str, int]:
    """In what proportion a loss is borne: by the deposit that was topped up, as far as it could be held, by stores."""
    secured = use_secured(session, dispute=dispute)
    if secured is None:
        return _brought(session, dispute) if dispute.bearer == Bearer.SELLER else {}
    taken = min(secured.amount_minor, change)
    return {f"{USER}{secured.user_id}": taken, PLATFORM: change - taken} if taken else {}


def _brought(session: Session, dispute: Dispute) -> dict[str, int]:
    rows = session.execute(_SHARES, {"id": dispute.payment_id}).all()
    return {str(row.store_id): row.minor for row in rows if row.minor > 0}


def _write(
    session: Session, dispute: Dispute, kind: EntryKind, lines: tuple[Line, ...], actor: Actor, now: datetime
) -> None:
    dispute.entries += 1
    entry_id, _ = post(
        session,
        kind=kind,
        idem_key=f"dispute:{dispute.id}:{dispute.entries}",
        lines=lines,
        now=now,
        order_id=dispute.order_id,
    )
    after = {"kind": kind.value, "held_minor": dispute.held_minor, "borne_minor": dispute.borne_minor}
    facts = [Fact(AuditAction.DISPUTE_BOOKED, f"dispute:{dispute.id}", after=after)]
    if dispute.order_id is None:
        facts.append(Fact(AuditAction.LEDGER_POSTED, f"entry:{entry_id}", after=after))
    record(session, *facts, actor=actor, now=now)
