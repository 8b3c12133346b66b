"""Gift cards of the key's person, through the services that the pages use (BAL-09)."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from flask import current_app, request
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.begun import reply_of
from portal.blueprints.api.keys import api_actor, current_client, own_key
from portal.blueprints.api.operations import PathValue, Reply, operation
from portal.blueprints.api.schemas import Amount
from portal.blueprints.api.v1.gift_cards import examples
from portal.blueprints.api.v1.gift_cards.schemas import (
    GiftCard,
    GiftCardPurchase,
    GiftCardRequest,
    GiftCards,
    Redeemed,
    Redemption,
    Returned,
)
from portal.blueprints.api.v1.orders.render import next_step
from portal.blueprints.api.v1.paying import return_url
from portal.blueprints.giving import take_gift_card
from portal.blueprints.identity import current_channel
from portal.blueprints.velocity import act_of
from portal.config import Settings
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.errors import RejectedError
from portal.queries.gift_cards import GiftCardRow, own_gift_cards
from portal.queries.paying import load_paying
from portal.rules.gift_cards import refusal_of
from portal.rules.permissions import Permission
from portal.rules.purposes import PaymentPurpose
from portal.services.accounts.emails import EmailUnfitError
from portal.services.accounts.may_spend import AccountFrozenError, OwnerFrozenError
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.accounts.throttle import GIFT_CODE, TooOftenError, throttle
from portal.services.checkout.begin_payment import Begun
from portal.services.checkout.buy_gift_card import GiftCardWish, buy_gift_card
from portal.services.checkout.means import Means
from portal.services.checkout.place_order import Blocked, ChannelClosedError
from portal.services.checkout.routing import METHOD_MISSING, SAVED_CARD_UNUSABLE, TryAgainLaterError
from portal.services.fraud.score_acts import RedemptionBlockedError
from portal.services.fraud.score_payment import PaymentBlockedError
from portal.services.gift_cards.end_card import GiftCardDisputedError, GiftCardOverError, GiftCardUnknownError
from portal.services.gift_cards.redeem_card import GiftCodeUnusableError
from portal.services.idempotency import IdempotencyKeyMissingError, IdempotencyKeyReusedError
from portal.services.withdrawals.return_card import return_card

TAG = "Gift cards"
ID = PathValue("The card's id.", {"type": "string", "format": "uuid"}, examples.ID)
PAYMENT = PathValue("The id of its payment.", {"type": "string", "format": "uuid"}, examples.PAYMENT)
CLOSED = refusal_of(0, "KRW", None)
assert CLOSED is not None


@operation(
    "GET",
    "/gift-cards",
    tag=TAG,
    summary="List the gift cards",
    description="What the key's person has bought or redeemed, the newest first. Their balance is `gift`.",
    permission=Permission.GIFT_CARD_USE,
    answer=GiftCards,
    example=examples.CARDS,
)
def list_cards() -> GiftCards:
    user_id = _user()
    with reading() as session:
        return GiftCards(items=[_as_card(row, user_id) for row in own_gift_cards(session, user_id=user_id)])


@operation(
    "POST",
    "/gift-cards",
    tag=TAG,
    summary="Buy a gift card",
    description=(
        "Begins its payment; `next_action` says how it goes on. Once the payment is `captured` its recipient gets the "
        "code by mail. Large amounts are confirmed by the person first, as large top-ups are."
    ),
    permission=Permission.GIFT_CARD_USE,
    body=GiftCardRequest,
    body_example=examples.REQUEST,
    answer=GiftCardPurchase,
    status=201,
    answer_text="The payment is begun.",
    example=examples.PURCHASE,
    refusals=(
        RejectedError(CLOSED),
        RejectedError(METHOD_MISSING),
        RejectedError(SAVED_CARD_UNUSABLE),
        EmailUnfitError,
        ChannelClosedError,
        AccountFrozenError,
        PaymentBlockedError,
        StepUpNeededError,
        IdempotencyKeyMissingError,
        IdempotencyKeyReusedError,
        TryAgainLaterError(datetime(2026, 11, 21, 4, 48, tzinfo=UTC), datetime(2026, 11, 21, 4, 43, tzinfo=UTC)),
    ),
    is_idempotent=True,
    headers={
        "Location": "The address of the payment.",
        "Idempotent-Replayed": "`true` if this is the answer to an earlier request with the same key.",
    },
)
def buy_card(body: GiftCardRequest, key: str) -> Reply:
    settings: Settings = current_app.config["PORTAL"]
    actor, channel, now = api_actor(), current_channel(), clock.now()
    wish = GiftCardWish(
        key=own_key(key),
        amount_minor=body.amount_minor,
        recipient=body.recipient,
        sender=body.sender,
        message=body.message,
        means=Means(body.method, body.source_token, saved_method_id=body.saved_method_id),
        locale=body.locale or current_client().locale or channel.default_locale,
        return_url=return_url(body.return_url, channel=channel.code),
        ip=request.remote_addr,
    )

    def work(session: Session) -> Begun | Blocked:
        return buy_gift_card(
            session,
            actor=actor,
            channel=channel,
            wish=wish,
            key_lifetime=timedelta(hours=settings.idempotency_hours),
            now=now,
        )

    begun = atomically(work)
    if isinstance(begun, Blocked):
        raise begun.error
    return reply_of(begun, show=_purchase, folder="gift-card-purchases")


@operation(
    "GET",
    "/gift-card-purchases/<uuid:payment_id>",
    tag=TAG,
    summary="Show the purchase of a gift card",
    description="`next_action` says what is left to do.",
    permission=Permission.GIFT_CARD_USE,
    answer=GiftCardPurchase,
    example=examples.PURCHASE,
    path_values={"payment_id": PAYMENT},
    refusals=(NotFoundError,),
)
def show_purchase(payment_id: uuid.UUID) -> GiftCardPurchase:
    return _purchase(payment_id)


@operation(
    "POST",
    "/gift-cards/redemptions",
    tag=TAG,
    summary="Redeem a gift card",
    description="Its worth is on the gift balance at once. Wrong codes are counted: whoever guesses is told to wait.",
    permission=Permission.GIFT_CARD_USE,
    body=Redemption,
    body_example=examples.REDEMPTION,
    answer=Redeemed,
    answer_text="The card is redeemed.",
    example=examples.REDEEMED,
    refusals=(
        GiftCodeUnusableError,
        RedemptionBlockedError,
        AccountFrozenError,
        TooOftenError(timedelta(minutes=5)),
    ),
)
def redeem(body: Redemption) -> Redeemed:
    counted = act_of(_user(), GIFT_CODE)
    made = take_gift_card(actor=api_actor(), typed=body.code)
    throttle.take_back(counted)
    return Redeemed(amount=Amount.of(made.amount_minor, made.currency))


@operation(
    "POST",
    "/gift-cards/<uuid:card_id>/return",
    tag=TAG,
    summary="Give a gift card back",
    description="One's own, as long as nobody has redeemed it. What cannot go back the way it was paid is deposit.",
    permission=Permission.GIFT_CARD_USE,
    answer=Returned,
    answer_text="The card is given back.",
    example=examples.RETURNED,
    path_values={"card_id": ID},
    refusals=(GiftCardUnknownError, GiftCardOverError, GiftCardDisputedError, OwnerFrozenError),
)
def give_back(card_id: uuid.UUID) -> Returned:
    actor, now = api_actor(), clock.now()
    back, sent = atomically(
        lambda s: return_card(s, card_id=card_id, reason="given_back_by_buyer", actor=actor, now=now)
    )
    return Returned(amount=Amount.of(back.minor, back.currency), sent_back=Amount.of(sent.minor, sent.currency))


def _purchase(payment_id: uuid.UUID) -> GiftCardPurchase:
    with reading() as session:
        found = load_paying(session, user_id=_user(), payment_id=payment_id)
    if found is None or found.purpose != PaymentPurpose.GIFT_CARD:
        raise NotFoundError
    return GiftCardPurchase(
        payment_id=found.id,
        status=found.status,
        amount=Amount.of(found.amount_minor, found.currency),
        next_action=next_step(found.attempt, is_open=found.is_open),
    )


def _as_card(row: GiftCardRow, user_id: uuid.UUID) -> GiftCard:
    is_own = row.buyer_id == user_id
    return GiftCard(
        id=row.id,
        state=row.state,  # type: ignore[arg-type]  # The state machine has these and no others.
        amount=Amount.of(row.amount_minor, row.currency),
        is_own=is_own,
        recipient=row.recipient if is_own else None,
        payment_id=row.payment_id if is_own else None,
        created_at=row.created_at,
        expires_at=row.expires_at,
        redeemed_at=row.redeemed_at,
    )


def _user() -> uuid.UUID:
    user_id = api_actor().user_id
    assert user_id is not None
    return user_id
