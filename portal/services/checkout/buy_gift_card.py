"""Buy a gift card: a payment of its own, and the card that it will pay for (BAL-09)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.errors import RejectedError
from portal.kit.ids import new_id
from portal.kit.money import Money
from portal.models import GiftCard, Payment
from portal.queries.channels import ChannelView
from portal.rules.channels import State
from portal.rules.fraud import Outcome
from portal.rules.gift_cards import refusal_of, terms_of
from portal.rules.permissions import Actor, Permission, may
from portal.rules.purposes import PaymentPurpose
from portal.rules.states import Machine
from portal.rules.step_up import StepUpAction
from portal.services.accounts.emails import normalise_email
from portal.services.accounts.may_spend import check_may_spend
from portal.services.accounts.step_up import Binding
from portal.services.checkout.begin_payment import Begun, begin_payment
from portal.services.checkout.means import Means
from portal.services.checkout.place_order import Blocked, ChannelClosedError, NotAllowedError
from portal.services.fraud.prove_risk import prove_risk
from portal.services.fraud.score_payment import PaymentBlockedError, score_payment
from portal.services.history import Move, record_moves
from portal.services.idempotency import claim_key, fingerprint

NAME_LENGTH_MAX = 100
MESSAGE_LENGTH_MAX = 500


@dataclass(frozen=True, slots=True)
class GiftCardWish:
    """What somebody sends: how much in minor units of the channel's currency, to whom, and how it is paid."""

    key: str
    amount_minor: int
    recipient: str
    sender: str
    message: str
    means: Means
    locale: str
    return_url: str
    ip: str | None = None


def buy_gift_card(
    session: Session, *, actor: Actor, channel: ChannelView, wish: GiftCardWish, key_lifetime: timedelta, now: datetime
) -> Begun | Blocked:
    """Begin the payment; the card gets its code and is sent once the money is in.

    Raises NotAllowedError, ChannelClosedError, AccountFrozenError, EmailUnfitError, RejectedError for an amount or a
    method, StepUpNeededError above the threshold or where the risk wants a proof, TryAgainLaterError, and the errors of
    rates and of idempotency keys; then nothing has changed.
    """
    if actor.user_id is None or not may(actor, Permission.GIFT_CARD_USE, owner_id=actor.user_id):
        raise NotAllowedError
    if channel.state != State.LIVE:
        raise ChannelClosedError
    check_may_spend(session, user_id=actor.user_id)
    recipient = normalise_email(wish.recipient)
    payment_id = new_id()
    means = wish.means
    mark = fingerprint([channel.code, wish.amount_minor, recipient, means.method, str(means.saved_method_id)])
    known = claim_key(
        session,
        scope=f"gift_card:{actor.user_id}",
        key=wish.key,
        mark=mark,
        now=now,
        lifetime=key_lifetime,
        subject_id=payment_id,
    )
    if known is not None:
        return _first_answer(session, known.subject_id)
    refusal = refusal_of(wish.amount_minor, channel.currency, terms_of(channel.currency, channel.policy))
    if refusal is not None:
        raise RejectedError(refusal)
    risk = score_payment(
        session,
        purpose=PaymentPurpose.GIFT_CARD,
        actor=actor,
        currency=channel.currency,
        payment_id=payment_id,
        amount_minor=wish.amount_minor,
        ip=wish.ip,
        now=now,
    )
    if risk.outcome is Outcome.BLOCK:
        return Blocked(PaymentBlockedError())
    binding = Binding(f"gift-card:{actor.user_id}", Money(wish.amount_minor, channel.currency))
    prove_risk(session, risk=risk, actor=actor, action=StepUpAction.BUY_GIFT_CARD, binding=binding, now=now)
    begun = begin_payment(
        session,
        payment_id=payment_id,
        purpose=PaymentPurpose.GIFT_CARD,
        actor=actor,
        owner_id=actor.user_id,
        channel=channel,
        amount_minor=wish.amount_minor,
        means=means,
        locale=wish.locale,
        return_url=wish.return_url,
        now=now,
    )
    card_id = new_id()
    row = {
        "id": card_id,
        "buyer_id": actor.user_id,
        "payment_id": payment_id,
        "channel_id": channel.id,
        "currency": channel.currency,
        "amount_minor": wish.amount_minor,
        "state": "unpaid",
        "recipient": recipient,
        "sender": " ".join(wish.sender.split())[:NAME_LENGTH_MAX],
        "message": wish.message.strip()[:MESSAGE_LENGTH_MAX],
        "locale": wish.locale,
        "created_at": now,
    }
    insert_rows(session, GiftCard, [row])
    record_moves(session, Move(Machine.GIFT_CARD, card_id, None, "unpaid"), actor=actor, now=now)
    return begun


def _first_answer(session: Session, payment_id: uuid.UUID | None) -> Begun | Blocked:
    if payment_id is None or session.get(Payment, payment_id) is None:
        return Blocked(PaymentBlockedError())
    return Begun(payment_id, None, is_repeat=True)
