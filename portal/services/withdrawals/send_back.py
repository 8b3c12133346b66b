"""An approved withdrawal is split: back through the payments it came from, the rest to the bank (REF-08)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.ids import new_id
from portal.models import Destination, Payout, RefundLeg, Withdrawal
from portal.queries.withdrawal_ways import PaidBy
from portal.rules.permissions import Actor
from portal.rules.states import Machine
from portal.rules.withdrawals import spread
from portal.services.history import Move, record_moves
from portal.services.outbox import emit
from portal.services.refunds.follow_withdrawal import close_withdrawal, return_to_deposit, withdrawal_event


def send_back(session: Session, *, row: Withdrawal, ways: Sequence[PaidBy], actor: Actor, now: datetime) -> None:
    """Write the legs, which workers send, and the payout of what is left; without a bank that is deposit again.

    The caller has locked the payments of `ways`, and has moved the withdrawal to approved.
    """
    parts, rest = spread(row.amount_minor, [one.way for one in ways])
    for way, amount in parts:
        leg_id = new_id()
        leg = {
            "id": leg_id,
            "withdrawal_id": row.id,
            "amount_minor": amount,
            "op_key": f"ref_{leg_id.hex}",
            "status": "approved",
            "updated_at": now,
            "destination": Destination.ORIGINAL,
            "attempt_id": way.attempt_id,
            "due_at": now,
        }
        insert_rows(session, RefundLeg, [leg])
        record_moves(session, Move(Machine.REFUND_LEG, leg_id, None, "approved"), actor=actor, now=now)
    if rest and row.bank:
        session.add(
            Payout(
                id=new_id(),
                user_id=row.user_id,
                withdrawal_id=row.id,
                currency=row.currency,
                amount_minor=rest,
                bank=row.bank,
                state="waiting",
                requested_at=now,
            )
        )
        session.flush()
    elif rest:
        key = f"withdrawal:{row.id}:no_way"
        return_to_deposit(session, row=row, amount_minor=rest, key=key, reason="no_way", actor=actor, now=now)
    emit(session, withdrawal_event("withdrawal.approved", row), now=now)
    close_withdrawal(session, row=row, actor=actor, now=now)
