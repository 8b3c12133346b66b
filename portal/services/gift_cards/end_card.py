"""A gift card ends without being redeemed, or its purchase is given back as far as nobody has spent it (BAL-09)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.money import Money
from portal.kit.text import N_
from portal.models import GiftCard
from portal.rules.gift_posting import cards, gift_card_ended, gift_card_given_back
from portal.rules.permissions import SYSTEM, Actor, Permission, Scope, may, scopes_of
from portal.rules.posting import AccountKind, EntryKind, Line, of_user
from portal.rules.states import Machine
from portal.services.audit import AuditAction, Fact, record
from portal.services.gift_cards.activate_card import card_event
from portal.services.history import Move, record_moves
from portal.services.ledger.post import post
from portal.services.outbox import emit

# What of somebody's gift balance is neither spent nor held, under lock.
_UNSPENT = text(
    """
    SELECT greatest(balance_minor - held_minor - min_balance_minor, 0) FROM ledger_account
     WHERE kind = 'gift' AND owner = :owner AND currency = :currency FOR UPDATE
    """
)


class GiftCardUnknownError(PortalError):
    """There is no such card, or it is somebody else's."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class GiftCardOverError(PortalError):
    code = "gift_card_over"
    status = 409
    sentence = N_("Nothing of this gift card is left to be given back or ended.")


class GiftCardReasonError(PortalError):
    code = "gift_card_reason"
    sentence = N_("Say why: it stands in the record.")


class GiftCardDisputedError(PortalError):
    code = "gift_card_disputed"
    status = 409
    sentence = N_("The bank has the payment of this card. Nothing of it is given back before it has decided.")


def give_card_back(session: Session, *, card_id: uuid.UUID, reason: str, actor: Actor, now: datetime) -> Money:
    """Give what is left of a card to its buyer's deposit; returns how much.

    Its buyer may while nobody has redeemed it. Administrators may afterwards, too: then only what its owner has not
    spent is taken back. Raises GiftCardUnknownError, GiftCardOverError, GiftCardDisputedError, GiftCardReasonError.
    """
    card = _take(session, card_id)
    is_admin = Scope.ALL in scopes_of(actor, Permission.GIFT_CARD_MANAGE)
    is_own = card.buyer_id == actor.user_id and may(actor, Permission.GIFT_CARD_USE, owner_id=card.buyer_id)
    if not (is_admin or is_own):
        raise GiftCardUnknownError
    if card.state not in ("active", "redeemed") or (card.state == "redeemed" and not is_admin):
        raise GiftCardOverError
    why = " ".join(reason.split())
    if is_admin and not why:
        raise GiftCardReasonError
    disputed = text("SELECT status IN ('disputed', 'dispute_lost') FROM payment WHERE id = :id")
    if session.execute(disputed, {"id": card.payment_id}).scalar_one():
        raise GiftCardDisputedError
    source, amount = cards(card.currency), card.amount_minor
    if card.state == "redeemed":
        assert card.redeemed_by is not None
        source = of_user(AccountKind.GIFT, card.redeemed_by, card.currency)
        owner = {"owner": f"user:{card.redeemed_by}", "currency": card.currency}
        amount = min(card.amount_minor - card.back_minor, session.execute(_UNSPENT, owner).scalar_one_or_none() or 0)
    if not amount:
        raise GiftCardOverError
    before = card.state
    card.back_minor += amount
    if before == "active":
        card.state = "given_back"
    lines = gift_card_given_back(source=source, buyer_id=card.buyer_id, currency=card.currency, amount_minor=amount)
    key = f"gift_card:{card.id}:back:{card.back_minor}"
    _close(session, card, before, EntryKind.GIFT_CARD_GIVEN_BACK, key, lines, amount, why or None, actor, now)
    emit(session, card_event("gift_card.given_back", card), now=now)
    return Money(amount, card.currency)


def forget_unpaid_card(session: Session, *, payment_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """The payment of a card will not come: the card never was."""
    card = session.execute(select(GiftCard).where(GiftCard.payment_id == payment_id).with_for_update()).scalar_one()
    if card.state == "unpaid":
        card.state, card.closed_at = "void", now
        session.flush()
        record_moves(
            session, Move(Machine.GIFT_CARD, card.id, "unpaid", "void", reason="not_paid"), actor=actor, now=now
        )


def void_card(session: Session, *, card_id: uuid.UUID, reason: str, actor: Actor, now: datetime) -> None:
    """End a card that nobody has redeemed, and give nothing back: bought with a stolen card, say.

    Raises GiftCardUnknownError, GiftCardOverError, GiftCardReasonError.
    """
    card = _take(session, card_id)
    if Scope.ALL not in scopes_of(actor, Permission.GIFT_CARD_MANAGE):
        raise GiftCardUnknownError
    why = " ".join(reason.split())
    if not why:
        raise GiftCardReasonError
    if card.state != "active":
        raise GiftCardOverError
    _end(session, card, "void", why, actor, now)


def cards_due(session: Session, *, now: datetime, limit: int = 200) -> list[uuid.UUID]:
    """Cards whose time is over."""
    found = select(GiftCard.id).where(GiftCard.state == "active", GiftCard.expires_at <= now)
    return list(session.scalars(found.order_by(GiftCard.expires_at).limit(limit)))


def expire_card(session: Session, *, card_id: uuid.UUID, now: datetime) -> bool:
    """End a card whose time is over; False when it was redeemed or ended meanwhile."""
    card = _take(session, card_id)
    if card.state != "active" or card.expires_at is None or card.expires_at > now:
        return False
    _end(session, card, "expired", "time_over", SYSTEM, now)
    return True


def _take(session: Session, card_id: uuid.UUID) -> GiftCard:
    card = session.execute(select(GiftCard).where(GiftCard.id == card_id).with_for_update()).scalar_one_or_none()
    if card is None:
        raise GiftCardUnknownError
    return card


def _end(session: Session, card: GiftCard, state: str, why: str, actor: Actor, now: datetime) -> None:
    before, card.state = card.state, state
    lines = gift_card_ended(currency=card.currency, amount_minor=card.amount_minor)
    key = f"gift_card:{card.id}:{state}"
    _close(session, card, before, EntryKind.GIFT_CARD_ENDED, key, lines, card.amount_minor, why, actor, now)
    emit(session, card_event("gift_card.ended" if state == "expired" else "gift_card.void", card), now=now)


def _close(
    session: Session,
    card: GiftCard,
    before: str,
    kind: EntryKind,
    key: str,
    lines: tuple[Line, ...],
    amount: int,
    why: str | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Post it, and keep no code of what cannot be redeemed any more."""
    card.code = card.code_index = None
    card.closed_at, card.reason = card.closed_at or now, why or card.reason
    session.flush()
    entry_id, _ = post(session, kind=kind, idem_key=key, lines=lines, now=now)
    if before != card.state:
        record_moves(session, Move(Machine.GIFT_CARD, card.id, before, card.state, reason=why), actor=actor, now=now)
    after = {"card": str(card.id), "amount_minor": amount, "currency": card.currency, "state": card.state}
    fact = Fact(AuditAction.GIFT_CARD_ENDED, f"entry:{entry_id}", after=after, reason=why)
    record(session, fact, actor=actor, now=now)
