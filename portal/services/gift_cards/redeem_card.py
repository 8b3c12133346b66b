"""Redeem a gift card: its worth becomes the gift balance of whoever has the code, once (BAL-09)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.ids import normalise_code
from portal.kit.money import Money
from portal.kit.text import N_
from portal.models import GiftCard, Payment
from portal.rules.gift_cards import is_well_formed
from portal.rules.gift_posting import gift_card_redeemed
from portal.rules.permissions import Actor, Permission, may
from portal.rules.posting import EntryKind
from portal.rules.states import Machine
from portal.services.accounts.may_spend import check_may_spend
from portal.services.audit import AuditAction, Fact, record
from portal.services.gift_cards.activate_card import card_event, index_of
from portal.services.history import Move, record_moves
from portal.services.ledger.post import post
from portal.services.outbox import emit


class GiftCodeUnusableError(PortalError):
    """The one answer to every code that cannot be redeemed: whoever guesses learns nothing."""

    code = "gift_code_unusable"
    sentence = N_("This code cannot be redeemed. Compare it with the mail, letter by letter.")


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What came onto the gift balance, in minor units."""

    amount_minor: int
    currency: str


def worth_of(session: Session, *, typed: str) -> Money | None:
    """What a code is worth that can still be redeemed; None for any other."""
    code = normalise_code(typed)
    if not is_well_formed(code):
        return None
    card = select(GiftCard.amount_minor, GiftCard.currency).where(
        GiftCard.code_index == index_of(code), GiftCard.state == "active"
    )
    row = session.execute(card).one_or_none()
    return None if row is None else Money(row.amount_minor, row.currency)


def redeem_card(session: Session, *, actor: Actor, typed: str, now: datetime) -> Redeemed:
    """Take a card by its code. Raises GiftCodeUnusableError for any that is not good any more, or never was."""
    if actor.user_id is None or not may(actor, Permission.GIFT_CARD_USE, owner_id=actor.user_id):
        raise GiftCodeUnusableError
    check_may_spend(session, user_id=actor.user_id)
    code = normalise_code(typed)
    if not is_well_formed(code):
        raise GiftCodeUnusableError
    card = session.execute(
        select(GiftCard).where(GiftCard.code_index == index_of(code)).with_for_update()
    ).scalar_one_or_none()
    if card is None or card.state != "active" or card.expires_at is None or card.expires_at <= now:
        raise GiftCodeUnusableError
    disputed = select(Payment.status.in_(("disputed", "dispute_lost"))).where(Payment.id == card.payment_id)
    if session.execute(disputed).scalar_one():
        raise GiftCodeUnusableError
    card.state, card.redeemed_by, card.redeemed_at, card.closed_at = "redeemed", actor.user_id, now, now
    card.code = card.code_index = None  # It has done its work.
    session.flush()
    entry_id, _ = post(
        session,
        kind=EntryKind.GIFT_CARD_REDEEMED,
        idem_key=f"gift_card:{card.id}:redeemed",
        lines=gift_card_redeemed(user_id=actor.user_id, currency=card.currency, amount_minor=card.amount_minor),
        now=now,
    )
    record_moves(session, Move(Machine.GIFT_CARD, card.id, "active", "redeemed"), actor=actor, now=now)
    after = {"card": str(card.id), "amount_minor": card.amount_minor, "currency": card.currency}
    record(session, Fact(AuditAction.GIFT_CARD_REDEEMED, f"entry:{entry_id}", after=after), actor=actor, now=now)
    emit(session, card_event("gift_card.redeemed", card), now=now)
    return Redeemed(card.amount_minor, card.currency)
