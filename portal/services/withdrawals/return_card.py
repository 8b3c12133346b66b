"""A gift card that is given back goes to the payment that bought it, as far as that still takes it (BAL-09, REF-08)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.kit.ids import new_id
from portal.kit.money import Money
from portal.models import GiftCard, Withdrawal
from portal.queries.withdrawal_ways import PaidBy, ways_back
from portal.rules.permissions import Actor
from portal.rules.posting import EntryKind, withdrawal_requested
from portal.rules.states import Machine
from portal.rules.withdrawals import spread
from portal.services.accounts.may_spend import check_owner_may_spend
from portal.services.audit import AuditAction, Fact, record
from portal.services.gift_cards.end_card import GiftCardUnknownError, give_card_back
from portal.services.history import Move, record_moves
from portal.services.ledger.post import post
from portal.services.withdrawals.decide_withdrawal import carry_out

# What of the buyer's deposit is free: money may be held there for a dispute, or be owed.
_FREE = text(
    """
    SELECT greatest(balance_minor - held_minor - min_balance_minor, 0)::bigint FROM ledger_account
     WHERE kind = 'deposit' AND owner = :owner AND currency = :currency FOR UPDATE
    """
)


def return_card(
    session: Session, *, card_id: uuid.UUID, reason: str, actor: Actor, now: datetime
) -> tuple[Money, Money]:
    """Give what is left of a card back; returns how much it is, and how much of it goes to the payment of the card.

    The rest stays on the buyer's deposit. Raises as give_card_back, and OwnerFrozenError.
    """
    card = session.execute(
        select(GiftCard.buyer_id, GiftCard.payment_id, GiftCard.currency).where(GiftCard.id == card_id)
    ).one_or_none()
    if card is None:
        raise GiftCardUnknownError
    check_owner_may_spend(session, user_id=card.buyer_id)
    ways = ways_back(
        session, user_id=card.buyer_id, currency=card.currency, now=now, payment_id=card.payment_id, lock=True
    )
    back = give_card_back(session, card_id=card_id, reason=reason, actor=actor, now=now)
    free = session.execute(_FREE, {"owner": f"user:{card.buyer_id}", "currency": card.currency}).scalar_one()
    parts, _ = spread(min(back.minor, free), [one.way for one in ways])
    amount = sum(part for _, part in parts)
    if amount:
        _send(session, card_id, card.buyer_id, Money(amount, card.currency), ways, actor, now)
    return back, Money(amount, card.currency)


def _send(
    session: Session,
    card_id: uuid.UUID,
    buyer_id: uuid.UUID,
    amount: Money,
    ways: Sequence[PaidBy],
    actor: Actor,
    now: datetime,
) -> None:
    row = Withdrawal(
        id=new_id(),
        user_id=buyer_id,
        idem_key=f"gift_card:{card_id}:{new_id()}",
        currency=amount.currency,
        amount_minor=amount.minor,
        status="requested",
        holds=[],
        requested_at=now,
    )
    session.add(row)
    session.flush()
    entry_id, _ = post(
        session,
        kind=EntryKind.WITHDRAWAL_REQUESTED,
        idem_key=f"withdrawal:{row.id}",
        lines=withdrawal_requested(user_id=buyer_id, currency=amount.currency, amount_minor=amount.minor),
        now=now,
    )
    record_moves(session, Move(Machine.WITHDRAWAL, row.id, None, "requested"), actor=actor, now=now)
    after = {"amount_minor": amount.minor, "card": str(card_id), "withdrawal": str(row.id)}
    record(session, Fact(AuditAction.WITHDRAWAL_REQUESTED, f"entry:{entry_id}", after=after), actor=actor, now=now)
    carry_out(session, row=row, ways=ways, actor=actor, now=now)
