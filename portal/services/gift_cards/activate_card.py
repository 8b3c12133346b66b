"""A gift card that is paid gets its code and is sent (BAL-09)."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.crypto import blind_index
from portal.kit.ids import ALPHABET
from portal.models import Channel, GiftCard
from portal.rules.gift_cards import CODE_LENGTH, check_letter, terms_of
from portal.rules.gift_posting import gift_card_sold
from portal.rules.permissions import Actor
from portal.rules.posting import EntryKind
from portal.rules.states import Machine
from portal.services.audit import AuditAction, Fact, record
from portal.services.history import Move, record_moves
from portal.services.ledger.post import post
from portal.services.outbox import Event, emit

# As of a card's number: enough to name one of many, far from enough to guess the rest.
CODE_END_LENGTH = 4


def index_of(code: str) -> bytes:
    """How a card is found by its code in normal form: by a keyed hash, which nobody can try out on a stolen dump."""
    return blind_index(f"gift-card:{code}")


def activate_card(session: Session, *, payment_id: uuid.UUID, gateway: str, actor: Actor, now: datetime) -> None:
    """Book what was taken as owed to whoever redeems the card, make its code, and have it sent."""
    card = session.execute(select(GiftCard).where(GiftCard.payment_id == payment_id).with_for_update()).scalar_one()
    policy = session.execute(select(Channel.policy).where(Channel.id == card.channel_id)).scalar_one()
    terms = terms_of(card.currency, {**policy, "gift_card": {**policy.get("gift_card", {}), "closed": False}})
    assert terms is not None  # It was sold under such terms.
    body = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH - 1))
    code = body + check_letter(body)
    card.code, card.code_index, card.code_end = code, index_of(code), code[-CODE_END_LENGTH:]
    card.state, card.expires_at = "active", now + terms.valid_for
    session.flush()
    entry_id, _ = post(
        session,
        kind=EntryKind.GIFT_CARD_SOLD,
        idem_key=f"payment:{payment_id}",
        lines=gift_card_sold(gateway=gateway, currency=card.currency, amount_minor=card.amount_minor),
        now=now,
    )
    record_moves(session, Move(Machine.GIFT_CARD, card.id, "unpaid", "active"), actor=actor, now=now)
    after = {"card": str(card.id), "amount_minor": card.amount_minor, "currency": card.currency}
    record(session, Fact(AuditAction.GIFT_CARD_SOLD, f"entry:{entry_id}", after=after), actor=actor, now=now)
    emit(session, card_event("gift_card.sold", card), now=now)


def card_event(kind: str, card: GiftCard) -> Event:
    """A fact about a card, heard by its buyer's pages. It never holds the code."""
    payload = {"card": str(card.id), "amount_minor": card.amount_minor, "currency": card.currency}
    return Event(
        kind,
        f"payment:{card.payment_id}",
        payload,
        channel_id=card.channel_id,
        profile_id=card.buyer_id,
        priority="high",
    )
