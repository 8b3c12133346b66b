"""A payout is approved, held back, and marked as paid; and how often a store is paid (BAL-13)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.money import Money
from portal.kit.text import N_
from portal.models import SellerPayout, Store
from portal.queries.store_profile import load_bank
from portal.rules.balance_posting import payout_paid
from portal.rules.payouts import Period, holds_of
from portal.rules.permissions import Actor, Permission, Scope, scopes_of
from portal.rules.posting import EntryKind
from portal.rules.states import Machine
from portal.rules.step_up import StepUpAction
from portal.services.accounts.step_up import Binding, check_step_up
from portal.services.audit import AuditAction, Fact, record
from portal.services.history import Move, record_moves
from portal.services.ledger.post import post
from portal.services.outbox import Event, emit

REFERENCE_LENGTH_MAX = 100


class PayoutUnknownError(PortalError):
    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class PayoutDecidedError(PortalError):
    code = "payout_decided"
    status = 409
    sentence = N_("This payout is not open for that any more. Nothing was changed by you.")


class PayoutTextMissingError(PortalError):
    code = "payout_text_missing"
    sentence = N_("Say why, or give the bank's reference: it stands in the record.")


# Two payouts of one store wait for each other at the account's row.
_OWED = text(
    """
    WITH locked AS (SELECT id FROM ledger_account WHERE kind = 'seller_payable' AND owner = :owner
                       AND currency = :currency FOR UPDATE)
    SELECT coalesce(sum(p.amount_minor), 0)::bigint FROM ledger_posting p JOIN locked ON locked.id = p.account_id
    """
)
_HAS_HOLD = text(
    """
    SELECT EXISTS (SELECT FROM seller_statement_line l JOIN order_hold h ON h.order_id = l.order_id
                     JOIN order_part p ON p.id = h.part_id AND p.store_id = :store_id
                    WHERE l.statement_id = :statement_id AND h.released_at IS NULL)
    """
)

_OWNER_FROZEN = text(
    """
    SELECT EXISTS (SELECT FROM store_member m JOIN user_account u ON u.id = m.user_id
                    WHERE m.store_id = :store_id AND m.role = 'owner' AND u.state = 'frozen')
    """
)


def approve_payout(session: Session, *, payout_id: uuid.UUID, actor: Actor, now: datetime) -> bool:
    """Let a payout go out; False where something holds it back, which is written down instead.

    Raises PayoutUnknownError, PayoutDecidedError, and StepUpNeededError above the threshold.
    """
    row = _take(session, payout_id, actor)
    if row.state not in {"waiting", "held"}:
        raise PayoutDecidedError
    if holds := _holds(session, row, now):
        _hold(session, row, holds, None, actor, now)
        return False
    _prove(session, row, actor, now)
    row.approved_by, row.approved_at, row.holds, row.note = actor.user_id, now, [], None
    _move(session, row, "approved", actor, now)
    return True


def hold_payout(session: Session, *, payout_id: uuid.UUID, reason: str, actor: Actor, now: datetime) -> bool:
    """Hold a payout back by hand; True, for it is held.

    Raises PayoutUnknownError, PayoutDecidedError, PayoutTextMissingError.
    """
    kept = " ".join(reason.replace("\0", "").split())[:500]
    if not kept:
        raise PayoutTextMissingError
    row = _take(session, payout_id, actor)
    if row.state not in {"waiting", "approved"}:
        raise PayoutDecidedError
    _hold(session, row, ["by_hand"], kept, actor, now)
    return True


def pay_payout(session: Session, *, payout_id: uuid.UUID, reference: str, actor: Actor, now: datetime) -> bool:
    """Record that the transfer was made, into the books too; False where something holds it back now.

    Raises PayoutUnknownError, PayoutDecidedError, PayoutTextMissingError.
    """
    kept = " ".join(reference.replace("\0", "").split())[:REFERENCE_LENGTH_MAX]
    if not kept:
        raise PayoutTextMissingError
    row = _take(session, payout_id, actor)
    if row.state != "approved":
        raise PayoutDecidedError
    if holds := _holds(session, row, now):
        _hold(session, row, holds, None, actor, now)
        return False
    entry_id, _ = post(
        session,
        kind=EntryKind.PAYOUT_PAID,
        idem_key=f"payout:{row.id}",
        lines=payout_paid(store_id=row.store_id, currency=row.currency, amount_minor=row.amount_minor),
        now=now,
        note=kept,
    )
    row.paid_by, row.paid_at, row.reference = actor.user_id, now, kept
    # State and time stand or fall together.
    record_moves(session, Move(Machine.PAYOUT, row.id, row.state, "paid"), actor=actor, now=now)
    row.state = "paid"
    session.flush()
    after = {"payout": str(row.id), "store": row.store_id, "amount_minor": row.amount_minor}
    record(session, Fact(AuditAction.PAYOUT_PAID, f"entry:{entry_id}", after=after, reason=kept), actor=actor, now=now)
    _tell(session, row, now)
    return True


def change_period(session: Session, *, store_id: int, period: Period, actor: Actor, now: datetime) -> None:
    """Pay a store every week or every month from the period that runs now. Raises PayoutUnknownError."""
    _check_may(actor)
    store = session.execute(select(Store).where(Store.id == store_id).with_for_update()).scalar_one_or_none()
    if store is None:
        raise PayoutUnknownError
    if store.payout_period == period:
        return
    fact = Fact(
        AuditAction.PAYOUT_RULE_CHANGED,
        f"store:{store_id}",
        before={"period": store.payout_period},
        after={"period": period.value},
    )
    record(session, fact, actor=actor, now=now)
    store.payout_period = period.value
    session.flush()


def _check_may(actor: Actor) -> None:
    if Scope.ALL not in scopes_of(actor, Permission.PAYOUT_MAKE):
        raise PayoutUnknownError


def _take(session: Session, payout_id: uuid.UUID, actor: Actor) -> SellerPayout:
    _check_may(actor)
    row = session.execute(
        select(SellerPayout).where(SellerPayout.id == payout_id).with_for_update()
    ).scalar_one_or_none()
    # Whoever sells in a store does not decide about its money.
    if row is None or row.store_id in actor.store_ids:
        raise PayoutUnknownError
    return row


def _holds(session: Session, row: SellerPayout, now: datetime) -> list[str]:
    owed = session.execute(_OWED, {"owner": f"store:{row.store_id}", "currency": row.currency}).scalar_one()
    has_hold = session.execute(_HAS_HOLD, {"store_id": row.store_id, "statement_id": row.statement_id}).scalar_one()
    state = session.execute(select(Store.state).where(Store.id == row.store_id)).scalar_one()
    bank = load_bank(session, store_id=row.store_id)
    frozen = session.execute(_OWNER_FROZEN, {"store_id": row.store_id}).scalar_one()
    return list(
        holds_of(
            amount_minor=row.amount_minor,
            balance_minor=owed,
            has_order_hold=has_hold,
            store_state=state,
            owner_frozen=frozen,
            has_bank=bank is not None,
            bank_rests=bank is not None and bank.payouts_wait_until is not None and bank.payouts_wait_until > now,
        )
    )


def _prove(session: Session, row: SellerPayout, actor: Actor, now: datetime) -> None:
    slug = session.execute(select(Store.slug).where(Store.id == row.store_id)).scalar_one()
    binding = Binding(f"payout:{row.id}", Money(row.amount_minor, row.currency), {"store": slug})
    check_step_up(session, actor=actor, action=StepUpAction.RELEASE_PAYOUT, binding=binding, now=now)


def _hold(
    session: Session, row: SellerPayout, holds: Sequence[str], note: str | None, actor: Actor, now: datetime
) -> None:
    row.holds, row.note = list(holds), note
    row.approved_by = row.approved_at = None
    if row.state == "held":
        session.flush()
        return
    _move(session, row, "held", actor, now, reason=note or ", ".join(holds))


def _move(
    session: Session, row: SellerPayout, new: str, actor: Actor, now: datetime, *, reason: str | None = None
) -> None:
    old = row.state
    record_moves(session, Move(Machine.PAYOUT, row.id, old, new, reason=reason), actor=actor, now=now)
    row.state = new
    session.flush()
    fact = Fact(
        AuditAction.PAYOUT_DECIDED,
        f"payout:{row.id}",
        before={"state": old},
        after={"state": new, "store": row.store_id, "amount_minor": row.amount_minor},
        reason=reason,
    )
    record(session, fact, actor=actor, now=now)
    _tell(session, row, now)


def _tell(session: Session, row: SellerPayout, now: datetime) -> None:
    payload = {"payout": str(row.id), "store": row.store_id, "amount_minor": row.amount_minor, "currency": row.currency}
    emit(session, Event(f"payout.{row.state}", f"store:{row.store_id}", payload), now=now)
