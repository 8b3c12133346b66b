"""Carry out a correction, and take one back: each line is a transaction and an entry of its own (BAL-07)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.models import Adjustment, AdjustmentLine
from portal.rules.balance_posting import balance_adjusted
from portal.rules.mileage import GRACE, net_of_debt
from portal.rules.permissions import Actor, Role
from portal.rules.posting import POINTS, AccountKind, EntryKind, of_user
from portal.rules.states import Machine
from portal.services.audit import AuditAction, Fact, record
from portal.services.history import Move, record_moves
from portal.services.ledger.accounts import ensure_accounts
from portal.services.ledger.post import post
from portal.services.ledger.reverse import reverse
from portal.services.mileage.take_back import owed_points
from portal.services.mileage.write_lot import write_lot
from portal.services.outbox import Event, emit

TOO_LOW = "BALANCE_TOO_LOW"

_BALANCE = text(
    "SELECT balance_minor, balance_minor - held_minor AS free FROM ledger_account WHERE id = :id FOR UPDATE"
)
# The correction's own lot first, then the one that ends soonest.
_TAKE = text(
    """
    WITH stood AS (
        SELECT id, remaining,
               sum(remaining) OVER (ORDER BY (source <> :source), expires_at, id) - remaining AS before
          FROM mileage_lot WHERE account_id = :account_id AND remaining > 0
    )
    UPDATE mileage_lot l SET remaining = l.remaining - least(s.remaining, :points - s.before)
      FROM stood s WHERE s.id = l.id AND s.before < :points
    RETURNING l.id, least(s.remaining, :points - s.before)::bigint AS points
    """
)
_GIVE_BACK = text(
    """
    UPDATE mileage_lot l SET remaining = l.remaining + w.points, expires_at = greatest(l.expires_at, :not_before)
      FROM unnest(CAST(:lots AS bigint[]), CAST(:points AS bigint[])) AS w (id, points) WHERE l.id = w.id
    """
)


def open_adjustments(session: Session) -> list[uuid.UUID]:
    """Corrections that are being carried out or taken back."""
    return list(session.scalars(select(Adjustment.id).where(Adjustment.state.in_(("running", "undoing")))))


def work_on_line(session: Session, *, adjustment_id: uuid.UUID, now: datetime) -> bool:
    """Carry out (or take back) the next line; False when none is left, and then the correction has ended.

    Safe in several workers at once: a line that another has is passed over.
    """
    adjustment = session.get_one(Adjustment, adjustment_id)
    wanted = {"running": "ready", "undoing": "applied"}.get(adjustment.state)
    if wanted is None:
        return False
    line = session.execute(
        select(AdjustmentLine)
        .where(AdjustmentLine.adjustment_id == adjustment_id, AdjustmentLine.state == wanted)
        .order_by(AdjustmentLine.n)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).scalar_one_or_none()
    if line is None:
        _end(session, adjustment_id, wanted, now)
        return False
    if wanted == "ready":
        _apply(session, adjustment, line, now)
    else:
        _undo(session, adjustment, line, now)
    session.flush()
    return True


def _apply(session: Session, adjustment: Adjustment, line: AdjustmentLine, now: datetime) -> None:
    assert line.user_id is not None
    assert line.amount_minor is not None
    amount = line.amount_minor
    account = of_user(AccountKind(adjustment.kind), line.user_id, adjustment.currency)
    account_id = ensure_accounts(session, [account])[account]
    is_gift_of_points = adjustment.currency == POINTS and amount > 0
    paid = net_of_debt(amount, owed=owed_points(session, user_id=line.user_id))[0] if is_gift_of_points else 0
    stood = session.execute(_BALANCE, {"id": account_id}).one()
    if amount < 0 and stood.free + amount < 0:
        line.state, line.code = "failed", TOO_LOW
        return
    entry_id, _ = post(
        session,
        kind=EntryKind.BALANCE_ADJUSTED,
        idem_key=f"adjustment:{adjustment.id}:{line.n}",
        lines=balance_adjusted(account=account, amount_minor=amount, owed_points=paid),
        now=now,
        note=adjustment.reason,
    )
    if is_gift_of_points:
        assert adjustment.expires_at is not None
        source = _source(line)
        write_lot(
            session,
            user_id=line.user_id,
            points=amount - paid,
            source=source,
            expires_at=adjustment.expires_at,
            now=now,
        )
    elif adjustment.currency == POINTS:
        line.lots = _take(session, account_id, _source(line), -amount)
    line.state, line.entry_id = "applied", entry_id
    line.before_minor, line.after_minor = stood.balance_minor, stood.balance_minor + amount - paid
    fact = Fact(
        AuditAction.BALANCE_ADJUSTED,
        f"entry:{entry_id}",
        before={"balance_minor": line.before_minor},
        after=_after(adjustment, line, line.after_minor),
        reason=adjustment.reason,
    )
    _tell(session, adjustment, line, fact, adjustment.made_by, now)


def _undo(session: Session, adjustment: Adjustment, line: AdjustmentLine, now: datetime) -> None:
    assert line.user_id is not None
    assert line.entry_id is not None
    assert line.before_minor is not None
    assert line.after_minor is not None
    assert adjustment.undone_by is not None
    moved = line.after_minor - line.before_minor
    account = of_user(AccountKind(adjustment.kind), line.user_id, adjustment.currency)
    account_id = ensure_accounts(session, [account])[account]
    stood = session.execute(_BALANCE, {"id": account_id}).one()
    if stood.free - moved < 0:
        # It was spent: nobody's balance goes below zero, and whoever undoes it sees which lines are left.
        line.state, line.code = "kept", TOO_LOW
        return
    undo_id = reverse(
        session, entry_id=line.entry_id, kind=EntryKind.ADJUSTMENT_UNDONE, now=now, note=adjustment.undo_reason
    )
    if adjustment.currency == POINTS and moved > 0:
        _take(session, account_id, _source(line), moved)
    elif line.lots:
        values = {"lots": [lot for lot, _ in line.lots], "points": [points for _, points in line.lots]}
        session.execute(_GIVE_BACK, {**values, "not_before": now + GRACE})
    line.state, line.undo_entry_id = "undone", undo_id
    fact = Fact(
        AuditAction.BALANCE_ADJUSTMENT_UNDONE,
        f"entry:{undo_id}",
        before={"balance_minor": stood.balance_minor},
        after=_after(adjustment, line, stood.balance_minor - moved),
        reason=adjustment.undo_reason,
    )
    _tell(session, adjustment, line, fact, adjustment.undone_by, now)


def _take(session: Session, account_id: int, source: str, points: int) -> list[list[int]]:
    rows = session.execute(_TAKE, {"account_id": account_id, "source": source, "points": points})
    return [[row.id, row.points] for row in rows]


def _source(line: AdjustmentLine) -> str:
    return f"adjustment:{line.id}"


def _after(adjustment: Adjustment, line: AdjustmentLine, balance_minor: int) -> dict[str, object]:
    return {
        "balance_minor": balance_minor,
        "account": f"{adjustment.kind}:user:{line.user_id}:{adjustment.currency}",
        "adjustment": str(adjustment.id),
        "second": str(adjustment.decided_by) if adjustment.decided_by else None,
    }


def _tell(
    session: Session, adjustment: Adjustment, line: AdjustmentLine, fact: Fact, by: uuid.UUID, now: datetime
) -> None:
    """Into the record under the name of whoever has it done; the person's own pages hear of it."""
    record(session, fact, actor=Actor(user_id=by, roles=frozenset({Role.ADMIN})), now=now)
    payload = {"kind": adjustment.kind, "currency": adjustment.currency, "about": fact.ref}
    event = Event("balance.adjusted", f"user:{line.user_id}", payload, profile_id=line.user_id)
    emit(session, event, now=now)


def _end(session: Session, adjustment_id: uuid.UUID, wanted: str, now: datetime) -> None:
    """The last line is done: by whoever finds that nobody works on another."""
    row = session.execute(
        select(Adjustment)
        .where(Adjustment.id == adjustment_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()
    left = select(AdjustmentLine.id).where(
        AdjustmentLine.adjustment_id == adjustment_id, AdjustmentLine.state == wanted
    )
    if row.state not in {"running", "undoing"} or session.scalar(select(left.exists())):
        return
    new, by = ("done", row.made_by) if row.state == "running" else ("undone", row.undone_by)
    actor = Actor(user_id=by, roles=frozenset({Role.ADMIN}))
    record_moves(session, Move(Machine.ADJUSTMENT, row.id, row.state, new), actor=actor, now=now)
    row.state, row.ended_at = new, now
    session.flush()
    emit(
        session, Event(f"adjustment.{new}", f"adjustment:{row.id}", {"adjustment": str(row.id), "state": new}), now=now
    )
